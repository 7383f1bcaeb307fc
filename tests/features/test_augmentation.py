from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from tests.texts import make_text_project, make_text_table

from zelo.errors import SpecError, TrainingError
from zelo.features.augmentation import AugmentTexts, load_hook, mistyped
from zelo.models.candidate import CLASSES, Candidate, Setting, without_sampler
from zelo.training.fit import fit_whole, out_of_fold
from zelo.training.folds import Folds

ROWS = pd.DataFrame(
    {
        "note": ["the pump leaks oil", "Hose BROKEN", "x", "vazão baixa", ""],
        "place": ["deck", "boom", "", "cab", "boom"],
        "hours": [1.0, np.nan, 3.0, 4.0, 5.0],
    }
)
TRUTH = np.array([2, 0, 1, 0, 2])


def shouted(texts: Sequence[str], seed: int) -> list[str]:
    return [f"{text.upper()} {seed}" for text in texts]


def test_the_originals_come_first_as_they_were_and_copies_keep_label_and_other_columns() -> None:
    rows, truth = AugmentTexts(["note"], copies=3, typos=0.3, seed=1).fit_resample(ROWS, TRUTH)
    assert len(rows) == len(truth) == 20
    pd.testing.assert_frame_equal(rows.iloc[:5], ROWS, check_dtype=False)
    assert truth.tolist() == TRUTH.tolist() * 4
    for start in (5, 10, 15):
        copy = rows.iloc[start : start + 5].reset_index(drop=True)
        pd.testing.assert_frame_equal(copy[["place", "hours"]], ROWS[["place", "hours"]])
        assert copy["note"].tolist() != ROWS["note"].tolist()
        assert copy["note"][4] == ""
    assert rows["note"][5:10].tolist() != rows["note"][10:15].tolist()
    assert ROWS["note"][0] == "the pump leaks oil"


def test_a_seed_makes_the_same_copies_and_another_seed_others() -> None:
    made = [AugmentTexts(["note"], typos=0.4, seed=seed).fit_resample(ROWS, TRUTH)[0] for seed in (3, 3, 4)]
    pd.testing.assert_frame_equal(made[0], made[1])
    assert made[0]["note"].tolist() != made[2]["note"].tolist()


def test_about_the_asked_share_of_letters_is_mistyped() -> None:
    rng = np.random.default_rng(0)
    text = "abcdefghij" * 300
    assert mistyped(text, 0.0, rng) == text
    typed = mistyped(text, 0.1, rng)
    # A quarter of the errors each: swapped, dropped, doubled, a neighbour's key.
    assert abs(len(typed) - len(text)) < 60
    kept = sum(letter == other for letter, other in zip(text[:200], typed[:200], strict=True))
    assert kept < 200


@given(st.text(max_size=40), st.floats(0, 0.99), st.integers(0, 2**32))
def test_a_text_never_becomes_empty(text: str, share: float, seed: int) -> None:
    typed = mistyped(text, share, np.random.default_rng(seed))
    assert bool(typed.strip()) == bool(text.strip())


def test_digits_and_signs_are_not_mistyped() -> None:
    assert mistyped("12-34 / 5.6", 0.99, np.random.default_rng(0)) == "12-34 / 5.6"


def test_whole_words_are_exchanged_for_their_synonyms_whatever_their_case() -> None:
    rows = pd.DataFrame({"note": ["PUMP pumped the wrong-way round"] * 200})
    augment = AugmentTexts(["note"], typos=0.0, synonyms={"pump": "bomb", "wrong-way": "backwards"}, seed=2)
    copies = set(augment.fit_resample(rows, np.zeros(200))[0]["note"][200:])
    assert copies == {
        f"{first} pumped the {way} round" for first in ("PUMP", "bomb") for way in ("wrong-way", "backwards")
    }


