"""From what people write for a target to one of the project's classes."""

from __future__ import annotations

from collections.abc import Callable

from zelo.spec.project import Label, Project


def label_of(project: Project, text: str) -> Label | None:
    """The class that a text stands for: a class, else a spelling's class, else the project's other class.

    Case, spaces around the text and more than one space inside it make no difference. ``None`` where the text
    is no class and no spelling and the project declares no other class, or where it is empty.
    """
    known = known_labels(project)(text)
    return project.task.other if known is None and text.strip() else known


def known_labels(project: Project) -> Callable[[str], Label | None]:
    """:func:`label_of` without the other class, made once for many texts."""
    exact = {str(label): label for label in project.classes}
    spellings = {_folded(spelling): exact[name] for spelling, name in project.task.spellings.items()}
    folded = spellings | {_folded(name): label for name, label in exact.items()}

    def known(text: str) -> Label | None:
        # Two classes may differ by case alone.
        return exact.get(text.strip(), folded.get(_folded(text)))

    return known


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
