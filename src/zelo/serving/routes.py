"""Thin routes over a service: read the request, ask, write the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic_core import to_json

from zelo.errors import LedgerError, RequestError, SpecError
from zelo.serving.answers import Answer
from zelo.serving.batching import Batcher
from zelo.serving.bodies import read_json
from zelo.serving.explain import MOST_EXPLAINED, Answered, Explanation, check_explainable, explained
from zelo.serving.extension import Extension
from zelo.serving.field_types import Moment
from zelo.serving.metrics import Metrics
from zelo.serving.openapi import answers, takes
from zelo.serving.problems import problem
from zelo.serving.request_log import log_refused
from zelo.serving.scoring import Question
from zelo.serving.service import Service
from zelo.serving.worth import MOST_QUEUED
from zelo.spec.project import Aliases

MOST_LISTED = 1_000
_LISTED = 100
_QUEUED = 20
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

Explain = Annotated[
    bool,
    Query(description="tell what each field added to the score and, of one binary row, the nearest change"),
]
Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="the most predictions to answer")]


@dataclass(frozen=True)
class Served:
    """A project as the app serves it."""

    service: Service
    batcher: Batcher[Question, Sequence[Answer]]
    metrics: Metrics
    max_body_bytes: int
    extension: Extension | None = None
    # Apart from the predictions, which shall not wait for hundreds of rows a row.
    explainer: Batcher[Answered, list[Explanation]] = field(
        default_factory=lambda: Batcher(explained, max_waiting_rows=MOST_EXPLAINED)
    )

    @property
    def name(self) -> str:
        return self.service.name

    def ask(self, read: Callable[[bytes], Question], body: bytes) -> Question:
        """A question from a body; what its rows break is counted. Raises RequestError."""
        try:
            question = read(body)
        except RequestError as error:
            # A field named without a place in a batch is that of a single row.
            rows = len({fault.index for fault in error.errors})
            self.metrics.refused(self.name, rows, error.errors)
            log_refused(self.service.model.bundle.project, error.errors)
            raise
        self.metrics.asked(self.name, body)
        self.metrics.refused(self.name, question.bad_rows, question.errors)
        log_refused(self.service.model.bundle.project, question.errors)
        return question

    async def close(self) -> None:
        """Answer what waits, and take no more."""
        await self.batcher.close()
        await self.explainer.close()

    def health(self) -> dict[str, Any]:
        """How the service is, and what its extension adds."""
        found = self.service.health()
        if self.extension is None:
            return found
        try:
            return found | self.extension.health()
        except LedgerError as error:
            return found | {"status": "degraded", "extension": {"reason": error.what}}


def project_router(served: Served) -> APIRouter:
    """The routes of one project, without a prefix."""
    router = APIRouter(tags=[served.name])
    _add_predicting(router, served)
    _add_records(router, served)
    _add_operations(router, served)
    return router


def alias_router(served: Served) -> APIRouter:
    """The paths that a project's ``serving.aliases`` name, from the root.

    Raises:
        SpecError: a path is not one that can be served.
    """
    service = served.service
    project = service.model.bundle.project
    aliases = project.serving.aliases
    router = APIRouter(tags=[served.name])
    # The ranking first: its path may look like an entity's.
    if aliases.ranking is not None:
        _check_alias(project.name, "ranking", aliases.ranking, placeholders=0)
        router.get(aliases.ranking, responses=answers("the ranking", None, 422, 503))(
            _ranking_endpoint(service, aliases)
        )
    if aliases.latest is not None:
        (name,) = _check_alias(project.name, "latest", aliases.latest, placeholders=1)

        def latest(entity: str = Path(alias=name)) -> Response:
            return _json(service.latest(entity))

        router.get(aliases.latest, responses=answers("the latest prediction", None, 404, 422, 503))(latest)
    return router


def metrics_endpoint(metrics: Metrics) -> Response:
    """Everything counted so far."""
    return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


def readiness(services: Sequence[Service], *, stopping: bool) -> Response:
    """Whether requests can be answered now."""
    if stopping:
        return problem(503, "the server is stopping", code="not_ready")
    for service in services:
        ledger = service.health()["ledger"]
        if not ledger["reachable"]:
            return problem(503, f"{service.name}: {ledger['reason']}", code="not_ready")
    return _json({"ready": True})


async def predicted(served: Served, request: Request) -> Answer:
    """The answer to a request of one row. Raises RequestError, OverloadError, LedgerError, HTTPException."""
    question = served.ask(served.service.ask_row, await read_json(request, served.max_body_bytes))
    (answer,) = await served.batcher.submit(question, question.size)
    return answer


async def predicted_many(served: Served, request: Request) -> Answer:
    """The answer to a request of many rows; a bad one is reported beside the others."""
    question = served.ask(served.service.ask_rows, await read_json(request, served.max_body_bytes))
    return _placed(question, await served.batcher.submit(question, question.size))


async def predicted_why(served: Served, request: Request, *, many: bool) -> Answer:
    """The same with an explanation in each answer, which is not recorded.

    Raises:
        RequestError, OverloadError, LedgerError, HTTPException: as without it; or too many rows to explain.
        ConflictError: a version that may answer cannot be explained.
    """
    read = served.service.ask_rows if many else served.service.ask_row
    question = served.ask(read, await read_json(request, served.max_body_bytes))
    check_explainable(question)
    found = await served.batcher.submit(question, question.size)
    asked = Answered(question, found, nearest=not many)
    explanations = await served.explainer.submit(asked, len(question.rows))
    told = [{**answer, "explanation": one} for answer, one in zip(found, explanations, strict=True)]
    return _placed(question, told) if many else told[0]


def _placed(question: Question, found: Sequence[Answer]) -> Answer:
    placed = [{"index": index, **answer} for index, answer in zip(question.indices, found, strict=True)]
    errors = [error.as_dict() for error in question.errors]
    return {"predictions": placed, "errors": errors, "bad_rows": question.bad_rows}


def _json(content: Any) -> Response:
    return Response(to_json(content), media_type="application/json")


def _add_predicting(router: APIRouter, served: Served) -> None:
    problems = (400, 409, 413, 415, 422, 503)

    @router.post(
        "/predict",
        responses=answers("the prediction, recorded", f"{served.name}_answer", *problems),
        openapi_extra=takes(f"{served.name}_row"),
    )
    async def predict(request: Request, explain: Explain = False) -> Response:
        """Predict one row."""
        if explain:
            return _json(await predicted_why(served, request, many=False))
        return _json(await predicted(served, request))

    @router.post(
        "/predict/batch",
        responses=answers(
            "the predictions, recorded, and what is wrong with the other rows",
            f"{served.name}_answers",
            *problems,
        ),
        openapi_extra=takes(f"{served.name}_rows"),
    )
    async def predict_batch(request: Request, explain: Explain = False) -> Response:
        """Predict many rows. A bad row is reported by its index; the others are answered."""
        if explain:
            return _json(await predicted_why(served, request, many=True))
        return _json(await predicted_many(served, request))


def _add_records(router: APIRouter, served: Served) -> None:
    service, limit_bytes = served.service, served.max_body_bytes

    @router.get("/predictions/{prediction_id}", responses=answers("the prediction", None, 404, 422, 503))
    def prediction(prediction_id: str) -> Response:
        """A recorded prediction: its inputs, its version, its decision, and its outcome where it is known."""
        return _json(service.prediction(prediction_id))

    @router.get("/predictions", responses=answers("predictions", None, 422, 503))
    def predictions(
        entity: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: Limit = _LISTED,
    ) -> Response:
        """Recorded predictions, the newest first, from since on and before until."""
        found = service.predictions(entity=entity, since=since, until=until, limit=limit)
        return _json({"predictions": found})

    @router.get(
        "/queue",
        responses=answers("what to label next", f"{served.name}_queue", 422, 503),
        # A project of values has nothing to label.
        include_in_schema=bool(service.model.bundle.project.classes),
    )
    def queue(limit: Annotated[int, Query(ge=1, le=MOST_QUEUED)] = _QUEUED) -> Response:
        """Recorded predictions without an outcome, the one whose label is worth most first.

        One leaves the queue when its outcome comes to /outcomes.
        """
        return _json({"queue": service.queue(limit=limit)})

    @router.post(
        "/outcomes",
        responses=answers("what was joined", None, 400, 404, 413, 415, 422, 503),
        openapi_extra=takes(f"{served.name}_outcomes"),
    )
    async def outcomes(request: Request) -> Response:
        """Tell what turned out to be true. Of several outcomes of a prediction the last one counts."""
        body = await read_json(request, limit_bytes)
        return _json(await run_in_threadpool(service.record_outcomes, body))


def _add_operations(router: APIRouter, served: Served) -> None:
    service, metrics = served.service, served.metrics

    @router.get("/health", responses=answers("how the service is", None))
    def health() -> Response:
        """How the service is, in plain words."""
        return _json(served.health())

    @router.get("/sample-data", responses=answers("data to try it on", f"{served.name}_sample"))
    def sample() -> Response:
        """Data to try the model on: of a forecast the last history, else an example of the contract."""
        return _json(service.sample())

    @router.get("/ready", responses=answers("it is ready", None, 503))
    def ready(request: Request) -> Response:
        """Whether requests can be answered now."""
        return readiness([service], stopping=request.app.state.stopping)

    @router.get("/metrics", response_class=Response)
    def counted() -> Response:
        """What Prometheus reads."""
        return metrics_endpoint(metrics)

    @router.get("/model", responses=answers("the model", None))
    def model() -> Response:
        """The version that answers now, and how it was made."""
        return _json(service.facts())

    @router.post("/model/reload", responses=answers("the versions", None, 409))
    def reload(request: Request) -> Response:
        """Load the champion; no request is dropped, and where it cannot be loaded the old version stays.

        Of several workers the one that is asked has loaded it; the others follow within about a second.
        """
        before, after = service.reload()
        if request.app.state.siblings is not None:
            request.app.state.siblings.call()
        return _json({"previous_version": before, "model_version": after, "changed": before != after})


def _ranking_endpoint(service: Service, aliases: Aliases) -> Any:
    def ranking(
        minimum: float | None = Query(None, alias=aliases.minimum, allow_inf_nan=False),
        limit: int = Query(_LISTED, alias=aliases.limit, ge=1, le=MOST_LISTED),
    ) -> Response:
        """The latest prediction of each entity, the highest score first."""
        return _json({"predictions": service.ranking(minimum_score=minimum, limit=limit)})

    return ranking


def _check_alias(project: str, key: str, path: str, *, placeholders: int) -> list[str]:
    names = _PLACEHOLDER.findall(path)
    rest = _PLACEHOLDER.sub("", path)
    if not path.startswith("/") or len(names) != placeholders or "{" in rest or "}" in rest:
        raise SpecError(
            f"serving.aliases.{key} cannot be served",
            where=project,
            found=path,
            expected="a path from / on" + (" with one {name}" if placeholders else " without {name}"),
        )
    return names
