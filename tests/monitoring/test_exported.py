"""The report of an export is the report of the ledger: the same figures, from counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zelo.errors import DataError
from zelo.ledger.exported import export_predictions
from zelo.ledger.store import Ledger
from zelo.monitoring import exported
from zelo.monitoring.exported import watch_export
from zelo.monitoring.watch import SAMPLED, Report, read_window, watch

from .fakes import NOW, SINCE, UNTIL, VERSION, Scene, make_bundle, make_project, make_rows, regression

KNOWN_AT_THE_BORDER = ("wasserstein", "wasserstein_sd")
"""Inside a gap of the reference, where the two shares cross, this one alone is approximate."""


def exported_and_not(scene: Scene, folder: Path) -> tuple[Report, Report]:
    path = folder / "day.parquet"
    export_predictions(scene.ledger, scene.project, path, since=SINCE, until=UNTIL)
    found = watch_export(path, scene.bundle, VERSION, now=NOW)
    window = read_window(scene.ledger, scene.project.name, VERSION, since=found.since, until=found.until)
    return found, watch(window, scene.bundle, now=NOW)


def differences(found: Any, expected: Any, place: str = "") -> Iterator[str]:
    if isinstance(found, dict):
        assert found.keys() == expected.keys()
        for name in found:
            yield from differences(found[name], expected[name], f"{place}.{name}")
    elif isinstance(found, list):
        assert len(found) == len(expected), place
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif isinstance(found, float) and isinstance(expected, float):
        close = 5e-3 if place.rsplit(".", 1)[-1] in KNOWN_AT_THE_BORDER else 1e-9
        if found != pytest.approx(expected, rel=close, abs=1e-12):
            yield f"{place}: {found} {expected}"
    elif found != expected:
        yield f"{place}: {found} {expected}"


def filled(scene: Scene) -> Scene:
    chance = np.random.default_rng(5)
    moved = make_rows(chance, 400).assign(age=lambda rows: rows["age"] + 4)
    moved.loc[:30, "site"] = None
    known = scene.answer(400, rows=moved)
    scene.answer(150, version="2")
    if scene.project.classes:
        scene.tell(known[:300], scene.draw(known[:300]))
        scene.tell(known[:40], [1] * 40)
    else:
        scene.tell(known[:300], [float(record.score or 0) + 3 for record in known[:300]])
    return scene


@pytest.mark.parametrize("make", [make_project, regression], ids=["classes", "values"])
def test_the_same_figures(ledger: Ledger, tmp_path: Path, make: Any) -> None:
    scene = filled(Scene(ledger, make_bundle(tmp_path / "made", make())))

    found, expected = exported_and_not(scene, tmp_path)

    assert list(differences(found.as_dict(), expected.as_dict())) == []
    assert found.volume.rows == 550
    assert found.quality.outcomes == 300
    assert {entry.status for entry in found.drift.fields} == {"computed"}


def test_several_files_and_a_folder(scene: Scene, tmp_path: Path) -> None:
    filled(scene)
    middle, folder = SINCE + timedelta(days=11), tmp_path / "parts"
    for name, since, until in (("a", SINCE, middle), ("b", middle, UNTIL)):
        export_predictions(scene.ledger, scene.project, folder / f"{name}.parquet", since=since, until=until)

    whole, _ = exported_and_not(scene, tmp_path)
    parts = watch_export(folder, scene.bundle, VERSION, now=NOW)

    assert list(differences(parts.as_dict(), whole.as_dict())) == []


def test_many_outcomes_are_sampled_and_the_counts_are_not(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exported, "MOST_OUTCOMES", 100)
    filled(scene)

    found, expected = exported_and_not(scene, tmp_path)

    assert 60 < found.quality.outcomes < 150
    assert (found.quality.predictions, found.quality.share) == (400, 0.75)
    assert SAMPLED in found.notes
    assert list(differences(found.as_dict()["volume"], expected.as_dict()["volume"])) == []
    assert list(differences(found.as_dict()["drift"], expected.as_dict()["drift"])) == []


def test_the_words_of_a_text(ledger: Ledger, tmp_path: Path) -> None:
    project = make_project(
        data={
            "key": "id",
            "sources": {"train": "p.csv"},
            "fields": {"note": {"type": "text"}, "age": {"type": "number"}},
        },
        gates={},
    )
    bundle = make_bundle(tmp_path / "made", project)
    reference = make_rows(np.random.default_rng(1), 3000).assign(note="pump leaks", score__=1.0)
    reference.to_parquet(tmp_path / "made" / "reference.parquet")
    scene = Scene(ledger, bundle)
    scene.answer(200, rows=make_rows(scene.rng, 200).assign(note="valve squeaks loudly")[["age", "note"]])

    found, expected = exported_and_not(scene, tmp_path)

    assert list(differences(found.as_dict(), expected.as_dict())) == []
    length = found.drift.fields[0]
    assert (length.kind, length.mean_change) == ("text", 1.0)


@pytest.mark.parametrize("kind", ["absent", "spoilt", "empty"])
def test_what_is_no_export_is_refused(scene: Scene, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "day.parquet"
    if kind == "spoilt":
        path.write_bytes(b"no parquet")
    if kind == "empty":
        export_predictions(scene.ledger, scene.project, path, since=SINCE, until=UNTIL)

    with pytest.raises(DataError, match="no prediction" if kind == "empty" else "cannot be read") as refused:
        watch_export(path, scene.bundle, VERSION, now=NOW)
    assert refused.value.where == str(path)
