"""The command replay: a recorded prediction is computed again, and held against the record bit for bit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zelo.cli.projects import AsJson
from zelo.cli.show import OUT, show_json
from zelo.cli.workspace import Workspace, now, open_workspace
from zelo.errors import BundleError, RegistryError, ServingError, UnknownError

if TYPE_CHECKING:
    from zelo.ledger.records import PredictionRecord
    from zelo.ledger.store import Ledger
    from zelo.registry.bundle import Bundle
    from zelo.registry.proofs import Proofs
    from zelo.serving.reproduction import Attempt, Said
    from zelo.serving.scoring import Model


def add_commands(app: typer.Typer) -> None:
    app.command()(replay)


@dataclass(frozen=True)
class Replayed:
    """What the version of a recorded prediction says of it now; ``reasons`` tell why it is not the same."""

    said: Said
    evidence: int | None
    bundle: str | None
    attempts: tuple[Attempt, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].same

    def as_dict(self) -> dict[str, Any]:
        record, last = self.said.record, self.attempts[-1] if self.attempts else None
        return {
            "id": record.id,
            "project": record.project,
            "at": record.at.isoformat(),
            "version": self.said.version,
            "answered": self.said.answered,
            "evidence": self.evidence,
            "bundle_hash": self.bundle,
            "same": self.same,
            "scored": last and {"how": last.how, "rows": last.rows},
            "recorded": {"score": self.said.score, "decision": self.said.decision},
            "now": last and {"score": last.score, "decision": last.decision},
            "differences": list(last.differences) if last else [],
            "reasons": list(self.reasons),
        }


def replay(
    prediction_id: Annotated[str, typer.Argument(help="The prediction's id, as it was answered.")],
    project: Annotated[str | None, typer.Option(help="The project that it must be of.")] = None,
    version: Annotated[
        str | None, typer.Option(help="A version that scored the row beside the one that answered.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute a recorded prediction again with the version that made it: the same bits, or why not.

    Exits 1 where score and decision are not the same bits, or the version is gone.
    """
    workspace = open_workspace()
    with workspace.ledger() as ledger:
        found = _replayed(workspace, ledger, _said(ledger, prediction_id, project, version))
    if as_json:
        show_json(found.as_dict())
    else:
        _show(found)
    if not found.same:
        raise typer.Exit(1)


def _said(ledger: Ledger, prediction_id: str, project: str | None, version: str | None) -> Said:
    """What the ledger has of it. Raises UnknownError."""
    from zelo.ledger.together import shadow_of
    from zelo.serving.reproduction import answered, shadowed

    record = ledger.prediction(prediction_id)
    if record is None or project not in (None, record.project):
        raise UnknownError(
            "no such prediction",
            where=project or ledger.place,
            found=prediction_id,
            expected="the id of a recorded prediction",
            hint="GET /predictions of the served project lists them",
        )
    if version in (None, record.version):
        return answered(record)
    shadow = shadow_of(ledger, record, str(version))
    if shadow is None:
        raise UnknownError(
            "that version said nothing of this prediction's row",
            where=record.project,
            found=str(version),
            expected=f"{record.version}, which answered, or a version that scored the row beside it",
        )
    return shadowed(record, shadow)


def _replayed(workspace: Workspace, ledger: Ledger, said: Said) -> Replayed:
    from zelo.ledger.together import scored_together
    from zelo.registry.proofs import Proofs
    from zelo.serving.reproduction import attempts

    record = said.record
    proofs = Proofs(workspace.settings.registry, record.project)
    number = proofs.number(said.version, record.at)
    try:
        bundle = _bundle(workspace, proofs, said)
    except RegistryError as error:
        return Replayed(said, number, None, reasons=(_words(error),))
    model = _model(said.version, bundle)
    try:
        made = tuple(attempts(model, said, scored_together(ledger, record, said.version)))
    except ServingError as error:
        return Replayed(said, number, bundle.hash, reasons=(_words(error), *_reasons(ledger, model, record)))
    reasons = () if made[-1].same else _reasons(ledger, model, record)
    return Replayed(said, number, bundle.hash, made, tuple(reasons))


def _bundle(workspace: Workspace, proofs: Proofs, said: Said) -> Bundle:
    """The bundle of the version that was registered. Raises RegistryError, BundleError."""
    from zelo.registry.bundle import load_bundle

    name = said.record.project
    registered = proofs.registered(said.version)
    if registered is None:
        raise RegistryError(
            "the evidence does not know the version",
            where=name,
            found=f"version {said.version}",
            hint="zelo history shows those that it knows; the registry may be another machine's",
        )
    bundle = load_bundle(workspace.settings.bundles / name / registered["bundle"])
    if bundle.hash != registered["bundle_hash"]:
        raise BundleError(
            "the bundle is not the one that was registered",
            where=str(bundle.path),
            found=f"sha256 {bundle.hash}",
            expected=f"sha256 {registered['bundle_hash']}",
        )
    return bundle


def _model(version: str, bundle: Bundle) -> Model:
    from zelo.serving.schema import RequestSchema
    from zelo.serving.scoring import Model
    from zelo.serving.truth import OutcomeSchema

    project = bundle.project
    return Model(version, bundle, RequestSchema(project), OutcomeSchema(project), now())


def _reasons(ledger: Ledger, model: Model, record: PredictionRecord) -> tuple[str, ...]:
    """Why the same version may say something else: its surroundings, or the record."""
    from zelo.registry.arithmetic import arithmetic, arithmetic_at, differing, made_with
    from zelo.serving.reproduction import broken_contract

    then, whose = arithmetic_at(ledger, record.project, record.at), "when it answered"
    if then is None:
        path = model.bundle.path / "environment.json"
        then, whose = made_with(json.loads(path.read_text(encoding="utf-8"))), "at the training"
    reasons = [f"{fact} (then: {whose})" for fact in differing(then, arithmetic())]
    if "horizon" not in record.decision:
        reasons += [
            f"the recorded inputs break the version's contract: {fact}"
            for fact in broken_contract(model, record)
        ]
    if not reasons:
        reasons.append(
            f"nothing that decides the bits differs from what it was {whose}: the record was changed, or "
            "the row was scored with others that are not in the ledger with it"
        )
    return tuple(reasons)


def _words(error: RegistryError | ServingError) -> str:
    return str(error).replace("\n  ", "; ")


def _show(found: Replayed) -> None:
    record = found.said.record
    OUT.print(
        f"{record.id}: {record.project} version {found.said.version}, {record.at:%Y-%m-%d %H:%M:%S} UTC"
        + ("" if found.said.answered else ", beside the version that answered"),
        markup=False,
        soft_wrap=True,
    )
    if found.evidence is not None:
        OUT.print(
            f"evidence {found.evidence:04d}, bundle {found.bundle or 'gone'}", markup=False, soft_wrap=True
        )
    for attempt in found.attempts:
        rows = f" of {attempt.rows} rows" if attempt.rows > 1 else ""
        verdict = "the same bits" if attempt.same else "not the same bits"
        OUT.print(f"{attempt.how}{rows}: score {attempt.score!r}, {verdict}", markup=False, soft_wrap=True)
    if found.attempts and not found.same:
        for difference in found.attempts[-1].differences:
            OUT.print(f"  {difference}", markup=False, soft_wrap=True)
    for reason in found.reasons:
        OUT.print(f"why: {reason}", markup=False, soft_wrap=True)
