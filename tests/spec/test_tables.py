"""CSVs that a project.yaml names in place of a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from zelo.errors import SpecError
from zelo.spec.loading import load_project
from zelo.spec.tables import MAX_ROWS

PROJECT = """\
name: notes
title: Notes
task: {kind: multiclass, target: mode, classes: [leak, noise], spellings: spellings.csv}
data:
  sources: {train: notes.csv}
  fields:
    note: {type: text}
text:
  abbreviations: abbreviations.csv
  augmentation: {synonyms: synonyms.csv}
candidates: [prior]
select: {primary: f1_macro}
"""
TABLES = {
    "spellings.csv": "spelling,class\nLeaking ,leak\n\nLeaks,leak\n",
    "abbreviations.csv": '\ufeffabbreviation,words\nl/h,left hand\n"w,",with\n',
    "synonyms.csv": "word,synonym\nnoisy,loud\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "project.yaml").write_text(PROJECT, encoding="utf-8")
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_tables_stand_in_the_place_of_their_names(folder: Path) -> None:
    project = load_project(folder)
    assert project.task.spellings == {"Leaking": "leak", "Leaks": "leak"}
    assert project.text.abbreviations == {"l/h": "left hand", "w,": "with"}
    assert project.text.augmentation is not None
    assert project.text.augmentation.synonyms == {"noisy": "loud"}


def test_a_table_may_stand_in_the_project_itself(folder: Path) -> None:
    written = PROJECT.replace("abbreviations: abbreviations.csv", "abbreviations: {eng: engine}")
    (folder / "project.yaml").write_text(written, encoding="utf-8")
    assert load_project(folder).text.abbreviations == {"eng": "engine"}


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        (None, "abbreviations.csv", "FileNotFoundError"),
        (b"a,b\n\xff\xfe,c\n", "abbreviations.csv", "UnicodeDecodeError"),
        (b"a,b\nshort\n", "abbreviations.csv:2", "short"),
        (b"a,b\nshort,long,longer\n", "abbreviations.csv:2", "short, long, longer"),
        (b"a,b\nok,fine\nshort,\n", "abbreviations.csv:3", "short"),
        (b"a,b\neng,engine\neng,engineer\n", "abbreviations.csv:3", "'eng' again"),
        (b"a,b\n" + b"".join(b"k%d,v\n" % n for n in range(MAX_ROWS + 1)), "abbreviations.csv", "more than"),
    ],
)
def test_a_bad_table_is_refused_with_its_line(
    folder: Path, text: bytes | None, place: str, found: str
) -> None:
    path = folder / "abbreviations.csv"
    path.unlink()
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(SpecError) as caught:
        load_project(folder)
    assert place in caught.value.where
    assert found in caught.value.found
    assert "text.abbreviations" in caught.value.what


def test_a_spelling_of_no_class_is_refused(folder: Path) -> None:
    (folder / "spellings.csv").write_text("spelling,class\nhum,humming\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_project(folder)
    assert caught.value.found == "'hum' for 'humming'"


def test_a_folder_beside_is_not_needed_without_tables(folder: Path) -> None:
    written = PROJECT.replace(", spellings: spellings.csv", "").split("text:")[0]
    (folder / "project.yaml").write_text(written + "candidates: [prior]\nselect: {primary: f1_macro}\n")
    assert load_project(folder).task.spellings == {}
