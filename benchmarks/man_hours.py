"""Weekly forecasts from rolling origins: a generated fleet with three seeds, and the real excavator weeks."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure, show
from benchmarks.tables import PROJECTS, places_of
from zelo.data.prepare import Places, prepare
from zelo.spec.loading import load_project
from zelo.spec.project import Project
from zelo.training.horizon import HorizonFigures
from zelo.training.train import Trained, train

SEEDS = (42, 7, 2026)
LEVEL = 0.05


def run() -> None:
    for seed in SEEDS:
        fleet(seed)
    excavators()


def fleet(seed: int) -> None:
    """The generated fleet: its files, the pipeline, the training."""
    project = load_project(PROJECTS / "man_hours")
    project = project.model_copy(update={"split": project.split.model_copy(update={"seed": seed})})
    with tempfile.TemporaryDirectory() as folder:
        # No data folder: the generator's files, whatever else is there.
        places = replace(places_of("man_hours", Path(folder)), data_dir=None)
        trained, weeks = _trained(project, places)
    one, naive = _ahead(trained), "seasonal_naive"
    mae, test = one.against[naive]
    figures = [
        Figure(
            "MASE, rolling origins, 1 week ahead",
            _interval(one, "mase"),
            "< 1",
            one.metrics["mase"].value < 1,
            _winner(trained),
        ),
        Figure(
            "Diebold-Mariano against the seasonal naive, p",
            f"{test.p_value:.2g}",
            f"< {LEVEL}",
            test.p_value < LEVEL,
            f"MAE {one.metrics['mae'].value:.1f} h against {mae:.1f} h",
        ),
        *_others(one),
        *_covered(trained),
    ]
    show(f"man_hours: {weeks} weeks of a SYNTHETIC fleet, seed {seed}", figures)


def excavators() -> None:
    """Weekly cost of five excavators, real: no worse than the best baseline."""
    project = load_project(PROJECTS / "man_hours_excavator")
    with tempfile.TemporaryDirectory() as folder:
        trained, weeks = _trained(project, places_of("man_hours_excavator", Path(folder)))
    figures = []
    for part, one in (("rolling origins", _ahead(trained)), ("test", _ahead(trained, test=True))):
        best = min(one.against, key=lambda name: one.against[name][0]) if one.against else None
        error = one.metrics["mae"].value
        beside = one.against[best][0] if best else error
        figures.append(
            Figure(
                f"MAE, {part}, 1 week ahead",
                _interval(one, "mae"),
                "<= the best baseline's",
                error <= beside,
                f"{_winner(trained)}; {best}: {beside:.1f}",
            )
        )
        figures.append(Figure(f"MASE, {part}", _interval(one, "mase"), "< 1", one.metrics["mase"].value < 1))
    show(f"man_hours_excavator: {weeks} weeks of excavator orders", [*figures, *_covered(trained)])


def _trained(project: Project, places: Places) -> tuple[Trained, int]:
    snapshot = prepare(project, places, created=datetime.now(UTC)).snapshot
    return train(snapshot.frame(), project, threads=2), snapshot.rows


def _ahead(trained: Trained, *, test: bool = False) -> HorizonFigures:
    assert trained.outlook is not None
    return (trained.outlook.test if test else trained.outlook.out_of_fold)[0]


def _others(one: HorizonFigures) -> list[Figure]:
    return [
        Figure(f"{name}, p", f"{test.p_value:.2g}", "–", None, f"MAE {mae:.1f}")
        for name, (mae, test) in one.against.items()
        if name != "seasonal_naive"
    ]


def _covered(trained: Trained) -> list[Figure]:
    """Coverage at the first and the last horizon, out of fold."""
    assert trained.outlook is not None
    ahead = trained.outlook.out_of_fold
    return [
        Figure(
            f"coverage of the 90 % interval, {one.horizon} ahead",
            f"{one.coverage.value:.2f} [{one.coverage.low:.2f}, {one.coverage.high:.2f}]",
            "0.90 within",
            one.coverage.low <= 0.9 <= one.coverage.high,
            f"± {one.half_width:.0f}",
        )
        for one in (ahead[0], ahead[-1])
    ]


def _interval(one: HorizonFigures, name: str) -> str:
    found = one.metrics[name]
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _winner(trained: Trained) -> str:
    return trained.comparison.winner.name


if __name__ == "__main__":
    run()
