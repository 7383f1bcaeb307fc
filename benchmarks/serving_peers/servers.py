"""The servers of the benchmark: how each is started, and what it is asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import mlflow.onnx
import mlflow.sklearn
import psutil

from benchmarks.peers import peers_python
from benchmarks.serving_peers.onnx_file import MODEL
from zelo.registry.native import read_pipeline
from zelo.registry.runtime import NATIVE_FILE, ONNX_FILE

Row = Mapping[str, Any]
SERVER_CORE, LOAD_CORE = 0, 1
FIRST_PORT = 8760
FEW = 2
"""Connections to a server that answers a few a second: 32 would wait for longer than a run lasts."""
INPUTS = {
    "pais": "BYTES",
    "genero": "BYTES",
    "idade": "FP64",
    "anos_cliente": "FP64",
    "saldo_conta": "FP64",
    "numero_produtos": "FP64",
    "cartao_credito": "BYTES",
    "escore_credito": "FP64",
}
"""Inputs of churn's model, and their types in the Open Inference Protocol."""
_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_QUIET = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "passive",
    "ZELO_LOG_LEVEL": "WARNING",
    "BENTOML_DO_NOT_TRACK": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PYTHONWARNINGS": "ignore",
    "PYTHONPATH": str(_ROOT),
    # mlflow starts a uvicorn that it looks for, and whose access log it leaves on.
    "UVICORN_ACCESS_LOG": "0",
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
}


@dataclass(frozen=True)
class Peer:
    """``command`` starts it, given a port. ``body`` is the question of one row in its own words."""

    name: str
    command: Callable[[int], Sequence[str]]
    environment: Mapping[str, str]
    path: str = "/predict"
    body: Callable[[Row], Any] = dict
    connections: int = 32


