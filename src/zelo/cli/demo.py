"""From a CSV to a served, logged, watched model, by the commands that a person types."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zelo.cli.show import OUT
from zelo.cli.workspace import Workspace
from zelo.errors import ServingError
from zelo.serving.schema import RequestSchema
from zelo.spec.project import Project

QUICK = ("prior", "logistic_regression", "lightgbm", "catboost", "voting", "persistence", "drift")
"""Candidates that a minute allows; ``zelo train`` alone compares all of the project's."""
READY_SECONDS = 60.0


def run_demo(workspace: Workspace, name: str, *, keep: bool) -> None:
    """Tell the story of one project.

    Raises:
        ServingError: a step failed; its own output is above.
    """
    project = workspace.project(name)
    out = workspace.settings.home / "demo"
    out.mkdir(parents=True, exist_ok=True)
    quick = ",".join(candidate for candidate in project.candidate_params if candidate in QUICK)
    _title("1. The data, checked against the contract")
    _zelo("data", name)
    _title("2. Candidates compared; the winner bundled, compiled and put before its gates")
    _zelo("train", name, "--candidates", quick)
    _zelo("promote", name)
    _title("3. Served: validated, predicted, written to the ledger, and only then answered")
    with _server(name, out / "server.log") as address:
        _tell(address, "/predict", RequestSchema(project).example())
        if project.forecast and project.is_made:
            _title("4. What comes next is forecast; the truth about it comes with the next data")
            _zelo("predict", name)
        else:
            _predict_file(workspace, project, address, out)
            _simulate(project)
        _title("Watched: drift with an alarm budget, quality, what arrived")
        # It exits 1 where an alarm stands: of the drift above, or of a forecast's old data.
        _zelo("monitor", name, accepted=(0, 1))
        _zelo("verify", name)
        OUT.print(
            f"\nThe API's pages: {address}/docs    MLflow: mlflow ui --backend-store-uri "
            f"sqlite:///{workspace.settings.home / 'mlflow.db'}",
            markup=False,
        )
        if keep:
            OUT.print("The server runs until Ctrl-C.", markup=False)
            _wait_for_interrupt()


def _predict_file(workspace: Workspace, project: Project, address: str, out: Path) -> None:
    new = _new_rows(workspace, project, out)
    _title("4. A file of new rows; then the truth about them arrives")
    _zelo("predict", project.name, "--input", str(new), "--output", str(out / "predictions.csv"))
    if ranking := project.serving.aliases.ranking:
        aliases = project.serving.aliases
        _tell(address, f"{ranking}?{aliases.minimum}=0.8&{aliases.limit}=1")
    if project.serving.entity:
        _zelo("outcomes", project.name, "--input", str(new))


def _simulate(project: Project) -> None:
    """A month of made-up traffic in which a number moves halfway."""
    moved = next((name for name, field in project.inputs.items() if field.is_numeric), None)
    if moved is None:
        return
    _title(f"5. A month of SIMULATED traffic: halfway, {moved} moves by half a standard deviation")
    drift = ("--drift", "shift", "--field", moved, "--size", "0.5", "--onset", "0.5")
    _zelo("simulate", project.name, "--days", "30", "--a-day", "300", "--rows", "20", *drift)


def _title(text: str) -> None:
    OUT.print(f"\n[bold]{text}[/]")


def _zelo(*arguments: str, accepted: Sequence[int] = (0,)) -> None:
    OUT.print(f"[dim]$ zelo {' '.join(arguments)}[/]")
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-m", "zelo", *arguments], check=False)  # noqa: S603
    if done.returncode not in accepted:
        raise ServingError(
            "a step of the demo failed",
            where=f"zelo {' '.join(arguments)}",
            found=f"exit status {done.returncode}",
            expected="0",
            hint="its message is above",
        )


def _new_rows(workspace: Workspace, project: Project, out: Path) -> Path:
    """The project's second source, or its first where there is one alone."""
    from zelo.data.prepare import find_source

    found = find_source(project, list(project.data.sources)[-1], workspace.places(project.name))
    return Path(shutil.copy(found.path, out / found.path.name))


@contextmanager
def _server(name: str, log: Path) -> Iterator[str]:
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    OUT.print(f"[dim]$ zelo serve {name} --port {port}[/]")
    command = [sys.executable, "-m", "zelo", "serve", name, "--port", str(port)]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)  # noqa: S603
        try:
            _wait_until_ready(address, process, log)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    start = time.monotonic()
    while time.monotonic() - start < READY_SECONDS and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/ready", timeout=2)  # noqa: S310
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
            continue
        OUT.print(f"ready in {time.monotonic() - start:.1f} s", markup=False)
        return
    raise ServingError(
        "the server did not start",
        where=address,
        expected=f"ready in {READY_SECONDS:g} s",
        hint=f"its log is {log}",
    )


def _tell(address: str, path: str, body: dict[str, Any] | None = None) -> None:
    """One request as a person would type it, and its answer."""
    data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    shown = (
        f" -H 'content-type: application/json' -d '{json.dumps(body, ensure_ascii=False)}'" if body else ""
    )
    OUT.print(f"[dim]$ curl '{address}{path}'{shown}[/]")
    request = urllib.request.Request(f"{address}{path}", data, {"content-type": "application/json"})  # noqa: S310
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        content = json.loads(answer.read())
    OUT.print(json.dumps(content, indent=2, ensure_ascii=False), markup=False)
    OUT.print(f"[dim]answered in {(time.perf_counter() - start) * 1000:.1f} ms[/]")


def _wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        OUT.print("stopped")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
