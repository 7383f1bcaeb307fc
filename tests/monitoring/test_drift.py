from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zelo.errors import BundleError
from zelo.ledger.store import Ledger
from zelo.monitoring.drift import FEWEST_ROWS, Drift, chance_level, label_of
from zelo.stats.drift import psi

from .fakes import Scene, make_bundle, make_project, make_rows, regression


def drift(scene: Scene) -> dict[str, Drift]:
    return {entry.field: entry for entry in scene.report().drift.fields}


def test_without_a_shift_every_field_and_the_score_are_stable(scene: Scene) -> None:
    scene.answer(2000)

    table = scene.report().drift

    assert [entry.field for entry in table.fields] == ["age", "load", "site", "score"]
    assert {entry.label for entry in table.fields} == {"stable"}
    assert {entry.status for entry in table.fields} == {"computed"}
    assert "not an alarm" in table.note
    assert "Siddiqi" in table.levels


def test_a_shift_of_one_standard_deviation_is_large_and_has_its_size(scene: Scene) -> None:
    reference = pd.read_parquet(scene.bundle.path / "reference.parquet")
    spread = float(reference["age"].std())
    rows = make_rows(scene.rng, 2000)
    rows["age"] += spread
    scene.answer(2000, rows=rows)

    shifted, load = drift(scene)["age"], drift(scene)["load"]

    assert shifted.label == "large"
    assert shifted.wasserstein_sd == pytest.approx(1.0, abs=0.1)
    assert shifted.wasserstein == pytest.approx(spread, rel=0.1)
    assert shifted.mean_change == pytest.approx(spread, rel=0.1)
    # Two normals one standard deviation apart: the largest gap of their cumulative shares is 0.383.
    assert shifted.statistic == pytest.approx(0.383, abs=0.04)
    assert (shifted.unit, shifted.test) == ("years", "ks")
    assert load.label == "stable"


def test_a_category_that_takes_over_is_named_with_its_shares(scene: Scene) -> None:
    rows = make_rows(scene.rng, 1000)
    rows["site"] = np.repeat(np.array(["South", "East"], dtype=object), [900, 100])
    scene.answer(1000, rows=rows)

    site = drift(scene)["site"]

    assert (site.label, site.test, site.category) == ("large", "chi2", "South")
    assert site.category_share == 0.9
    assert site.category_share_reference == pytest.approx(0.3, abs=0.03)
    assert (site.wasserstein, site.mean_change) == (None, None)


def test_a_burst_of_missing_values_is_drift(scene: Scene) -> None:
    rows = make_rows(scene.rng, 500)
    rows.loc[:249, "load"] = np.nan
    scene.answer(500, rows=rows)

    load = drift(scene)["load"]

    assert load.label == "large"
    assert load.missing == pytest.approx(0.55, abs=0.05)
    assert load.missing_reference == pytest.approx(0.1, abs=0.03)


def test_a_field_that_is_missing_throughout_has_no_mean(scene: Scene) -> None:
    rows = make_rows(scene.rng, 200)
    rows["load"] = np.nan
    scene.answer(200, rows=rows)

    load = drift(scene)["load"]

    assert (load.label, load.missing) == ("large", 1.0)
    assert (load.mean_change, load.wasserstein, load.statistic) == (None, None, None)


def test_the_score_is_compared_with_rows_that_the_model_did_not_learn_from(scene: Scene) -> None:
    scene.answer(500)

    score = drift(scene)["score"]

    assert (score.kind, score.reference_rows, score.label) == ("score", 1500, "stable")


def test_a_score_that_moves_is_seen(scene: Scene) -> None:
    positive = scene.rng.beta(6.0, 2.0, 500)
    scene.answer(500, scores=np.column_stack([1 - positive, positive]))

    score = drift(scene)["score"]

    assert score.label == "large"
    assert score.mean_change is not None
    assert score.mean_change > 0.3


NOTES = {"key": "id", "sources": {"train": "notes.csv"}, "fields": {"note": {"type": "text"}}}
COMMON, LATER = ("pump", "leaks", "hose", "broken", "hot"), ("inverter", "code", "derating")


def comments(rng: np.random.Generator, rows: int, words: Sequence[str], fewest: int = 2) -> list[str]:
    return [" ".join(rng.choice(words, rng.integers(fewest, fewest + 5))) for _ in range(rows)]


@pytest.fixture
def commented(ledger: Ledger, tmp_path: Path) -> Scene:
    """A model that reads a comment; its reference knows the common words, and a rare one now and then."""
    bundle = make_bundle(tmp_path / "bundle", make_project(data=NOTES, gates={}))
    rng, path = np.random.default_rng(4), bundle.path / "reference.parquet"
    rows = pd.read_parquet(path)
    notes = comments(rng, len(rows), COMMON)
    notes[::9] = [f"{note} part{number}" for number, note in enumerate(notes[::9])]
    rows.assign(note=notes).to_parquet(path)
    return Scene(ledger, bundle)