@dataclass(frozen=True)
class Server:
    """A peer that answers, and the file with the questions for it, one a line."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    path: str
    bodies: Path
    connections: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def suspend(self) -> None:
        for one in self.processes():
            one.suspend()

    def resume(self) -> None:
        for one in self.processes():
            with suppress(psutil.NoSuchProcess):
                one.resume()


def peers(boosted: Path, forest: Path, folder: Path) -> list[Peer]:
    """Every server, for two trained homes. What they need beside them is written to ``folder``."""
    onnx = {MODEL: str(_bundle(boosted) / ONNX_FILE)}
    return [
        Peer("empty", _uvicorn("limits"), {}, "/empty"),
        Peer("echo", _uvicorn("limits"), {}, "/echo"),
        Peer("zelo boosted", _zelo, {"ZELO_HOME": str(boosted)}),
        Peer("zelo forest", _zelo, {"ZELO_HOME": str(forest)}),
        Peer("litserve", _litserve, onnx),
        Peer("bentoml", _bentoml, onnx, body=lambda row: {"rows": [row]}),
        Peer("mlserver", _mlserver(folder), onnx, "/v2/models/churn/infer", _tensors),
        Peer("mlflow onnx", _mlflow(_mlflow_onnx(boosted, folder)), {}, "/invocations", _mlflow_tensors),
        *(
            Peer(
                f"mlflow {home.name}",
                _mlflow(_mlflow_pipeline(home, folder)),
                {},
                "/invocations",
                _records,
                FEW,
            )
            for home in (boosted, forest)
        ),
        *(
            Peer(
                f"joblib {home.name}",
                _uvicorn("published"),
                {"CHURN_JOBLIB": _pickle(home, folder)},
                connections=FEW,
            )
            for home in (boosted, forest)
        ),
    ]


@contextmanager
def started(wanted: Sequence[Peer], rows: Sequence[Row], folder: Path) -> Iterator[dict[str, Server]]:
    """The servers by name, each on the servers' core; each has answered once, and is suspended.

    Some poll while nobody asks them, and would take of the core of the one that is asked.
    """
    with ExitStack() as stack:
        servers = {}
        for place, peer in enumerate(wanted):
            bodies = folder / f"{peer.name.replace(' ', '-')}.jsonl"
            write_lines(bodies, [peer.body(row) for row in rows])
            servers[peer.name] = stack.enter_context(_started(peer, FIRST_PORT + place, bodies))
            servers[peer.name].suspend()
        yield servers


def write_lines(path: Path, bodies: Sequence[Any]) -> None:
    path.write_text("".join(json.dumps(body, ensure_ascii=False) + "\n" for body in bodies), encoding="utf-8")


@contextmanager
def awake(server: Server) -> Iterator[None]:
    server.resume()
    try:
        yield
    finally:
        server.suspend()


@contextmanager
def _started(peer: Peer, port: int, bodies: Path) -> Iterator[Server]:
    command = ["taskset", "--cpu-list", str(SERVER_CORE), *peer.command(port)]
    with (bodies.with_suffix(".log")).open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, **_QUIET, **peer.environment},
            cwd=_ROOT,
            stdout=log,
            stderr=log,
        )
    server = Server(peer.name, process, port, peer.path, bodies, peer.connections)
    try:
        _wait(server)
        yield server
    finally:
        stop(server)


def stop(server: Server) -> None:
    """End it with all that it started. A server that is gone already is left alone."""
    try:
        processes = server.processes()
    except psutil.NoSuchProcess:
        return
    server.process.terminate()
    server.resume()
    psutil.wait_procs(processes[:1], timeout=15)
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    server.process.wait()
    psutil.wait_procs(processes, timeout=15)


def _wait(server: Server) -> None:
    with server.bodies.open("rb") as lines:
        body = lines.readline()
    for _ in range(600):
        if server.process.poll() is not None:
            break
        request = urllib.request.Request(server.url, body, {"content-type": "application/json"})
        try:
            urllib.request.urlopen(request, timeout=30).read()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(
        f"{server.name} did not start: {server.bodies.with_suffix('.log').read_text()[-2000:]}"
    )


def _bundle(home: Path) -> Path:
    (bundle,) = (home / "bundles" / "churn").iterdir()
    return bundle


def _pickle(home: Path, folder: Path) -> str:
    path = folder / f"{home.name}.joblib"
    joblib.dump(read_pipeline(_bundle(home) / NATIVE_FILE), path)
    return str(path)


def _mlflow_onnx(home: Path, folder: Path) -> Path:
    import onnx

    path = folder / "mlflow-onnx"
    mlflow.onnx.save_model(onnx.load(_bundle(home) / ONNX_FILE), path)
    return path


def _mlflow_pipeline(home: Path, folder: Path) -> Path:
    path = folder / f"mlflow-{home.name}"
    model = read_pipeline(_bundle(home) / NATIVE_FILE)
    mlflow.sklearn.save_model(
        model,
        path,
        serialization_format="cloudpickle",
        pyfunc_predict_fn="predict_proba",
        pip_requirements=[],
    )
    return path


def _uvicorn(module: str) -> Callable[[int], Sequence[str]]:
    app = f"benchmarks.serving_peers.{module}:app"
    quiet = ("--no-access-log", "--log-level", "warning")
    return lambda port: [sys.executable, "-m", "uvicorn", app, "--port", str(port), *quiet]


def _zelo(port: int) -> Sequence[str]:
    return [sys.executable, "-m", "zelo", "serve", "churn", "--port", str(port)]


def _litserve(port: int) -> Sequence[str]:
    return [_python("litserve"), "-m", "benchmarks.serving_peers.lit_api", str(port)]


def _bentoml(port: int) -> Sequence[str]:
    service = "benchmarks.serving_peers.bento:Churn"
    return [_python("bentoml"), "-m", "bentoml", "serve", service, "--host", "127.0.0.1", "--port", str(port)]


def _mlserver(folder: Path) -> Callable[[int], Sequence[str]]:
    """No worker beside it, so that the model is called where the request is read: one core is all it has."""

    def command(port: int) -> Sequence[str]:
        place = folder / "mlserver"
        place.mkdir()
        settings = {"parallel_workers": 0, "debug": False, "host": "127.0.0.1", "http_port": port}
        settings |= {"grpc_port": port + 100, "metrics_port": port + 200, "metrics_dir": str(place)}
        (place / "settings.json").write_text(json.dumps(settings))
        model = {"name": "churn", "implementation": "benchmarks.serving_peers.mlserver_model.Churn"}
        model |= {"max_batch_size": 32, "max_batch_time": 0.001}
        (place / "model-settings.json").write_text(json.dumps(model))
        return [str(Path(_python("mlserver")).with_name("mlserver")), "start", str(place)]

    return command


def _mlflow(model: Path) -> Callable[[int], Sequence[str]]:
    serve = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local", "--workers", "1"]
    return lambda port: [*serve, "--model-uri", str(model), "--port", str(port)]


def _python(name: str) -> str:
    return peers_python(_HERE / f"{name}.txt")


def _tensors(row: Row) -> dict[str, Any]:
    tensors = [
        {"name": name, "shape": [1, 1], "datatype": kind, "data": [row[name]]}
        for name, kind in INPUTS.items()
    ]
    return {"inputs": tensors}


def _mlflow_tensors(row: Row) -> dict[str, Any]:
    """mlflow takes a table too, but hands its columns to ONNX without the second dimension."""
    kinds = {"BYTES": str, "FP64": float}
    return {"inputs": {name: [[kinds[kind](row[name])]] for name, kind in INPUTS.items()}}


def _records(row: Row) -> dict[str, Any]:
    return {"dataframe_records": [dict(row)]}


def copied_home(home: Path, target: Path) -> Path:
    """A trained home without its ledger."""
    shutil.copytree(home, target, ignore=shutil.ignore_patterns("ledger.db*"))
    return target
