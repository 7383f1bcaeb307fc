from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.registry.fakes import snapshot_of
from tests.tables import make_project, make_table

from zelo.features.columns import Columns
from zelo.registry.by_class import class_report
from zelo.registry.charts import Axis, reach
from zelo.registry.error_analysis.curves import abstention, at_confidence, pareto
from zelo.registry.error_analysis.findings import confused_pairs, confusion, mistakes
from zelo.registry.error_analysis.page import Language, error_page
from zelo.registry.error_analysis.words import WORDS
from zelo.training.parts import parts_of
from zelo.training.perturbation import perturbations
from zelo.training.robustness import robustness
from zelo.training.train import Trained, measured, train

NASTY = "<script>alert('x')</script>"
CLASSES = ["leak", "noise & rattle", f"stop {NASTY}"]
PLAIN = {
    "leak": ["oil leaking at hose", "water leak on pump", "drips from seal", "wet floor under tank"],
    "noise & rattle": ["loud noise in gear", "rattle when idling", "squeaks at start", "noisy bearing"],
    CLASSES[2]: ["engine stopped", "will not run", "dead on arrival", "shuts down itself"],
}


def table() -> pd.DataFrame:
    """Texts whose label is often wrong, some of them hostile."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(150):
        label = CLASSES[number % 3]
        said = PLAIN[label if rng.random() < 0.75 else CLASSES[rng.integers(3)]][rng.integers(4)]
        text = f"{said} {NASTY} {number}" if number % 5 == 0 else f"{said} {number}"
        rows.append({"id": f"<u>{number}", "said": text, "day": pd.Timestamp("2024-11-01"), "outcome": label})
    frame = pd.DataFrame(rows)
    frame["day"] += pd.to_timedelta(np.arange(150), unit="D")
    return frame


@cache
def trained(language: str = "en") -> Trained:
    fields: dict[str, Any] = {"said": {"type": "text"}, "day": {"type": "date", "use": "metadata"}}
    project = make_project(
        "multiclass",
        title=f"Comments {NASTY}",
        language=language,
        task={"kind": "multiclass", "target": "outcome", "classes": CLASSES},
        data={"key": "id", "sources": {"train": "sample.csv"}, "fields": fields},
        derived={},
        text={"abbreviations": {"eng": "engine"}},
        candidates=[
            "prior",
            {"words": {"estimator": "logistic_regression", "features": ["words"]}},
            {"chars": {"estimator": "logistic_regression", "features": [{"chars": {"ngrams": [2, 4]}}]}},
            {"broken": {"estimator": "logistic_regression", "features": ["words"], "C": -1.0}},
        ],
        select={
            "primary": "f1_macro",
            "report": ["pr_auc", "latency_ms"],
            "folds": 3,
            "repeats": 2,
            "critical": {"classes": ["leak"], "recall": 0.3},
        },
        decision={"confidence": 0.5},
    )
    return train(table(), project, threads=1)


def page(found: Trained, *, synthetic: bool = False) -> str:
    def predict(columns: Columns) -> tuple[Any, Any]:
        rows = measured(
            found.model, found.policy, replace(found.test, columns=columns, truth=drawn), found.project
        )
        return rows.scores, rows.predicted

    drawn = found.test.truth
    snapshot = replace(snapshot_of(found.project), synthetic=synthetic)
    robust = robustness(found, predict)
    return error_page(found, class_report(found), robust, snapshot, created=datetime(2026, 1, 2, tzinfo=UTC))


class Seen(HTMLParser):
    """Tags, their attributes and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_what_people_wrote_is_shown_and_never_run() -> None:
    text = page(trained())
    seen = Seen(text)
    assert NASTY not in text
    assert NASTY in seen.text
    assert not {tag for tag, _ in seen.tags} & {"script", "u", "img", "iframe", "link"}
    assert all(not name.startswith("on") for _, attributes in seen.tags for name in attributes)
    assert f"stop {NASTY}" in [attributes.get("title") for _, attributes in seen.tags]


def test_it_needs_nothing_beside_it() -> None:
    seen = Seen(page(trained()))
    for _, attributes in seen.tags:
        assert (attributes.get("href") or "#").startswith("#")
        assert "src" not in attributes
    assert "http" not in seen.text.replace("http-equiv", "")
    assert "url(" not in seen.text


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_it_speaks_the_projects_language(language: str) -> None:
    text = Seen(page(trained(language))).text
    for key in ("headline", "experiments", "by_class", "pairs", "worst", "calibration", "abstention"):
        assert WORDS[language][key] in text
    assert WORDS[language]["letter_dropped"] in text
    other = WORDS["pt-BR" if language == "en" else "en"]
    assert other["worst_text"] not in text
    figure = trained(language).metrics["f1_macro"].value
    assert (f"{figure:.3f}".replace(".", ",") if language == "pt-BR" else f"{figure:.3f}") in text


def test_every_language_has_every_word() -> None:
    assert WORDS["en"].keys() == WORDS["pt-BR"].keys()
    assert set(perturbations({"a": "b"})) <= WORDS["en"].keys()