def of_note(scene: Scene) -> dict[str | None, Drift]:
    return {entry.measure: entry for entry in scene.report().drift.fields if entry.field == "note"}


def test_texts_as_before_do_not_drift(commented: Scene) -> None:
    notes = comments(commented.rng, 900, COMMON)
    notes[::9] = [f"{note} PART-X{number}" for number, note in enumerate(notes[::9])]
    commented.answer(900, rows=pd.DataFrame({"note": notes}))

    measured = of_note(commented)

    assert [(name, entry.kind, entry.unit) for name, entry in measured.items()] == [
        ("length in words", "text", "words"),
        ("share of new words", "text", "share"),
    ]
    assert {entry.label for entry in measured.values()} == {"stable"}


def test_words_that_the_reference_never_had_are_drift(commented: Scene) -> None:
    commented.answer(300, rows=pd.DataFrame({"note": comments(commented.rng, 300, (*COMMON, *LATER))}))

    measured = of_note(commented)

    assert measured["length in words"].label == "stable"
    assert measured["share of new words"].label == "large"
    assert measured["share of new words"].mean_change == pytest.approx(3 / 8, abs=0.06)


def test_longer_texts_are_drift(commented: Scene) -> None:
    notes = comments(commented.rng, 300, COMMON, fewest=7)
    commented.answer(300, rows=pd.DataFrame({"note": notes}))

    measured = of_note(commented)

    assert measured["length in words"].label == "large"
    assert measured["length in words"].mean_change == pytest.approx(5.0, abs=0.4)
    assert measured["share of new words"].mean_change == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("rows", [0, 1, FEWEST_ROWS - 1])
def test_too_few_rows_are_no_evidence_of_anything(scene: Scene, rows: int) -> None:
    scene.answer(rows)

    for entry in scene.report().drift.fields:
        assert (entry.status, entry.reason) == ("too few rows to tell", "fewer than 100 rows")
        assert (entry.psi, entry.label, entry.rows) == (None, None, rows)


def test_other_versions_do_not_drift_this_one(scene: Scene) -> None:
    rows = make_rows(scene.rng, 500)
    rows["age"] += 50
    scene.answer(500, rows=rows, version="2")
    scene.answer(500)

    assert drift(scene)["age"].label == "stable"


def test_a_constant_reference_says_so_and_still_tells_the_change(scene: Scene) -> None:
    path = scene.bundle.path / "reference.parquet"
    pd.read_parquet(path).assign(age=40.0).to_parquet(path)
    scene.answer(200)

    age = drift(scene)["age"]

    assert (age.status, age.reason) == ("cannot be computed", "constant in the reference")
    assert (age.psi, age.wasserstein_sd) == (None, None)
    assert age.mean_change == pytest.approx(0.0, abs=3.0)


def test_a_reference_without_values_says_so(scene: Scene) -> None:
    path = scene.bundle.path / "reference.parquet"
    pd.read_parquet(path).assign(load=np.nan).to_parquet(path)
    scene.answer(200)

    load = drift(scene)["load"]

    assert (load.status, load.reason) == ("cannot be computed", "no values in the reference")


def test_a_regression_drifts_in_the_unit_of_its_target(ledger: Ledger, tmp_path: Path) -> None:
    scene = Scene(ledger, make_bundle(tmp_path / "bundle", regression()))
    scene.answer(500, scores=scene.rng.normal(130.0, 15.0, (500, 1)))

    score = drift(scene)["score"]

    assert (score.unit, score.label) == ("h", "large")
    assert score.mean_change == pytest.approx(30.0, abs=3.0)


@pytest.mark.parametrize(
    ("index", "chance", "label"),
    [
        (0.099, 0.01, "stable"),
        (0.1, 0.01, "moderate"),
        (0.25, 0.01, "moderate"),
        (0.251, 0.01, "large"),
        (0.15, 0.17, "within chance"),
        (0.05, 0.01, "stable"),
    ],
)
def test_levels(index: float, chance: float, label: str) -> None:
    assert label_of(index, chance) == label


def test_the_chance_level_holds_for_one_window_in_twenty() -> None:
    rng = np.random.default_rng(3)
    reference = rng.normal(size=3000)
    limit = chance_level(3000, 100, 10)

    above = np.mean([psi(reference, rng.normal(size=100)) > limit for _ in range(1000)])

    assert 0.02 < above < 0.08


def test_a_reference_that_is_missing_or_cut_short_is_named(scene: Scene) -> None:
    scores, rows = scene.bundle.path / "test_scores.json", scene.bundle.path / "reference.parquet"
    scores.write_text("[[0.1,", encoding="utf-8")
    with pytest.raises(BundleError, match=r"test_scores\.json"):
        scene.report()
    rows.write_bytes(rows.read_bytes()[:100])
    with pytest.raises(BundleError, match=r"reference\.parquet"):
        scene.report()
    rows.unlink()
    with pytest.raises(BundleError, match=r"reference\.parquet"):
        scene.report()
