"""The two projects of comments: their tables, their made comments, and the real ones where they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from tests.homes import SHIPPED

from zelo.data.prepare import Places, Prepared, prepare
from zelo.data.split import split
from zelo.features.text.preparation import TextPreparation
from zelo.models.catalogue import BLENDS
from zelo.spec.labels import label_of
from zelo.spec.loading import load_project
from zelo.spec.project import Project

MODES, PLACES = load_project(SHIPPED / "failure_modes"), load_project(SHIPPED / "failure_modes_excavator")
Prepare = Callable[..., Prepared]


@pytest.fixture
def prepared(tmp_path: Path) -> Prepare:
    def run(project: Project, source: str = "train", *, real: bool = False) -> Prepared:
        folder = os.environ.get("ZELO_DATA_DIR")
        if real and not folder:
            pytest.skip("ZELO_DATA_DIR names no folder of real data")
        data_dir = Path(folder) if real and folder else None
        kept = (tmp_path / name for name in ("downloads", "snapshots", "datasets"))
        places = Places(SHIPPED / project.name, data_dir, *kept, offline=True)
        return prepare(project, places, created=datetime(2026, 1, 1, tzinfo=UTC), source=source)

    return run


def test_twenty_experiments_stand_beside_the_baseline_and_the_blends() -> None:
    experiments = [name for name in MODES.candidate_entries if name not in ("prior", *BLENDS)]
    assert len(experiments) == 20
    assert set(BLENDS) < set(MODES.candidate_entries)


@pytest.mark.parametrize("project", [MODES, PLACES], ids=lambda project: project.name)
def test_abbreviations_are_written_out_in_words_that_need_no_writing_out(project: Project) -> None:
    preparation = TextPreparation.of(project)
    for short, words in project.text.abbreviations.items():
        plain = TextPreparation({}).apply(words)
        assert preparation.apply(short) == plain, short
        assert preparation.apply(words) == plain, f"{words} holds an abbreviation itself"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("R/H HYD hose", "rh hydraulic hose"),
        ("vaz. amort. DTO", "vazamento amortecedor dianteiro direito"),
        ("bba c/ folga", "bomba com folga"),
    ],
)
def test_shorthand_reads_as_the_words(text: str, same: str) -> None:
    preparation = TextPreparation.of(MODES)
    assert preparation.apply(text) == preparation.apply(same)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ENGINE RIGHT HAND", "Right engine"),
        ("Right Engine", "Right engine"),
        ("+Cooling System", "Cooling system"),
        ("Engines  x 2", "Engines"),
        ("Excavator Twin Drive O&K RH120E SHD24", "Whole machine"),
        ("Radiator - Right", "Other"),
        ("Engine right starter motor", "Other"),
        ("a place that nobody has booked yet", "Other"),
    ],
)
def test_spellings_of_a_place_are_one_class_and_parts_of_it_are_not(text: str, place: str) -> None:
    assert label_of(PLACES, text) == place


def test_a_simple_model_finds_most_of_the_made_modes_and_not_all(prepared: Prepare) -> None:
    train, dev = (prepared(MODES, source).snapshot.frame() for source in ("train", "dev"))
    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True),
        LinearSVC(),
    )
    model.fit(train["observation"], train["failure_mode"])
    assert 0.75 < model.score(dev["observation"], dev["failure_mode"]) < 0.92


def test_made_comments_drift_and_have_a_long_tail(prepared: Prepare) -> None:
    train, dev = (prepared(MODES, source).snapshot.frame() for source in ("train", "dev"))
    counts = train["failure_mode"].value_counts()
    assert counts.max() > 0.15 * len(train)
    assert (counts <= 3).sum() == 3
    texts = train["observation"].str.casefold()
    assert texts.is_unique
    assert not set(texts) & set(dev["observation"].str.casefold())
    early, late = train["date"] < "2020-01-01", train["date"] >= "2023-01-01"
    electrical = train["failure_mode"] == "Electrical"
    assert electrical[late].mean() > 1.3 * electrical[early].mean()
    newcomer = set(train.loc[late, "vehicle"]) - set(train.loc[early, "vehicle"])
    assert len(newcomer) == 1
    assert texts[late].str.contains("dtc").any()
    assert not texts[early].str.contains("dtc").any()


def test_made_orders_come_and_go_with_their_machines(prepared: Prepare) -> None:
    frame = prepared(PLACES).snapshot.frame()
    assert frame["date"].is_monotonic_increasing
    last = frame.groupby("asset")["date"].max()
    assert last["B"] < pd.Timestamp("2006-01-01")
    sides = split(frame, PLACES)
    assert frame["date"].iloc[sides.train].max() < frame["date"].iloc[sides.test].min()


def test_the_real_comments_keep_the_contract(prepared: Prepare) -> None:
    told = prepared(MODES, real=True)
    assert (told.snapshot.rows, told.snapshot.synthetic) == (502, False)
    assert [note.split(":")[0] for note in told.notes] == [
        "there is no column 'date'",
        "there is no column 'vehicle'",
    ]
    counts = told.snapshot.frame()["failure_mode"].value_counts()
    assert len(counts) == 22
    # Classes of as many rows have no order among themselves.
    of_the_list = [int(counts[str(label)]) for label in MODES.classes[:9]]
    assert of_the_list == counts.iloc[:9].tolist()
    assert MODES.select.critical is not None
    assert all(counts[str(label)] >= 15 for label in MODES.select.critical.classes)


def test_the_places_of_the_real_orders_have_twenty_rows_before_the_test_part(prepared: Prepare) -> None:
    told = prepared(PLACES, real=True)
    assert told.notes == ("896 rows have a functional_location that is no class and no spelling: Other",)
    frame = told.snapshot.frame()
    train = frame.iloc[split(frame, PLACES).train]
    assert train["date"].max() < pd.Timestamp("2006-10-12")
    counts = train["functional_location"].value_counts()
    assert set(counts.index) == set(PLACES.classes)
    assert counts.min() >= 20
