"""The figures of a profile against values that are worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zelo.profiling.fields import histogram, summary
from zelo.profiling.outliers import robust_z
from zelo.profiling.relations import correlation_ratio, cramers_v, spearman
from zelo.profiling.stop_words import language_of
from zelo.profiling.texts import log_odds, one_spelling, words_of


def test_spearman_of_ranks_by_hand() -> None:
    # Ranks 1, 2, 3, 4 and 1, 3, 2, 4: 1 - 6 * 2 / (4 * 15).
    assert spearman(np.array([10.0, 20.0, 30.0, 40.0]), np.array([1.0, 9.0, 2.0, 100.0])) == pytest.approx(
        0.8
    )
    assert spearman(np.array([1.0, 2.0, 3.0]), np.array([8.0, 4.0, 1.0])) == pytest.approx(-1.0)
    assert math.isnan(spearman(np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.0, 5.0])))


def test_cramers_v_by_hand() -> None:
    # Counts 30, 10 / 10, 30: chi2 = 20, phi2 = 0.25, less 1 / 79; both sides 2 - 1 / 79.
    one = np.repeat(["a", "a", "b", "b"], [30, 10, 10, 30])
    other = np.repeat(["x", "y", "x", "y"], [30, 10, 10, 30])
    assert cramers_v(one, other) == pytest.approx(math.sqrt((0.25 - 1 / 79) / (1 - 1 / 79)))
    even = np.tile(["x", "y"], 20)
    assert cramers_v(np.repeat(["a", "b"], 20), even) == 0.0
    assert math.isnan(cramers_v(np.repeat("a", 40), even))


def test_correlation_ratio_by_hand() -> None:
    # Means 2 and 6: within 2 + 2 over 4 degrees, in all 28 over 5.
    categories = np.array(["a", "a", "a", "b", "b", "b"])
    values = np.array([1.0, 2.0, 3.0, 5.0, 6.0, 7.0])
    assert correlation_ratio(categories, values) == pytest.approx(math.sqrt(1 - (4 / 4) / (28 / 5)))
    assert correlation_ratio(categories, np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0])) == 0.0
    assert math.isnan(correlation_ratio(np.array(["a", "b", "c"]), np.array([1.0, 2.0, 3.0])))


def test_log_odds_by_hand() -> None:
    # 10 words of two classes, a prior of 10 words: "leak" 3 of 5 and 1 of 5, prior 4.
    z = log_odds(np.array([[3, 2], [1, 4]]), prior_words=10.0)
    difference = math.log(7 / 8) - math.log(5 / 10)
    assert z[0, 0] == pytest.approx(difference / math.sqrt(1 / 7 + 1 / 5))
    assert z[1, 0] == pytest.approx(-z[0, 0])


def test_log_odds_of_a_word_that_every_class_shares_are_small() -> None:
    z = log_odds(np.array([[50, 9, 0], [50, 0, 9]]))
    assert abs(z[0, 0]) < 0.5 < z[0, 1]
    assert z[0, 1] == pytest.approx(z[1, 2])


def test_robust_deviations_by_hand() -> None:
    # Median 3, deviations 2, 1, 0, 1, 97: MAD 1.
    z = robust_z(np.array([1.0, 2.0, 3.0, 4.0, 100.0]))
    assert z[4] == pytest.approx(97 / 1.4826)
    assert robust_z(np.array([5.0, 5.0, 5.0])).tolist() == [0.0, 0.0, 0.0]
    assert robust_z(np.array([0.0, 0.0, 0.0, 8.0]))[3] > 2


def test_summary_by_hand() -> None:
    found = summary(np.array([1.0, 2.0, 3.0, 4.0, 10.0]))
    assert (found.mean, found.median, found.q25, found.q75) == (4.0, 3.0, 2.0, 4.0)
    assert found.sd == pytest.approx(math.sqrt(50 / 4))
    assert summary(np.array([7.0])).sd is None


def test_a_histogram_of_whole_numbers_has_a_bar_a_value() -> None:
    found = histogram(np.array([1.0, 1.0, 2.0, 4.0]))
    assert found.counts == (2, 1, 0, 1)
    assert found.edges == (0.5, 1.5, 2.5, 3.5, 4.5)


def test_a_histogram_counts_far_values_beside_it() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(0, 1, 999), [1e6]])
    found = histogram(values)
    assert found.beyond >= 1
    assert sum(found.counts) + found.beyond == 1000
    assert found.edges[-1] < 10
    assert len(found.counts) <= 30


def test_a_constant_has_a_histogram() -> None:
    assert histogram(np.full(5, 3.25)).counts != ()
    assert sum(histogram(np.full(5, 3.25)).counts) == 5


def test_words_keep_accents_and_drop_numbers() -> None:
    assert words_of("Vazão da BOMBA 2, p/ o tanque-3 d'água") == [
        "vazão", "da", "bomba", "p", "o", "tanque-3", "d'água",
    ]  # fmt: skip


def test_the_language_of_stop_words_is_the_texts_not_the_projects() -> None:
    assert language_of(words_of("the pump is not running and it has a leak"), "pt-BR") == "en"
    assert language_of(words_of("a bomba não liga e o motor está com ruído"), "en") == "pt-BR"
    assert language_of(["pump"], "pt-BR") == "pt-BR"


def test_words_that_differ_in_accents_alone_are_one_in_their_commonest_spelling() -> None:
    assert one_spelling([["não", "liga"], ["nao"], ["não", "óleo"]]) == [
        ["não", "liga"],
        ["não"],
        ["não", "óleo"],
    ]
    assert one_spelling([["oleo", "oleo"], ["óleo"]]) == [["oleo", "oleo"], ["oleo"]]
