"""The commands about API keys, and the door that a server puts before its routes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from zelo.cli.projects import AsJson
from zelo.cli.show import OUT, show_json, show_table
from zelo.cli.workspace import now, open_workspace
from zelo.errors import SpecError
from zelo.ledger.keys import SCOPES, Scope

if TYPE_CHECKING:
    from zelo.ledger.keys import Key
    from zelo.ledger.store import Ledger
    from zelo.serving.door import Door

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SPAN = re.compile(r"([1-9]\d{0,4})([dh])")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
_MOST_A_MINUTE = 10_000_000

keys = typer.Typer(help="API keys: make, list and revoke them.", no_args_is_help=True, rich_markup_mode=None)


def add_commands(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")


@keys.command()
def create(
    name: Annotated[
        str, typer.Argument(help="Whose it is: it stands in the records of what is done with it.")
    ],
    scope: Annotated[
        list[str],
        typer.Option(help="; ".join(f"{one}: {meaning}" for one, meaning in SCOPES.items()) + "."),
    ],
    project: Annotated[
        list[str] | None, typer.Option(help="Good for these projects alone, as often as wanted.")
    ] = None,
    per_minute: Annotated[
        int | None, typer.Option(min=1, max=_MOST_A_MINUTE, help="The most requests a minute.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="After how long, for example 90d or 12h.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once: the ledger keeps its hash alone."""
    from zelo.ledger.keys import Keys, new_secret

    if not _NAME.fullmatch(name):
        raise typer.BadParameter(f"found {name}; expected letters, digits and . _ @ -", param_hint="NAME")
    workspace = open_workspace()
    for one in project or ():
        workspace.project(one)
    secret = new_secret()
    with workspace.ledger() as ledger:
        key = Keys(ledger).create(
            name,
            secret,
            _scopes(scope),
            actor=workspace.approver,
            reason=reason.strip(),
            projects=project or None,
            per_minute=per_minute,
            expires_at=None if expires is None else now() + _span(expires),
        )
    if as_json:
        show_json({**_told(key), "key": secret})
        return
    # Alone on its line, and on standard output: so it can be piped into where secrets are kept.
    OUT.print(secret, markup=False, soft_wrap=True)
    OUT.print(
        f"this is the only time that the key of {name} is shown: keep it where secrets are kept", markup=False
    )


@keys.command(name="list")
def listed(as_json: AsJson = False) -> None:
    """Every key that ever was, without what would let anybody in."""
    from zelo.ledger.keys import Keys

    with open_workspace().ledger() as ledger:
        found = Keys(ledger).listed()
    if as_json:
        show_json([_told(key) for key in found])
        return
    rows = [
        (
            key.name,
            _state(key, now()),
            ", ".join(key.scopes),
            ", ".join(key.projects) if key.projects else "all",
            "–" if key.per_minute is None else str(key.per_minute),
            _day(key.expires_at),
            f"{key.created_at:%Y-%m-%d} by {key.created_by}",
        )
        for key in found
    ]
    show_table("", ("name", "", "scopes", "projects", "a minute", "expires", "made"), rows)


@keys.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The key's name.")],
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    as_json: AsJson = False,
) -> None:
    """Let a key open nothing any more. Servers that run see it within seconds."""
    from zelo.ledger.keys import Keys

    workspace = open_workspace()
    with workspace.ledger() as ledger:
        key = Keys(ledger).revoke(name, actor=workspace.approver, reason=reason.strip())
    if as_json:
        show_json(_told(key))
    else:
        OUT.print(f"{name} is revoked; servers that run see it within seconds", markup=False)


def door_for(
    ledger: Ledger,
    host: str,
    *,
    keys: bool,
    without_keys: bool,
    workers: int = 1,
) -> Door | None:
    """What stands before the routes of a server on ``host``; ``None`` where anybody may come in.

    Keys are asked for everywhere but on this machine alone, and there with ``keys``.

    Raises:
        SpecError: keys are asked for and there is none, or both options are given.
        LedgerError: the keys cannot be read.
    """
    from zelo.ledger.keys import Keys
    from zelo.serving.door import KeyDoor, LocalNames

    if keys and without_keys:
        raise SpecError("keys are asked for, or they are not", where="--keys --without-keys")
    local = host in LOOPBACK
    if not keys and (local or without_keys):
        return LocalNames() if local else None
    stored = Keys(ledger)
    if not stored.usable():
        raise SpecError(
            "nobody could come in: there is no API key",
            where=f"--host {host}",
            found=f"no usable key in {ledger.place}",
            expected="a key for each caller" if local else "keys, for it is served beyond this machine",
            hint="zelo keys create NAME --scope predict; --without-keys lets everybody in who reaches it",
        )
    return KeyDoor(stored.usable, workers=workers)


def _scopes(wanted: list[str]) -> list[Scope]:
    if unknown := [name for name in wanted if name not in SCOPES]:
        raise typer.BadParameter(
            f"found {', '.join(unknown)}; expected {', '.join(SCOPES)}", param_hint="--scope"
        )
    return [scope for scope in SCOPES if scope in wanted]


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"found {text}; expected 90d or 12h", param_hint="--expires")
    number = int(found[1])
    return timedelta(days=number) if found[2] == "d" else timedelta(hours=number)


def _told(key: Key) -> dict[str, object]:
    names = ("id", "name", "scopes", "projects", "per_minute")
    times = ("created_at", "created_by", "expires_at", "revoked_at")
    return {name: getattr(key, name) for name in (*names, *times)} | {"state": _state(key, now())}


def _state(key: Key, at: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "in use" if key.usable(at) else "expired"


def _day(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M}"
