"""How soon a worse challenger is taken out, and how often one that is as good: an e-process beside McNemar.

Real scores: models of churn, fitted on some of its rows, answer the others; a run is 2,000 of those rows,
drawn with replacement, as paired outcomes that come one after the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.figures import OUT, Figure, machine, show
from benchmarks.tables import project_table
from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.ledger.records import Outcome, Paired, PredictionRecord, ShadowRecord
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.retraining.losses import SHARES, differences
from zelo.spec.project import Project
from zelo.stats.arrays import BoolArray, FloatArray
from zelo.stats.betting import log_wealth, mixed
from zelo.stats.thresholds import best_threshold
from zelo.training.fit import fit_whole, out_of_fold, scores_of
from zelo.training.folds import make_folds
from zelo.training.truth import truth_of

RUNS, OUTCOMES, ALPHA = 200, 2_000, 0.01
WORSE, WITHIN = 0.03, 0.003
FITTED, LOOK = 3_000, 100
AT = datetime(2025, 1, 1, tzinfo=UTC)
Answers = tuple[FloatArray, float]
"""Probabilities of the positive class, and the threshold of the decision."""


@dataclass(frozen=True)
class Population:
    """Two models on the same rows: the differences of their losses, and whether each decision is right."""

    name: str
    f1: float
    losses: dict[str, FloatArray]
    champion_right: BoolArray
    challenger_right: BoolArray


def run(runs: int = RUNS) -> None:
    project, table, truth = _rows()
    worse, equal = _populations(project, table, truth)
    for kind, populations in worse.items():
        _show(project, f"worse, real: {kind}", populations, runs)
    _show(project, "worse, SYNTHETIC scores", [_synthetic(project)], runs)
    swapped = [population for populations in worse.values() for population in populations]
    _show(project, "equal: the two swapped by a coin on each row", swapped, runs, swap=True)
    _show(project, "equal in F1, real: the same rows, another seed", equal, runs)


def _rows() -> tuple[Project, pd.DataFrame, BoolArray]:
    project, table, _ = project_table("churn")
    _, fresh, _ = project_table("churn", "new")
    both = pd.concat([table, fresh], ignore_index=True)
    order = np.random.default_rng(0).permutation(len(both))
    both = both.iloc[order].reset_index(drop=True)
    return project, both, truth_of(both, project)[FITTED:] == 1


def _populations(
    project: Project, table: pd.DataFrame, truth: BoolArray
) -> tuple[dict[str, list[Population]], list[Population]]:
    champion = _answers(project, table, table[:FITTED], seed=0)
    worse: dict[str, list[Population]] = {}
    for kind, found in (
        ("fewer rows", _fewer(project, table)),
        ("noise in its inputs", _noisy(project, table)),
        ("an age that it reads wrong on some rows", _broken(project, table)),
    ):
        made = [_population(project, f"{kind}", truth, champion, one) for one in found]
        worse[kind] = [one for one in made if abs(one.f1 + WORSE) <= WITHIN]
    same = [_answers(project, table, table[:FITTED], seed=seed) for seed in range(1, 9)]
    equal = [_population(project, f"seed {seed}", truth, champion, one) for seed, one in enumerate(same, 1)]
    return worse, [one for one in equal if abs(one.f1) <= WITHIN]


def _fewer(project: Project, table: pd.DataFrame) -> Iterator[Answers]:
    for rows in range(800, 1_800, 100):
        for start in (0, FITTED - rows):
            yield _answers(project, table, table[start : start + rows], seed=1)


def _noisy(project: Project, table: pd.DataFrame) -> Iterator[Answers]:
    """Numbers that are measured badly, in training and in serving alike."""
    numbers = [name for name, field in project.inputs.items() if field.is_numeric]
    for seed in range(4):
        for share in (0.25, 0.3, 0.35, 0.4):
            chance = np.random.default_rng(seed)
            noisy = table.copy()
            for name in numbers:
                values = table[name].to_numpy(np.float64)
                noisy[name] = values + share * values.std() * chance.normal(size=len(values))
            yield _answers(project, noisy, noisy[:FITTED], seed=1)


def _broken(project: Project, table: pd.DataFrame) -> Iterator[Answers]:
    """Fitted as the champion is; on a share of the rows that it answers, the age is another customer's."""
    for seed in range(4):
        for share in (0.06, 0.08, 0.1, 0.12, 0.14):
            chance = np.random.default_rng(seed)
            wrong = table.copy()
            hit = (chance.random(len(table)) < share) & (np.arange(len(table)) >= FITTED)
            wrong.loc[hit, "idade"] = chance.choice(table["idade"].to_numpy(), int(hit.sum()))
            yield _answers(project, wrong, wrong[:FITTED], seed=0)


def _answers(project: Project, table: pd.DataFrame, fitted: pd.DataFrame, *, seed: int) -> Answers:
    """What a LightGBM fitted on some rows says of those that nobody was fitted on."""
    candidate, params = CATALOGUE["lightgbm"], project.candidate_params["lightgbm"]
    setting = Setting(project, seed, 1)
    frame, truth = frame_from_columns(columns_from_frame(project, fitted)), truth_of(fitted, project)
    raw = out_of_fold(candidate, setting, params, frame, truth, make_folds(truth, project))
    threshold = best_threshold(truth == 1, raw[:, 1], "f1").threshold
    model = fit_whole(candidate, setting, params, frame, truth)
    asked = frame_from_columns(columns_from_frame(project, table[FITTED:]))
    return scores_of(model, asked, 2)[:, 1], threshold


