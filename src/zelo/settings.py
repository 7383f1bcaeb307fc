"""Settings from the environment (``ZELO_*``), read once at the edge and passed down."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things are. Every path below ``home`` has its name here and nowhere else."""

    model_config = SettingsConfigDict(env_prefix="ZELO_", frozen=True, extra="ignore")

    home: Path = Field(default=Path(".zelo"), description="where Zelo keeps what it makes")
    projects: Path = Field(default=Path("projects"), description="the folder of the projects")
    data_dir: Path | None = Field(default=None, description="raw data, a folder a project")
    database_url: str | None = Field(default=None, description="ledger; SQLite in home if unset")
    approver: str | None = Field(default=None, description="who approves a promotion")
    max_body_bytes: int = Field(default=4 << 20, gt=0, description="largest request body")
    max_waiting_rows: int = Field(default=10_000, gt=0, description="rows that may wait to be predicted")
    request_seconds: float = Field(
        default=60.0, gt=0, description="after how long a request without an answer is told so"
    )
    engine: Literal["duckdb", "spark"] = Field(
        default="duckdb", description="where a pipeline's tables are computed"
    )
    broker_url: str | None = Field(
        default=None, repr=False, description="where jobs are announced; folders in home if unset"
    )
    jobs_lost_after: float = Field(
        default=30.0, ge=2.0, description="seconds without a sign of life until a job is another worker's"
    )
    jobs_nice: int = Field(default=10, ge=0, le=19, description="how far a job steps back for the rest")
    round_seconds: float = Field(
        default=300.0,
        ge=0,
        description="seconds between a worker's rounds over all projects; 0: it makes none",
    )
    offline: bool = Field(default=False, description="never download")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="the least that is logged of what Zelo and its server say"
    )
    log_format: Literal["human", "json"] = Field(default="human", description="of lines on standard error")
    log_file: Path | None = Field(default=None, description="log to this file too, a JSON object a line")
    log_rotation: str = Field(default="50 MB", description="when the log's file is begun anew")
    log_retention: str = Field(default="30 days", description="how long old files of the log are kept")

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.database_url or f"sqlite:///{(self.home / 'ledger.db').absolute()}"

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots"

    @property
    def datasets(self) -> Path:
        return self.home / "datasets"

    @property
    def bundles(self) -> Path:
        return self.home / "bundles"

    @property
    def registry(self) -> Path:
        return self.home / "registry"

    @property
    def downloads(self) -> Path:
        return self.home / "downloads"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def broker(self) -> Path:
        return self.home / "broker"

    @property
    def tracking_uri(self) -> str:
        """MLflow's store, unless ``MLFLOW_TRACKING_URI`` names another."""
        return f"sqlite:///{(self.home / 'mlflow.db').absolute()}"

    @property
    def tuning_url(self) -> str:
        """Optuna's storage."""
        return self.database_url or f"sqlite:///{(self.home / 'optuna.db').absolute()}"

    @property
    def artifacts(self) -> Path:
        return self.home / "mlartifacts"
