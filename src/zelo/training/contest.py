"""The candidates of one training: tuned, fitted fold by fold, assessed; then fitted whole as they serve."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from zelo.decisions.policy import Policy
from zelo.features.columns import Columns, frame_from_columns, take
from zelo.models.baseline import baselines
from zelo.models.blend import Stacking, Voting, final_model, stacking_inputs
from zelo.models.calibration import Calibrated
from zelo.models.candidate import Candidate, Setting
from zelo.models.catalogue import BLENDS, chosen, features_of
from zelo.spec.project import Project, Tuning
from zelo.stats.metrics import Scored, point
from zelo.training.compare import proper_loss
from zelo.training.evaluate import Assessed, assess, decide_out_of_fold, learn
from zelo.training.fit import FIT_ERRORS, fit_whole, out_of_fold, scores_of, stack_out_of_fold
from zelo.training.folds import Folds, make_folds
from zelo.training.latency import row_milliseconds
from zelo.training.outlook import Forecaster, Outlook, look_ahead
from zelo.training.rows import Rows
from zelo.training.seeds import SeedSpread, spread_over_seeds
from zelo.training.truth import scored_at_all, seasonal_scale
from zelo.training.tune import Tuned, tune

Array = np.ndarray[Any, Any]
Progress = Callable[[str, int, int], None]

BLEND_SIZE = 3


@dataclass
class Contest:
    """What the candidates of one training share."""

    project: Project
    setting: Setting
    rows: Rows
    budget: Tuning
    storage: str | None
    progress: Progress
    clock: Callable[[], float]
    fit_seconds: float = 0.0
    folds: Folds = field(init=False)
    frame: pd.DataFrame = field(init=False)
    truth: Array = field(init=False)
    """Of the folds' positions: the training rows, as often as they are repeated."""

    scale: float | None = field(init=False)
    """Of a forecast's scaled error."""

    seeds: dict[str, dict[str, SeedSpread]] = field(init=False, default_factory=dict)
    """By candidate and metric, of those whose figures depend on a seed, where several are wanted."""

    def __post_init__(self) -> None:
        self.folds = make_folds(self.rows.truth, self.project)
        self.scale = seasonal_scale(self.rows.columns, self.rows.truth, self.project)
        positions = np.tile(np.arange(len(self.rows.truth)), self.project.select.repeats)
        self.frame = frame_from_columns(take(self.rows.columns, positions))
        self.truth = self.rows.truth[positions]

    def everyone(self) -> list[Assessed]:
        """Each candidate assessed, the baseline first, and then the blends of the best."""
        # Calibration and blends are thousands of tiny solves, which BLAS threads make four times as dear.
        with threadpool_limits(limits=1, user_api="blas"):
            assessed = [self.candidate(candidate) for candidate in chosen(self.project)]
            wanted = [name for name in BLENDS if name in self.project.candidate_params]
            return assessed + [self.blend(name, assessed) for name in wanted]

    def candidate(self, candidate: Candidate) -> Assessed:
        """Tune and assess one candidate; what it raises is kept as its error, and the others go on."""
        pinned = self.project.candidate_params.get(candidate.name, {})
        budget = self.budget if candidate.space else Tuning(trials=0)
        others = self.project.select.seeds - 1 if candidate.seeded else 0
        total, done = (budget.trials + 1 + others) * len(self.folds), 0
        latencies: dict[str, float] = {}

        def step() -> None:
            nonlocal done
            done += 1
            self.progress(candidate.name, done, total)

        def score(params: Mapping[str, Any]) -> Array:
            raw, latencies[_written(params)] = self._scored(candidate, params, self.setting.seed, step)
            return raw

        self.progress(candidate.name, 0, total)
        start = self.clock()
        try:
            tuned = tune(
                candidate,
                pinned,
                self.project,
                budget,
                score=score,
                measure=self._decided,
                storage=self.storage,
            )
            if others:
                self.seeds[candidate.name] = self._over_seeds(candidate, tuned, others, step)
        except FIT_ERRORS as error:
            return Assessed(
                candidate.name, pinned, np.empty((0, 0)), self.clock() - start, error=_first_line(error)
            )
        finally:
            self.progress(candidate.name, total, total)
        seconds = self.clock() - start
        self.fit_seconds += seconds
        return self._assessed(
            candidate.name, tuned.params, tuned.raw, seconds, latencies[_written(tuned.params)]
        )

    def _over_seeds(
        self, candidate: Candidate, tuned: Tuned, others: int, done: Callable[[], None]
    ) -> dict[str, SeedSpread]:
        """The figures of the tuned candidate with its own seed and with the next ones."""
        seeds = [self.setting.seed + place for place in range(1, others + 1)]
        raws = [tuned.raw, *(self._scored(candidate, tuned.params, seed, done)[0] for seed in seeds)]
        return spread_over_seeds([point(self._decided(raw), self.project.select.measured) for raw in raws])

    def _scored(
        self, candidate: Candidate, params: Mapping[str, Any], seed: int, done: Callable[[], None]
    ) -> tuple[Array, float]:
        """Scores out of fold [n, K], and the milliseconds that the last fold's model takes for a row."""
        last: tuple[Any, pd.DataFrame] | None = None

        def keep(model: Any, rows: pd.DataFrame) -> None:
            nonlocal last
            last = model, rows

        setting = replace(self._setting_of(candidate), seed=seed)
        raw = out_of_fold(
            candidate, setting, params, self.frame, self.truth, self.folds, done=done, fitted=keep
        )
        assert last is not None
        return raw, row_milliseconds(*last, len(self.project.classes), clock=self.clock)

    def _assessed(
        self, name: str, params: Mapping[str, Any], raw: Array, seconds: float, latency_ms: float
    ) -> Assessed:
        found = assess(name, params, raw, self.truth, self.folds, self.project, seconds, self.scale)
        return replace(found, latency_ms=latency_ms)

    def _setting_of(self, candidate: Candidate) -> Setting:
        return replace(self.setting, features=features_of(self.project, candidate.name))

    def blend(self, name: str, assessed: Sequence[Assessed]) -> Assessed:
        """Voting or stacking of the best, from the scores that are already there."""
        start = self.clock()
        members = self._best(assessed)
        if not members:
            return Assessed(
                name, {}, np.empty((0, 0)), 0.0, error="no candidate to blend beside the baseline"
            )
        raws = [member.raw for member in members]
        n_classes = len(self.project.classes)
        raw = (
            np.mean(raws, axis=0)
            if name == "voting"
            else stack_out_of_fold(raws, self.truth, self.folds, n_classes)
        )
        params = {"members": [member.name for member in members]}
        # All members are asked in turn; what is done with their answers takes next to nothing.
        latency_ms = sum(member.latency_ms for member in members)
        return self._assessed(name, params, raw, self.clock() - start, latency_ms)

    def finished(self, item: Assessed, assessed: Sequence[Assessed]) -> tuple[Any, Policy]:
        """A candidate fitted on the whole training part, calibrated and decided by its out-of-fold scores.

        Of repeated scores the first repetition teaches: each row once.
        """
        start = self.clock()
        fitted = self._whole(item, {other.name: other for other in assessed}, self._every)
        self.fit_seconds += self.clock() - start
        raw = item.raw[: len(self.rows.truth)]
        covered = scored_at_all(raw)
        learned = learn(raw[covered], self.rows.truth[covered], self.project)
        if learned.calibration is None:
            return fitted, learned.policy
        return Calibrated(fitted, learned.calibration, len(self.project.classes)), learned.policy

    def outlook(self, winner: Assessed, assessed: Sequence[Assessed], table: pd.DataFrame) -> Outlook:
        """The winner's forecasts at every horizon, beside those of the baselines."""
        assert self.scale is not None
        by_name = {item.name: item for item in assessed}
        naive = [item.name for item in baselines(self.project) if by_name[item.name].error is None]
        return look_ahead(
            self._forecaster(winner, by_name),
            {name: self._forecaster(by_name[name], by_name) for name in naive if name != winner.name},
            table,
            len(self.rows.truth),
            self.project,
            scale=self.scale,
        )

    def _forecaster(self, item: Assessed, by_name: Mapping[str, Assessed]) -> Forecaster:
        def predict(model: Any) -> Callable[[Columns], Array]:
            return lambda columns: scores_of(model, frame_from_columns(columns), 0)

        return Forecaster(
            [(scored, predict(self._whole(item, by_name, fitted_on))) for fitted_on, scored in self.folds],
            predict(self._whole(item, by_name, self._every)),
        )

    @property
    def _origin(self) -> Array:
        """The training row that each position of the folds repeats."""
        return np.arange(len(self.truth)) % len(self.rows.truth)

    @property
    def _every(self) -> Array:
        """The training rows, each once."""
        return np.arange(len(self.rows.truth))

    def _whole(self, winner: Assessed, by_name: Mapping[str, Assessed], rows: Array) -> Any:
        """The candidate, or the blend with its members, fitted on some of the rows."""
        if winner.name not in BLENDS:
            candidate = next(item for item in chosen(self.project) if item.name == winner.name)
            return fit_whole(
                candidate, self._setting_of(candidate), winner.params, self.frame.iloc[rows], self.truth[rows]
            )
        members = [by_name[name] for name in winner.params["members"]]
        fitted = [self._whole(member, by_name, rows) for member in members]
        n_classes = len(self.project.classes)
        inputs = stacking_inputs([member.raw for member in members])
        # Of repeated folds every repetition teaches the final model.
        known = np.flatnonzero(scored_at_all(inputs) & np.isin(self._origin, rows))
        if winner.name == "voting" or len(np.unique(self.truth[known])) < 2:
            return Voting(fitted, n_classes)
        return Stacking(fitted, final_model(n_classes == 0).fit(inputs[known], self.truth[known]), n_classes)

    def _best(self, assessed: Sequence[Assessed]) -> list[Assessed]:
        """The best few by their proper loss: what blending improves."""
        measure = proper_loss(self.project)
        naive = [item.name for item in baselines(self.project)]
        able = [item for item in assessed if item.error is None and item.name not in (*naive, *BLENDS)]
        return sorted(able, key=lambda item: item.metrics[measure].value)[:BLEND_SIZE]

    def _decided(self, raw: Array) -> Scored:
        return decide_out_of_fold(raw, self.truth, self.folds, self.project, self.scale)


def _written(params: Mapping[str, Any]) -> str:
    return json.dumps(params, sort_keys=True, default=str)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
