"""Celery's part: it carries a job's id to a worker, over folders or over Redis. The ledger is the queue."""

from __future__ import annotations

import importlib.util
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from zelo.errors import SpecError

if TYPE_CHECKING:
    from celery import Celery

WAKE = "zelo.wake"
QUEUE = "zelo"
REDIS = ("redis", "rediss")
NOTIFY_SECONDS = 2.0
_FOLDERS = {"data_folder_in": "messages", "data_folder_out": "messages", "control_folder": "control"}
_LOG = logging.getLogger(__name__)


def make_app(url: str | None, folder: Path) -> Celery:
    """Celery on Redis at ``url``, or without one on folders below ``folder``.

    Raises:
        SpecError: the URL is not Redis', or its library is not installed.
    """
    from celery import Celery

    where = _redis(url) if url else _folders(folder)
    app = Celery("zelo", set_as_current=False, **where)
    app.conf.update(
        accept_content=["json"],
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        enable_utc=True,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_serializer="json",
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    return app


def notify(app: Celery, job_id: str) -> bool:
    """Wake a worker for a job. False where the broker cannot be reached: a worker finds the job by itself."""
    from kombu.exceptions import KombuError, OperationalError

    try:
        app.send_task(WAKE, args=[job_id], retry=False)
    except (KombuError, OperationalError, OSError, ValueError) as error:
        _LOG.warning("job %s waits for a worker's next look: %s", job_id, type(error).__name__)
        return False
    return True


def listen(app: Celery, wake: Callable[[], object], *, name: str) -> int:
    """Run Celery's worker until a signal ends it, and call ``wake`` at each message; its exit status."""

    @app.task(name=WAKE)  # type: ignore[untyped-decorator]
    def woken(_job_id: str) -> None:
        wake()

    worker = app.Worker(
        hostname=name,
        pool="solo",
        concurrency=1,
        quiet=True,
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _redis(url: str) -> dict[str, Any]:
    scheme, whole = _parsed(url)
    if scheme not in REDIS or not whole:
        raise SpecError(
            "the broker's URL cannot be used",
            where="ZELO_BROKER_URL",
            found=f"{scheme or 'no scheme'}://...",
            expected="redis://[:password@]host:port/number, or rediss:// for TLS",
            hint="without it the broker is a folder in ZELO_HOME",
        )
    if importlib.util.find_spec("redis") is None:
        raise SpecError(
            "the broker needs a library that is not installed",
            where="ZELO_BROKER_URL",
            found="without redis",
            expected="the extra redis",
            hint="pip install 'zelo[redis]'",
        )
    limits = {"socket_connect_timeout": NOTIFY_SECONDS, "socket_timeout": NOTIFY_SECONDS}
    # One try: whoever asks for a training does not wait for a broker.
    return {"broker": url, "broker_transport_options": {**limits, "max_retries": 0}}


def _parsed(url: str) -> tuple[str, bool]:
    """The scheme, and whether the port and the number of the database are numbers that can be."""
    try:
        parts = urlsplit(url)
        # It is checked when it is asked for, and refused by a ValueError.
        parts.port  # noqa: B018
    except ValueError:
        return url.partition(":")[0], False
    return parts.scheme, re.fullmatch("/?[0-9]*/?", parts.path) is not None


def _folders(folder: Path) -> dict[str, Any]:
    from zelo.retraining.folders import make_private

    for path in (folder, *(folder / name for name in sorted(set(_FOLDERS.values())))):
        make_private(path)
    places = {option: str((folder / name).absolute()) for option, name in _FOLDERS.items()}
    return {
        "broker": "filesystem://localhost",
        "broker_transport": "zelo.retraining.folders:Transport",
        "broker_transport_options": places,
    }
