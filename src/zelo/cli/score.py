"""The command score: how well a model is tested and watched, from what is there to prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, show_json, show_table
from zelo.cli.workspace import now, open_workspace

if TYPE_CHECKING:
    from zelo.registry.ml_test_score.score import Score, Section
    from zelo.registry.ml_test_score.words import Words


def add_commands(app: typer.Typer) -> None:
    app.command()(score)


def score(name: Named, as_json: AsJson = False) -> None:
    """The ML Test Score of Breck et al. (2017): 28 items, each with what earned it or what would.

    Half a point is for what was done by hand and written down, a whole one for what is done each time by
    itself. The score is the least of the four sections' sums, from 0 to 7. Nothing is run: bundle, evidence,
    ledger, and the project's, Prometheus's and the tests' files are read (deploy and tests are looked for
    beside the folder of the projects).
    """
    from zelo.registry.ml_test_score.artefacts import gather
    from zelo.registry.ml_test_score.score import score as run
    from zelo.registry.ml_test_score.words import Words

    workspace = open_workspace()
    project = workspace.project(name)
    around = workspace.settings.projects.absolute().parent
    with workspace.ledger() as ledger:
        artefacts = gather(
            workspace.store(),
            ledger,
            project,
            folder=workspace.folder(name),
            deploy=around / "deploy",
            tests=around / "tests" / "projects",
            now=now(),
        )
    found, words = run(artefacts), Words(project.language)
    if as_json:
        show_json(found.as_dict(words))
        return
    _show(found, words)


def _show(found: Score, words: Words) -> None:
    from zelo.registry.ml_test_score.verdict import Said

    version = (
        Said("version {version}", {"version": found.version}) if found.version else Said("no version yet")
    )
    least, meaning = words(Said("the least of the four sections")), words(Said(found.meaning))
    OUT.print(
        f"{words(Said('ML Test Score'))}, {found.project}, {words(version)}: "
        f"{words.points(found.points)} / 7 ({least}): {meaning}",
        markup=False,
    )
    for section in found.sections:
        _show_section(section, words)


def _show_section(section: Section, words: Words) -> None:
    from zelo.registry.ml_test_score.verdict import Said

    rows = []
    for item in section.items:
        verdict = item.verdict
        proofs = [f"{words(proof.shows)} ({proof.where})" for proof in verdict.proofs]
        wants = [f"{words(Said('to earn more'))}: {words(verdict.wants)}"] if verdict.wants else []
        rows.append(
            (item.code, words.points(verdict.points), words(Said(item.title)), "\n".join(proofs + wants))
        )
    heads = ("", words(Said("points")), words(Said("item")), words(Said("earned by")))
    show_table(f"\n{words(Said(section.title))}: {words.points(section.points)} / 7", heads, rows)
