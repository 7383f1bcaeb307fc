"""From a training to a sealed bundle: pipeline, compilation, certificate, policy, figures and card."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zelo.data.snapshot import Snapshot
from zelo.data.split import trained_until
from zelo.decisions.decide import predicted_classes
from zelo.decisions.policy import Policy
from zelo.features.columns import Columns, count, frame_from_columns, take
from zelo.registry.bundle import seal
from zelo.registry.by_class import ClassReport, Sets, class_report
from zelo.registry.compiled import Compiled
from zelo.registry.environment import environment, environment_hash
from zelo.registry.error_analysis.page import ERRORS, error_page
from zelo.registry.examination import BASELINE, HORIZONS
from zelo.registry.gates.g04_parity import TEST_SCORES
from zelo.registry.gates.g08_critical import CLASSES
from zelo.registry.judged import JUDGED, judged_rows
from zelo.registry.model_card import model_card
from zelo.registry.native import write_pipeline
from zelo.registry.runtime import NATIVE_FILE, Predictor
from zelo.registry.sample import SAMPLE, sample_of
from zelo.registry.standing import choice, standing
from zelo.registry.typical import TYPICAL, typical_of
from zelo.spec.project import Project
from zelo.stats.bootstrap import Interval
from zelo.stats.per_class import ClassFigures
from zelo.training.evaluate import Assessed
from zelo.training.horizon import HorizonFigures
from zelo.training.importance import importances
from zelo.training.outlook import Outlook
from zelo.training.plots import draw
from zelo.training.robustness import Robustness, robustness
from zelo.training.slices import Slice
from zelo.training.spreads import Reached, VolatilityFigures
from zelo.training.train import Trained

Array = np.ndarray[Any, Any]

REFERENCE_ROWS = 5000


@contextmanager
def staged(
    trained: Trained, compiled: Compiled, snapshot: Snapshot, root: Path, *, created: datetime
) -> Iterator[Path]:
    """Every file of the bundle in a staging folder under ``root``, which goes away whatever happens."""
    staging = root / f".staging-{uuid.uuid4().hex}"
    try:
        (staging / "plots").mkdir(parents=True)
        _stage(trained, compiled, snapshot, staging, created=created)
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _stage(
    trained: Trained, compiled: Compiled, snapshot: Snapshot, staging: Path, *, created: datetime
) -> None:
    project = trained.project
    _text(staging / "project.json", project.model_dump_json(indent=2))
    _text(staging / "policy.json", trained.policy.model_dump_json(indent=2))
    write_pipeline(trained.model, staging / NATIVE_FILE)
    compiled.write(staging)
    weights = importances(compiled.predictor.scores, trained.train, project, seed=project.split.seed)
    _json(staging / "parity.json", compiled.parity())
    _json(staging / "metrics.json", intervals(trained.metrics))
    _json(staging / "candidates.json", candidates(trained))
    _json(staging / "slices.json", [_slice(item) for item in trained.slices])
    _json(staging / "importances.json", weights)
    _json(staging / BASELINE, _baseline(trained))
    _json(staging / TEST_SCORES, trained.tested.scores.reshape(len(trained.tested), -1).tolist())
    _json(staging / "environment.json", environment())
    _text(staging / TYPICAL, typical_of(trained.train.columns, project).model_dump_json(indent=2))
    reference(trained.train.columns, project).to_parquet(staging / "reference.parquet")
    judged_rows(trained).to_parquet(staging / JUDGED)
    draw(trained, weights, staging / "plots", synthetic=snapshot.synthetic)
    report = class_report(trained) if project.classes else None
    _text(
        staging / "model_card.md",
        model_card(trained, compiled, weights, report, snapshot, created=created),
    )
    if trained.outlook is not None:
        _json(staging / HORIZONS, horizons(trained.outlook))
        _json(staging / SAMPLE, sample_of(snapshot.frame(), project))
    robust = robustness(trained, partial(_answered, compiled.predictor, trained.policy))
    _json(staging / "robustness.json", _robustness(robust, project))
    if report is not None:
        _json(staging / CLASSES, _classes(report, trained.policy))
        _text(staging / ERRORS, error_page(trained, report, robust, snapshot, created=created))


def finish(
    staging: Path,
    root: Path,
    trained: Trained,
    compiled: Compiled,
    snapshot: Snapshot,
    *,
    created: datetime,
    run_id: str,
    commit: Mapping[str, Any],
) -> Path:
    """Seal the staged bundle under its hash; the folder that it became."""
    until = trained_until(snapshot.frame(), trained.project)
    facts = {
        "project": trained.project.name,
        "candidate": trained.comparison.winner.name,
        "created": created.isoformat(),
        "snapshot": snapshot.hash,
        "synthetic": snapshot.synthetic,
        "trained_until": until and until.isoformat(),
        "runtime": compiled.predictor.runtime,
        "runtime_reason": compiled.certificate.reason,
        **compiled.facts(),
        "training": {"seconds": round(trained.seconds, 3), "rows": count(trained.train.columns)},
        "run_id": run_id,
        "code": dict(commit),
        "environment": environment_hash(environment()),
    }
    return seal(staging, root, facts)


def reference(rows: Columns, project: Project) -> pd.DataFrame:
    """Training rows, at most 5,000: what drift of the inputs is measured against."""
    order = np.random.default_rng(project.split.seed).permutation(count(rows))
    return frame_from_columns(take(rows, order[:REFERENCE_ROWS]))


def intervals(metrics: Mapping[str, Interval]) -> dict[str, dict[str, float | None]]:
    """Metrics for JSON; what is not defined is null."""
    return {
        name: {"value": _number(found.value), "low": _number(found.low), "high": _number(found.high)}
        for name, found in metrics.items()
    }


def candidates(trained: Trained) -> dict[str, Any]:
    """The comparison for JSON: candidates from best to worst, the Pareto front, and why the winner won."""

    entries = trained.project.candidate_entries

    def entry(item: Assessed) -> dict[str, Any]:
        return {
            "name": item.name,
            "params": dict(item.params),
            "estimator": entries.get(item.name, {}).get("estimator", item.name),
            "features": list(entries.get(item.name, {}).get("features", ())),
            "seconds": round(item.seconds, 3),
            "latency_ms": _number(item.latency_ms),
            "metrics": intervals(item.metrics),
            "error": item.error,
            "on_front": item.name in trained.comparison.front,
            "tied": item.name in trained.comparison.tied,
            "neglects": list(trained.comparison.neglects.get(item.name, ())),
            **standing(trained, item.name),
        }

    everyone: Sequence[Assessed] = [*trained.comparison.ranked, *trained.failed]
    winner = trained.comparison.winner.name
    return {
        "why": trained.comparison.why,
        "winner": winner,
        **choice(trained),
        "candidates": [entry(item) for item in everyone],
    }


def horizons(outlook: Outlook) -> dict[str, Any]:
    """How the forecasts fare at each horizon, for JSON."""

    def entry(found: HorizonFigures) -> dict[str, Any]:
        against = {
            name: {
                "mae": _number(mae),
                "statistic": _number(test.statistic),
                "p_value": _number(test.p_value),
            }
            for name, (mae, test) in found.against.items()
        }
        return {
            "horizon": found.horizon,
            "rows": found.rows,
            "half_width": _number(found.half_width),
            "metrics": intervals({**found.metrics, "coverage": found.coverage}),
            "against": against,
        }

    return {
        "out_of_fold": [entry(found) for found in outlook.out_of_fold],
        "test": [entry(found) for found in outlook.test],
        "volatility": None if outlook.volatility is None else _volatility(outlook.volatility),
    }


def _volatility(found: VolatilityFigures) -> dict[str, Any]:
    return {
        "chosen": found.chosen,
        "out_of_fold": {name: _reached(one) for name, one in found.out_of_fold.items()},
        "errors": dict(found.errors),
        "test": None if found.test is None else _reached(found.test),
    }


def _reached(found: Reached) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "pinball": _number(found.pinball),
        **intervals({"coverage": found.coverage}),
        "half_years": [
            {"name": half.name, "rows": half.rows, **intervals({"coverage": half.coverage})}
            for half in found.half_years
        ],
        "against": {
            name: {"pinball": _number(loss), "p_value": _number(test.p_value)}
            for name, (loss, test) in found.against.items()
        },
    }


def _slice(item: Slice) -> dict[str, Any]:
    metrics = None if item.metrics is None else intervals(item.metrics)
    return {"field": item.field, "value": item.value, "rows": item.rows, "metrics": metrics}


def _robustness(robust: Robustness, project: Project) -> dict[str, Any]:
    primary = project.select.primary
    return {
        "slices": [{"part": one.side, **_slice(one.slice)} for one in robust.slices],
        "behaviours": [
            {
                "name": one.name,
                "rows": one.rows,
                "of": one.of,
                **intervals({"unchanged": one.unchanged}),
                primary: intervals({"clean": one.clean, "changed": one.changed}),
            }
            for one in robust.behaviours
        ],
    }


def _classes(report: ClassReport, policy: Policy) -> dict[str, Any]:
    return {
        "promised": policy.coverage,
        "sets": _sets(report.sets),
        "classes": [
            {
                "label": one.label,
                "critical": one.critical,
                "out_of_fold": _figures(one.out_of_fold),
                "test": _figures(one.test),
                "sets": _sets(one.sets),
            }
            for one in report.classes
        ],
    }


def _figures(found: ClassFigures) -> dict[str, Any]:
    shares = {"precision": found.precision, "recall": found.recall, "f1": found.f1}
    return {"support": found.support, **intervals(shares)}


def _sets(sets: Sets | None) -> dict[str, Any] | None:
    if sets is None:
        return None
    return {**intervals({"coverage": sets.coverage}), "size": _number(sets.size)}


def _answered(predictor: Predictor, policy: Policy, columns: Columns) -> tuple[Array, Array]:
    scores = predictor.scores(columns)
    return scores, predicted_classes(scores, policy)


def _baseline(trained: Trained) -> dict[str, Any]:
    """What the naive baseline says: of a forecast the value of a season ago, else the same of every row."""
    first, forecast = trained.baseline, trained.project.forecast
    if forecast is not None:
        field = trained.project.lag(forecast.season)
        return {"field": field, "scale": first.scale, "scores": None, "predicted": None}
    return {
        "field": None,
        "scale": None,
        "scores": first.scores.reshape(len(first), -1)[0].tolist(),
        "predicted": None if first.predicted is None else int(first.predicted[0]),
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _json(path: Path, content: Any) -> None:
    _text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
