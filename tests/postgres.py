"""A real PostgreSQL: Debian's binaries on a port of 127.0.0.1, in a folder that goes when it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from tests.processes import free_port

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class Postgres:
    """A server that can be stopped in any way, and started again with what it had on the disk."""

    def __init__(self, folder: Path) -> None:
        assert _BINARIES, "apt-get install postgresql"
        self._data = folder / "data"
        self._port = free_port()
        # PostgreSQL does not run as root.
        self._user = "postgres" if os.getuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        options = ["--auth=trust", "--username=zelo", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._popen("initdb", *options).wait(60)
        self._plain = f"postgresql://zelo@127.0.0.1:{self._port}/"

    def start(self) -> None:
        """Start it, and return when it takes connections; after a kill it recovers from its log first."""
        self._process = self._popen("postgres", "-p", str(self._port), "-h", "127.0.0.1", "-k", "")
        deadline = time.monotonic() + 60
        while True:
            assert self._process.poll() is None
            try:
                psycopg.connect(self._plain + "postgres").close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Cut every connection off at once."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(60)

    def kill(self) -> None:
        """SIGKILL to the server and every process of it."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *map(int, children)):
            os.kill(process, signal.SIGKILL)
        self._process.wait(60)

    def database(self, name: str) -> str:
        """The URL of a new, empty database, as the ledger takes it."""
        with psycopg.connect(self._plain + "postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self._plain.replace("postgresql", "postgresql+psycopg") + name

    def _popen(self, command: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(_BINARIES[-1] / command), "-D", str(self._data), *arguments],
            user=self._user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that runs; it and its folder go at the end."""
    with TemporaryDirectory(prefix="zelo-postgres-") as folder:
        server = Postgres(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