def test_the_hook_writes_the_texts_anew_with_a_seed_of_its_own_for_each_copy() -> None:
    rows, _ = AugmentTexts(["note"], copies=2, typos=0.0, hook=shouted, seed=5).fit_resample(ROWS, TRUTH)
    assert rows["note"][5].startswith("THE PUMP LEAKS OIL ")
    assert rows["note"][5] != rows["note"][10]
    assert rows["note"][9] == "", "a missing text stays missing"


def fails(texts: Sequence[str], seed: int) -> list[str]:
    raise OSError("no network")


def forgets(texts: Sequence[str], seed: int) -> list[str]:
    return list(texts)[1:]


def numbers(texts: Sequence[str], seed: int) -> list[Any]:
    return [1 for _ in texts]


@pytest.mark.parametrize(
    ("hook", "found"), [(fails, "no network"), (forgets, "4 values"), (numbers, "5 values")]
)
def test_a_hook_that_gives_no_texts_is_at_fault(hook: Any, found: str) -> None:
    with pytest.raises(TrainingError, match="hook") as caught:
        AugmentTexts(["note"], hook=hook).fit_resample(ROWS, TRUTH)
    assert found in caught.value.found


def test_the_hook_is_a_function_of_the_projects_features(tmp_path: Path) -> None:
    project = make_text_project(text={"augmentation": {"hook": "translate"}})
    with pytest.raises(SpecError, match=r"features\.py"):
        load_hook(project, tmp_path)
    (tmp_path / "features.py").write_text(
        "def translate(texts, seed):\n    return [*texts]\n", encoding="utf-8"
    )
    hook = load_hook(project, tmp_path)
    assert hook is not None
    assert hook(["a"], 1) == ["a"]
    assert load_hook(make_text_project(), tmp_path) is None
    assert load_hook(make_text_project(text={"augmentation": {"copies": 1}}), tmp_path) is None


class Spy(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Writes down what it is fitted on and what it is asked about."""

    fitted: list[pd.DataFrame] = []  # noqa: RUF012
    asked: list[pd.DataFrame] = []  # noqa: RUF012

    def fit(self, rows: pd.DataFrame, truth: np.ndarray[Any, Any]) -> Spy:
        self.classes_ = np.arange(3)
        assert len(rows) == len(truth)
        Spy.fitted.append(rows)
        return self

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray[Any, Any]:
        Spy.asked.append(rows)
        return np.full((len(rows), 3), 1 / 3)


def spied(setting: Setting, params: Any) -> Any:
    return SamplingPipeline(
        [("augment", AugmentTexts(setting.project.texts, copies=2, seed=setting.seed)), ("model", Spy())]
    )


def test_only_the_rows_that_a_fold_fits_on_are_copied() -> None:
    Spy.fitted, Spy.asked = [], []
    table = make_text_table(60)
    table["comment"] = [f"{text} {number:03d}" for number, text in enumerate(table["comment"])]
    project = make_text_project()
    truth = np.array([project.classes.index(mode) for mode in table["mode"]])
    folds: Folds = [
        (np.flatnonzero(np.arange(60) % 3 != part), np.flatnonzero(np.arange(60) % 3 == part))
        for part in range(3)
    ]
    candidate = Candidate("spy", CLASSES, spied)

    out_of_fold(candidate, Setting(project, 1, 1), {}, table, truth, folds)

    for (fitted_on, scored), fitted, asked in zip(folds, Spy.fitted, Spy.asked, strict=True):
        assert len(fitted) == 3 * len(fitted_on)
        # The three digits at the end are no letters, so each copy still names its row.
        assert set(fitted["comment"].str[-3:].astype(int)) == set(fitted_on)
        assert asked["comment"].tolist() == table["comment"].iloc[scored].tolist()


def test_the_fitted_model_has_no_sampler_left() -> None:
    candidate = Candidate("spy", CLASSES, spied)
    table = make_text_table(20)
    model = fit_whole(candidate, Setting(make_text_project(), 1, 1), {}, table, np.zeros(20, dtype=int))
    assert [name for name, _ in model.steps] == ["model"]
    assert [name for name, _ in without_sampler(clone(model)).steps] == ["model"]