def _population(
    project: Project, name: str, truth: BoolArray, champion: Answers, challenger: Answers
) -> Population:
    said = [score >= threshold for score, threshold in (champion, challenger)]
    pairs = [
        _paired(row, champion[0][row], challenger[0][row], said[0][row], said[1][row], truth[row])
        for row in range(len(truth))
    ]
    return Population(
        name,
        _f1(truth, said[1]) - _f1(truth, said[0]),
        differences(pairs, "2", project),
        said[0] == truth,
        said[1] == truth,
    )


def _paired(row: int, old: float, new: float, before: bool, after: bool, truth: bool) -> Paired:
    """What the ledger holds of a row that both versions scored."""
    name = str(row)
    answered = PredictionRecord(name, "churn", "1", AT, {}, {"prediction": int(before)}, float(old))
    shadow = ShadowRecord(name, "churn", "2", AT, {"prediction": int(after)}, float(new))
    return Paired(answered, shadow, Outcome(name, int(truth), AT, AT))


def _f1(truth: BoolArray, said: BoolArray) -> float:
    return float(2 * (truth & said).sum() / (truth.sum() + said.sum()))


def _synthetic(project: Project) -> Population:
    """A champion that knows the odds up to noise, and a challenger with enough more to be 0.03 worse."""
    chance = np.random.default_rng(7)
    odds = chance.normal(-2.0, 1.6, 20_000)
    truth = chance.random(len(odds)) < _share(odds)
    noise, more = chance.normal(size=(2, len(odds)))
    champion = odds + 0.3 * noise

    def answers(drive: FloatArray) -> Answers:
        score = _share(drive)
        return score, best_threshold(truth, score, "f1").threshold

    low, high = 0.0, 3.0
    for _ in range(30):
        middle = (low + high) / 2
        found = _population(project, "synthetic", truth, answers(champion), answers(champion + middle * more))
        low, high = (middle, high) if found.f1 > -WORSE else (low, middle)
    return found


def _share(odds: FloatArray) -> FloatArray:
    found: FloatArray = 1 / (1 + np.exp(-odds))
    return found


def _show(
    project: Project, title: str, populations: list[Population], runs: int, *, swap: bool = False
) -> None:
    if not populations:
        show(title, [Figure("no such pair of models was found", "–", "one", False)])
        return
    chance = np.random.default_rng(42)
    ours, peers, once = [], [], []
    for number in range(runs):
        one = populations[number % len(populations)]
        rows = chance.integers(0, len(one.champion_right), OUTCOMES)
        signs = chance.choice([-1.0, 1.0], OUTCOMES) if swap else np.ones(OUTCOMES)
        ours.append(_by_betting(one, rows, signs))
        losing = (one.champion_right[rows].astype(int) - one.challenger_right[rows]) * signs
        looks = [_mcnemar(losing[:stop]) for stop in range(LOOK, OUTCOMES + 1, LOOK)]
        peers.append(next((LOOK * place for place, found in enumerate(looks, 1) if found), None))
        once.append(looks[-1])
    found = [stop for stop in ours if stop is not None]
    seen = [stop for stop in peers if stop is not None]
    worse = "worse" in title
    share, limit = len(found) / runs, 0.95 if worse else ALPHA
    f1 = np.mean([one.f1 for one in populations]) if not swap else 0.0
    show(
        f"{title}; F1 {f1:+.4f} on average over {len(populations)} challengers, {runs} runs of {OUTCOMES} "
        f"outcomes, {project.name}",
        [
            Figure(
                "rolled back",
                f"{share:.1%} {_interval(len(found), runs)}"
                + (f", after {int(np.median(found))} outcomes (median)" if found else ""),
                f"{'>=' if worse else '<='} {limit:.0%}",
                share >= limit if worse else share <= limit,
                f"McNemar looked at every {LOOK} outcomes (p < {ALPHA}): {len(seen) / runs:.1%}"
                + (f", after {int(np.median(seen))}" if seen else "")
                + f"; looked at once, at the end: {np.mean(once):.1%}",
            )
        ],
    )


def _by_betting(one: Population, rows: FloatArray, signs: FloatArray) -> int | None:
    """After how many outcomes the wealth reaches its limit."""
    paths = [log_wealth(loss[rows] * signs) for loss in one.losses.values()]
    wealth = mixed(paths, [SHARES[name] for name in one.losses])
    reached = np.flatnonzero(wealth >= -math.log(ALPHA))
    return int(reached[0]) + 1 if len(reached) else None


def _mcnemar(losing: FloatArray) -> bool:
    """Whether an exact one-sided test says that the challenger errs more often."""
    more, fewer = int((losing > 0).sum()), int((losing < 0).sum())
    return bool(more + fewer and stats.binomtest(more, more + fewer, alternative="greater").pvalue < ALPHA)


def _interval(hits: int, runs: int) -> str:
    low, high = stats.binomtest(hits, runs).proportion_ci(0.95, method="exact")
    return f"[{low:.1%}, {high:.1%}]"


if __name__ == "__main__":
    OUT.print(f"Machine: {machine()}\n")
    run()
