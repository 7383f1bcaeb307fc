"""Versions and aliases in MLflow's model registry, where people look for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from zelo.errors import RegistryError
from zelo.training.tracking import quiet_mlflow

if TYPE_CHECKING:
    from mlflow import MlflowClient


def add_version(uri: str, project: str, bundle: Path, run_id: str) -> str:
    """Register a bundle as the project's next version; its number."""
    with _client(uri) as client:
        if not client.search_registered_models(f"name = '{project}'"):
            client.create_registered_model(project)
        source = bundle.absolute().as_uri()
        made = client.create_model_version(
            project, source=source, run_id=run_id, tags={"bundle": bundle.name}
        )
        return str(made.version)


def set_aliases(uri: str, project: str, versions: dict[str, str]) -> None:
    """Make MLflow's aliases those given, alias -> version; others of ours are removed."""
    with _client(uri) as client:
        present = _aliases(client, project)
        for alias in present.keys() - versions.keys():
            client.delete_registered_model_alias(project, alias)
        for alias, version in versions.items():
            if present.get(alias) != version:
                client.set_registered_model_alias(project, alias, version)


def refuse_unknown(uri: str, project: str, versions: Iterable[str]) -> None:
    """Find out before anything is moved that MLflow can follow.

    Raises:
        RegistryError: MLflow cannot be reached, or does not know a version.
    """
    with _client(uri) as client:
        for version in versions:
            client.get_model_version(project, version)


def mlflow_aliases(uri: str, project: str) -> dict[str, str]:
    """alias -> version as MLflow has them; empty where it does not know the project."""
    with _client(uri) as client:
        known = client.search_registered_models(f"name = '{project}'")
        return _aliases(client, project) if known else {}


def _aliases(client: MlflowClient, project: str) -> dict[str, str]:
    found = client.get_registered_model(project).aliases
    return {alias: str(version) for alias, version in found.items()}


@contextmanager
def _client(uri: str) -> Iterator[MlflowClient]:
    with quiet_mlflow():
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield MlflowClient(uri)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise RegistryError(
                "MLflow's registry cannot be used",
                where=uri,
                found=(str(error).strip().splitlines() or [type(error).__name__])[0],
                expected="a tracking store that can be read and written",
                hint="look at MLFLOW_TRACKING_URI, and whether the disk or the server has room",
            ) from error