def test_synthetic_data_are_called_so() -> None:
    assert WORDS["en"]["synthetic"] in page(trained(), synthetic=True)
    assert WORDS["en"]["synthetic"] not in page(trained())


def test_every_candidate_is_listed_with_what_it_reads() -> None:
    text = Seen(page(trained())).text
    for item in trained().comparison.ranked:
        assert item.name in text
    assert "chars (ngrams [2, 4])" in text
    assert [item.name for item in trained().failed] == ["broken"]
    assert str(trained().failed[0].error) in text


def test_two_classes_and_a_table_have_a_page_as_well() -> None:
    found = train(make_table(rows=200), make_project(), threads=1)
    seen = Seen(page(found))
    assert "debt" in seen.text
    assert WORDS["en"]["coverage"] not in seen.text
    assert WORDS["en"]["behaviour"] not in seen.text
    ids = [attributes["id"] for _, attributes in seen.tags if "id" in attributes]
    anchors = [attributes["href"] for tag, attributes in seen.tags if tag == "a"]
    assert {f"#{name}" for name in ids} == set(anchors)


def test_mistakes_are_rows_once_the_surest_first() -> None:
    found = trained()
    for part in parts_of(found):
        wrong = mistakes(part, found)
        assert len({one.key for one in wrong}) == len(wrong) > 0
        assert [one.confidence for one in wrong] == sorted((one.confidence for one in wrong), reverse=True)
        rows = table().set_index("id")
        for one in wrong:
            assert rows.loc[one.key, "outcome"] == one.truth != one.predicted
            assert rows.loc[one.key, "said"] == one.text
            assert one.side == part.side


def test_pairs_are_counted_over_both_parts() -> None:
    found = trained()
    parts = {part.side: part for part in parts_of(found)}
    matrices = {side: confusion(part, 3) for side, part in parts.items()}
    assert matrices["out_of_fold"].sum() == len(found.train.truth)
    np.testing.assert_array_equal(matrices["test"].sum(axis=1), np.bincount(found.test.truth, minlength=3))
    wrong = [one for part in parts.values() for one in mistakes(part, found)]
    pairs = confused_pairs(matrices, wrong, found.project.classes)
    totals = [pair.out_of_fold + pair.test for pair in pairs]
    assert totals == sorted(totals, reverse=True)
    assert sum(totals) == pytest.approx(sum(m.sum() - np.trace(m) for m in matrices.values()))
    for pair in pairs:
        assert all((one.truth, one.predicted) == (pair.truth, pair.predicted) for one in pair.examples)


def test_the_report_by_class_tells_what_is_served() -> None:
    found = trained()
    report = class_report(found)
    assert [one.label for one in report.classes] == CLASSES
    assert [one.critical for one in report.classes] == [True, False, False]
    assert sum(one.out_of_fold.support for one in report.classes) == len(found.train.truth)
    assert report.sets is not None
    assert 1 <= report.sets.size <= 3
    sets = [(one.sets, one.test.support) for one in report.classes]
    held = sum(known.coverage.value * rows for known, rows in sets if known)
    assert held / len(found.test.truth) == pytest.approx(report.sets.coverage.value)


def test_charts_hold_their_values() -> None:
    found = trained()
    chart = pareto(found, "ms", str)
    assert chart is not None
    assert {dot.text for dot in chart.dots} == {"1", "2"}
    assert [dot.style for dot in chart.dots].count("winner") == 1
    curve = abstention(found, "x", "y", str)
    assert {line.style for line in curve.lines} == {"test", "out_of_fold"}
    for side, (answered, right) in at_confidence(found).items():
        part = next(part.once() for part in parts_of(found) if part.side == side)
        assert part.scored.predicted is not None
        sure = part.scored.scores.max(axis=1) >= 0.5
        assert answered == pytest.approx(sure.mean())
        assert right == pytest.approx((part.scored.predicted == part.scored.truth)[sure].mean())


def test_axes_have_round_ticks_within_their_ends() -> None:
    axis = Axis(0.0, 1.0, 100.0, 200.0)
    assert [(place, text) for place, text in axis.ticks(lambda value: f"{value:.1f}")] == [
        (100.0, "0.0"), (120.0, "0.2"), (140.0, "0.4"), (160.0, "0.6"), (180.0, "0.8"), (200.0, "1.0")
    ]  # fmt: skip
    assert axis(7.0) == 200.0
    tens = Axis(0.4, 30.0, 0.0, 100.0, logarithmic=True)
    assert [text for _, text in tens.ticks(lambda value: f"{value:g}")] == ["0.5", "1", "2", "5", "10", "20"]
    low, high = reach([3.0, 3.0])
    assert low < 3.0 < high


def test_figures_are_written_as_the_language_does() -> None:
    there = Language("pt-BR")
    assert (there.number(0.5), there.share(0.123, 1), there.number(float("nan"))) == ("0,500", "12,3 %", "–")
    assert there.share(None) == "–"
    assert re.fullmatch(r"\d\.\d+", Language("en").short(1.2345))
