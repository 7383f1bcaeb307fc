from __future__ import annotations

from dataclasses import replace

import pytest
from tests.picked import picked_forecast
from tests.tables import make_project, make_table

from zelo.registry.forecast_card import WORDS, beside_baseline, horizons, intervals, over_seeds
from zelo.training.seeds import SeedSpread
from zelo.training.train import Trained, train


def in_words(language: str) -> Trained:
    trained = picked_forecast()
    return replace(trained, project=trained.project.model_copy(update={"language": language}))


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["pt-BR"].keys() == WORDS["en"].keys()


def test_small_units_keep_their_digits() -> None:
    title, _, written = horizons(picked_forecast())
    assert title == "### By horizon"
    row = written.splitlines()[2]
    outlook = picked_forecast().outlook
    assert outlook is not None
    assert f"| 1 | {outlook.out_of_fold[0].metrics['mae'].value:.3f} [" in row


def test_the_intervals_are_shown_by_model_and_half_year() -> None:
    title, _, written, *errors = intervals(in_words("pt-BR"))
    assert title == "### O que faz os intervalos"
    assert errors == []
    outlook = picked_forecast().outlook
    assert outlook is not None
    assert outlook.volatility is not None
    for name in outlook.volatility.out_of_fold:
        assert f"| {WORDS['pt-BR'].get(name, name)} |" in written
    assert "H1: 0." in written
    assert ", no teste |" in written.splitlines()[-1]


def test_without_models_of_volatility_there_is_nothing_to_show() -> None:
    trained = picked_forecast()
    assert trained.outlook is not None
    assert intervals(replace(trained, outlook=replace(trained.outlook, volatility=None))) == []


@pytest.mark.parametrize(
    ("language", "title", "last"),
    [("pt-BR", "### Ao lado de persistence", "| ridge, no teste |"),
     ("en", "### Beside persistence", "| ridge, on the test set |")],
)  # fmt: skip
def test_each_candidate_stands_beside_the_baseline(language: str, title: str, last: str) -> None:
    trained = in_words(language)
    written = beside_baseline(trained)
    assert written[0] == title
    rows = written[2].splitlines()[2:]
    found = trained.against["ridge"]
    assert found.direction is not None
    assert rows[0].startswith(f"| ridge | {found.mae_difference:+.3g} | {found.skill:.2%} | ")
    assert f"| {found.direction.right:.1%} |" in rows[0]
    assert rows[1].startswith(last)
    assert len(rows) == 2


def test_seeds_are_shown_where_there_are_several() -> None:
    trained = picked_forecast()
    assert over_seeds(trained) == []
    spread = {"mae": SeedSpread(3, 0.118, 0.119, 0.0002)}
    title, written = over_seeds(replace(trained, seeds={"lstm": spread}))
    assert title == "### Seeds: mae"
    assert written.splitlines()[-1] == "| lstm | 3 | 0.1180 | 0.1190 | 0.0002 |"


def test_without_a_forecast_there_is_nothing() -> None:
    trained = train(make_table("regression", 80), make_project("regression"), threads=1)
    assert [*horizons(trained), *intervals(trained), *beside_baseline(trained), *over_seeds(trained)] == []
