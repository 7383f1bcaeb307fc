"""The verb: from a snapshot to what a person should know of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zelo.data.snapshot import Snapshot
from zelo.profiling import dates, duplicates, fields, labels, outliers, relations, texts
from zelo.profiling.facts import Count, Profile
from zelo.profiling.findings import with_findings
from zelo.profiling.neighbours import distinct_texts
from zelo.profiling.rows import Rows, sides
from zelo.spec.project import Project

PARTS = 5
"""Steps that the progress counts, beside the folds of the labels."""


def profile(
    snapshot: Snapshot,
    project: Project,
    *,
    threads: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Profile:
    """Describe the snapshot's training rows: the same for the same rows and seed. Test rows stay unopened.

    Args:
        threads: for the model that examines the labels.
        progress: called with how many steps are done, of how many.

    Raises:
        DataError: the snapshot is damaged, or a side of its split would be empty.
    """
    total = PARTS + project.select.folds
    rows, test = sides(snapshot.frame(), project, snapshot.sources)
    described, target = fields.describe(rows), fields.describe_target(rows)
    progress(1, total)
    found_texts, found_relations = texts.describe(rows), relations.describe(rows)
    progress(2, total)
    distinct = distinct_texts(rows)
    found_duplicates = duplicates.describe(rows, test, distinct)
    progress(3, total)
    found_outliers = outliers.describe(rows, distinct)
    progress(4, total)
    found_labels = labels.describe(rows, threads=threads, fold_done=lambda done, _: progress(4 + done, total))
    found = Profile(
        project=project.name,
        title=project.title,
        language=project.language,
        kind=project.task.kind,
        target=target,
        positive=str(project.positive) if project.task.kind == "binary" else None,
        snapshot=snapshot.hash,
        created=snapshot.created.isoformat(),
        synthetic=snapshot.synthetic,
        sources=snapshot.sources,
        rows=snapshot.rows,
        training_rows=len(rows),
        test_rows=len(test),
        seed=project.split.seed,
        fields=described,
        classes=_balance(rows),
        texts=found_texts,
        dates=dates.describe(rows),
        relations=found_relations,
        duplicates=found_duplicates,
        outliers=found_outliers,
        labels=found_labels,
    )
    progress(total, total)
    return with_findings(found)


def _balance(rows: Rows) -> tuple[Count, ...]:
    """The classes, most frequent first, those without a row included."""
    names = [str(label) for label in rows.project.classes]
    if not names:
        return ()
    counts = np.bincount(rows.truth, minlength=len(names))
    return tuple(
        Count(names[place], int(counts[place]), float(counts[place] / len(rows)))
        for place in np.argsort(-counts, kind="stable")
    )
