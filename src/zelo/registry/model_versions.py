"""Versions and aliases in MLflow's model registry, where people look for them."""

from __future__ import annotations

from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


def add_version(uri: str, project: str, bundle: Path, run_id: str) -> str:
    """Register a bundle as the project's next version; its number."""
    client = MlflowClient(uri)
    try:
        client.create_registered_model(project)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    version = client.create_model_version(
        project, source=bundle.absolute().as_uri(), run_id=run_id, tags={"bundle": bundle.name}
    )
    return str(version.version)


def set_aliases(uri: str, project: str, versions: dict[str, str]) -> None:
    """Make MLflow's aliases those given, alias -> version; others of ours are removed."""
    client = MlflowClient(uri)
    present = mlflow_aliases(uri, project)
    for alias in present.keys() - versions.keys():
        client.delete_registered_model_alias(project, alias)
    for alias, version in versions.items():
        if present.get(alias) != version:
            client.set_registered_model_alias(project, alias, version)


def mlflow_aliases(uri: str, project: str) -> dict[str, str]:
    """alias -> version as MLflow has them."""
    return {
        alias: str(version)
        for alias, version in MlflowClient(uri).get_registered_model(project).aliases.items()
    }
