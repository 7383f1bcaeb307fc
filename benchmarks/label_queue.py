"""How many labels the queue needs for the macro F1 that random order reaches."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split

from benchmarks.figures import Figure, show
from benchmarks.tables import project_table
from zelo.decisions.queue import rank, trigrams
from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.models.candidate import Setting
from zelo.models.catalogue import chosen, features_of
from zelo.spec.project import Project
from zelo.training.fit import fit_whole, scores_of
from zelo.training.truth import truth_of

SEEDS = 5
HELD_OUT = 0.3
FEWEST = 5
"""Rows of a class that takes part: fewer cannot stand on both sides of the held-out part."""
SHARES = (0.5, 0.6, 0.75)
ASKED = 0.60
CASES = (
    ("failure_modes", "lr_chars_sentence", ("train", "dev"), (), 60, 20),
    ("failure_modes_excavator", "nb_chars", ("train",), ("Other",), 60, 60),
)
"""Project, candidate, sources, classes left out, labels at the start, labels a round."""

Array = np.ndarray[Any, Any]


def run() -> None:
    for name, candidate, sources, left_out, start, batch in CASES:
        tables = [project_table(name, source) for source in sources]
        project, origin = tables[0][0], " and ".join(table[2] for table in tables)
        frame, truth = _rows(project, pd.concat([table[1] for table in tables], ignore_index=True), left_out)
        random, queue = (
            np.array(
                [
                    _curve(project, candidate, frame, truth, seed, start, batch, queued=queued)
                    for seed in range(SEEDS)
                ]
            )
            for queued in (False, True)
        )
        labels = start + batch * np.arange(random.shape[1])
        labels[-1] = round((1 - HELD_OUT) * len(truth))
        show(
            f"{name}: {len(truth)} rows of {origin} with {FEWEST} rows a class or more; {candidate}, "
            f"{SEEDS} seeds, {start} labels to start, {batch} a round",
            [_figure(share, labels, random.mean(axis=0), queue.mean(axis=0)) for share in SHARES],
        )


def _rows(project: Project, table: pd.DataFrame, left_out: tuple[str, ...]) -> tuple[pd.DataFrame, Array]:
    target = table[project.task.target]
    enough = target.map(target.value_counts()) >= FEWEST
    kept = table[enough & ~target.isin(left_out)].reset_index(drop=True)
    return frame_from_columns(columns_from_frame(project, kept)), truth_of(kept, project)


def _curve(
    project: Project,
    name: str,
    frame: pd.DataFrame,
    truth: Array,
    seed: int,
    start: int,
    batch: int,
    *,
    queued: bool,
) -> Array:
    """Macro F1 on the held-out part after each round of labels, until the pool is empty."""
    rows = np.arange(len(truth))
    pool, held = train_test_split(rows, test_size=HELD_OUT, random_state=seed, stratify=truth)
    waiting = list(np.random.default_rng(seed).permutation(pool))
    labelled, waiting = waiting[:start], waiting[start:]
    likeness = trigrams(list(frame[project.texts[0]]))
    candidate = next(item for item in chosen(project) if item.name == name)
    setting = Setting(project, project.split.seed, 2, features_of(project, name))
    found = []
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = fit_whole(
                candidate, setting, project.candidate_params[name], frame.iloc[labelled], truth[labelled]
            )
        scores = scores_of(model, frame, len(project.classes))
        said = scores[held].argmax(axis=1)
        found.append(f1_score(truth[held], said, average="macro", zero_division=0))
        if not waiting:
            return np.array(found)
        counts = np.bincount(truth[labelled], minlength=len(project.classes))
        order = (
            rank(scores[waiting], likeness[waiting], likeness[labelled], counts, most=batch).order
            if queued
            else np.arange(min(batch, len(waiting)))
        )
        taken = {waiting[place] for place in order}
        labelled += [row for row in waiting if row in taken]
        waiting = [row for row in waiting if row not in taken]


def _figure(share: float, labels: Array, random: Array, queue: Array) -> Figure:
    place = int(np.abs(labels - share * labels[-1]).argmin())
    needed = _first_at(labels, queue, random[place])
    part = needed / labels[place]
    return Figure(
        f"labels for macro F1 {random[place]:.3f}",
        f"{needed:.0f}: {part:.2f} of random order's",
        f"<= {ASKED:.2f}",
        bool(part <= ASKED),
        f"random order: {labels[place]} labels, {share:.0%} of the pool",
    )


def _first_at(labels: Array, curve: Array, level: float) -> float:
    """The labels at which the curve first reaches the level, between rounds by a straight line."""
    reached = np.flatnonzero(curve >= level)
    if not len(reached):
        return float("inf")
    place = int(reached[0])
    if place == 0:
        return float(labels[0])
    rise = (level - curve[place - 1]) / (curve[place] - curve[place - 1])
    return float(labels[place - 1] + rise * (labels[place] - labels[place - 1]))


if __name__ == "__main__":
    run()
