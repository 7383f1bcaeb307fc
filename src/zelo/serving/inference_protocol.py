"""The routes of the Open Inference Protocol, under /v2: another way to ask what /predict/batch answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from zelo import __version__
from zelo.errors import RequestError, UnknownError, ZeloError
from zelo.serving.answers import Answer, body_of
from zelo.serving.bodies import read_json
from zelo.serving.openapi import answer_schema
from zelo.serving.problems import Problem, kind_of
from zelo.serving.quick import PLACE
from zelo.serving.routes import Served, readiness
from zelo.serving.schema import CheckedRows, RequestSchema
from zelo.serving.scoring import Model, decisions_of
from zelo.serving.tensors import InferenceRequest, as_bytes, inputs_of, outputs_of, read_request, rows_of

_HEAD = "Inference-Header-Content-Length"
# Triton's client declares nothing.
_TAKEN = (b"", b"application/json", b"application/octet-stream")
_SAID_FAULTS = 10
_REF = "#/components/schemas/{model}"
_FAILURES = {
    400: "the request cannot be read",
    404: "there is no such model or version",
    413: "the body is too large",
    415: "the body is declared as what the protocol does not send",
    422: "a row, or a name, is not valid; nothing is answered",
    503: "try again later: too much is waiting, or the ledger cannot be written",
}
Name = Annotated[str, Path(description="a served project")]
Version = Annotated[str, Path(description="the version that is champion")]


class _Failure(Problem):
    """An error as the protocol has it."""

    media_type = "application/json"


class _Route(APIRoute):
    """A route that is counted under its model, and tells errors as the protocol does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            request.scope[PLACE] = ("", self.path)
            try:
                return await answer(request)
            except ZeloError as error:
                status, code = kind_of(error)
                return _failed(status, _in_words(error), code)
            except HTTPException as error:
                return _failed(error.status_code, error.detail, "http_error", error.headers)
            except RequestValidationError as error:
                return _failed(422, str(error.errors()[0]["msg"]), "query_not_valid")

        return answered


def protocol_router(served: Sequence[Served]) -> APIRouter:
    """The routes of every served project, each a model by its name."""
    router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"], route_class=_Route)
    _add_server(router, served)
    models = {one.name: one for one in served}
    _add_models(router, models)
    _add_infer(router, models)
    return router


def _add_server(router: APIRouter, served: Sequence[Served]) -> None:
    @router.get("", responses=_responses("what serves", "ServerMetadata"))
    def server() -> Response:
        """What serves, and the protocol's extensions that it knows."""
        return _json({"name": "zelo", "version": __version__, "extensions": ["binary_tensor_data"]})

    @router.get("/health/live", responses=_responses("the process answers", "Liveness"))
    def live() -> Response:
        """Whether the process answers."""
        return _json({"live": True})

    @router.get("/health/ready", responses=_readiness())
    def ready(request: Request) -> Response:
        """Whether every model can answer now."""
        return _ready(request, served, {})


def _add_models(router: APIRouter, models: Mapping[str, Served]) -> None:
    @router.get("/models/{model}", responses=_responses("the model", "ModelMetadata", 404, 422))
    def metadata(request: Request, model: Name) -> Response:
        """The fields that a model takes, and the parts of its answers."""
        return _json(_metadata(_served(request, models, model).service.model))

    @router.get("/models/{model}/versions/{version}", responses=_responses("it", "ModelMetadata", 404, 422))
    def version_metadata(request: Request, model: Name, version: Version) -> Response:
        """The same of a version; the champion alone is served by its number."""
        return _json(_metadata(_of_version(_served(request, models, model), version)))

    @router.get("/models/{model}/ready", responses=_readiness(404, 422))
    def ready(request: Request, model: Name) -> Response:
        """Whether a model can answer now."""
        return _ready(request, [_served(request, models, model)], {"name": model})

    @router.get("/models/{model}/versions/{version}/ready", responses=_readiness(404, 422))
    def version_ready(request: Request, model: Name, version: Version) -> Response:
        """Whether a version can answer now."""
        served = _served(request, models, model)
        _of_version(served, version)
        return _ready(request, [served], {"name": model})


def _add_infer(router: APIRouter, models: Mapping[str, Served]) -> None:
    documented: Any = {
        "responses": _responses("the answers, recorded", "InferenceResponse", *_FAILURES),
        "openapi_extra": {"requestBody": {"required": True, "content": _content("InferenceRequest")}},
    }

    @router.post("/models/{model}/infer", **documented)
    async def infer(request: Request, model: Name) -> Response:
        """Predict the rows of the tensors. One bad row refuses all: the protocol has no place for it."""
        return await _infer(request, _served(request, models, model), None)

    @router.post("/models/{model}/versions/{version}/infer", **documented)
    async def version_infer(request: Request, model: Name, version: Version) -> Response:
        """The same by the champion alone, whatever the traffic is divided into."""
        return await _infer(request, _served(request, models, model), version)


async def _infer(request: Request, served: Served, version: str | None) -> Response:
    body = await read_json(request, served.max_body_bytes, taken=_TAKEN)
    head, tail = _parted(body, request.headers.get(_HEAD))
    asked = read_request(head)

    _refuse_unknown(asked, served.service.model)

    def read(requests: RequestSchema) -> CheckedRows:
        checked = requests.sorted_out(rows_of(asked, tail, max_rows=requests.max_rows))
        if checked.errors:
            raise RequestError("rows break the contract; none is answered", errors=checked.errors)
        return checked

    question = served.ask(lambda _: served.service.ask(read, version), body)
    answers = await served.batcher.submit(question, question.size)
    return _answered(asked, served.name, question.model, answers)


def _refuse_unknown(asked: InferenceRequest, model: Model) -> None:
    known = answer_schema(model.bundle.project, model.bundle.policy)["properties"]
    for wanted in asked.outputs or ():
        if wanted.name not in known:
            raise RequestError("no such output", found=wanted.name, expected=f"one of {', '.join(known)}")


def _parted(body: bytes, declared: str | None) -> tuple[bytes, bytes]:
    """The JSON, and the tensors that are sent as bytes after it."""
    if declared is None:
        return body, b""
    if not (declared.isascii() and declared.isdecimal() and int(declared) <= len(body)):
        raise RequestError(
            f"{_HEAD} is not the length of the JSON",
            found=declared[:20],
            expected=f"a number up to {len(body)}",
        )
    return body[: int(declared)], body[int(declared) :]


def _answered(asked: InferenceRequest, name: str, model: Model, answers: Sequence[Answer]) -> Response:
    outputs = outputs_of(answers)
    if asked.outputs:
        known = {tensor["name"]: tensor for tensor in outputs}
        outputs = [known[wanted.name] for wanted in asked.outputs if wanted.name in known]
    versions = {answer["model_version"] for answer in answers}
    head: dict[str, Any] = {
        "model_name": name,
        # While the traffic is divided, rows of one request may be two versions': the output tells each row's.
        "model_version": versions.pop() if len(versions) == 1 else model.version,
        **({"id": asked.id} if asked.id is not None else {}),
    }
    parts, told = [], []
    for tensor in outputs:
        if asked.wants_bytes(tensor["name"]):
            parts.append(as_bytes(tensor))
            parameters = {**tensor.get("parameters", {}), "binary_data_size": len(parts[-1])}
            told.append(
                {key: tensor[key] for key in ("name", "shape", "datatype")} | {"parameters": parameters}
            )
        else:
            told.append(tensor)
    if not parts:
        return _json({**head, "outputs": told})
    written = to_json({**head, "outputs": told}, inf_nan_mode="null")
    headers = {_HEAD: str(len(written))}
    return Response(b"".join([written, *parts]), 200, headers, "application/octet-stream")


def _metadata(model: Model) -> dict[str, Any]:
    """A model's tensors; the outputs are those of an answer to the contract's example."""
    bundle, example = model.bundle, model.requests.example()
    (decision,) = decisions_of(model, [example])
    answer = {"id": "", "model_version": ""} | body_of(decision, bundle.project, bundle.policy)
    return {
        "name": bundle.project.name,
        "versions": [model.version],
        "platform": f"zelo_{bundle.predictor.runtime}",
        "inputs": inputs_of(model.requests),
        "outputs": [
            {"name": tensor["name"], "datatype": tensor["datatype"], "shape": [-1]}
            for tensor in outputs_of([answer])
        ],
    }


def _served(request: Request, models: Mapping[str, Served], name: str) -> Served:
    if name not in models:
        raise UnknownError("no such model", found=name, expected=f"one of {', '.join(models)}")
    _, route = request.scope[PLACE]
    request.scope[PLACE] = (name, route)
    return models[name]


def _of_version(served: Served, version: str) -> Model:
    model = served.service.model
    if version != model.version:
        raise UnknownError("this version is not served", found=version, expected=model.version)
    return model


def _ready(request: Request, served: Sequence[Served], named: Mapping[str, str]) -> Response:
    found = readiness([one.service for one in served], stopping=request.app.state.stopping)
    return _json({**named, "ready": found.status_code == 200}, found.status_code)


def _json(content: Any, status: int = 200) -> Response:
    return Response(to_json(content, inf_nan_mode="null"), status, media_type="application/json")


def _failed(status: int, words: str, code: str, headers: Mapping[str, str] | None = None) -> Response:
    return _Failure(to_json({"error": words}), status, headers or {}, code)


def _in_words(error: ZeloError) -> str:
    """An error on one line. Where it happened stays in the server."""
    found = f"found {error.found}" if error.found else ""
    expected = f"expected {error.expected}" if error.expected else ""
    faults = error.errors[:_SAID_FAULTS] if isinstance(error, RequestError) else ()
    said = [
        f"{'' if fault.index is None else f'row {fault.index}, '}{fault.field}: "
        f"found {fault.found}, expected {fault.expected}"
        for fault in faults
    ]
    return "; ".join(part for part in (error.what, found, expected, *said) if part)


def _content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=schema)}}}


def _responses(meaning: str, schema: str, *failures: int) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {200: {"description": meaning, "content": _content(schema)}}
    told = _content("InferenceError")
    return found | {status: {"description": _FAILURES[status], "content": told} for status in failures}


def _readiness(*failures: int) -> dict[int | str, dict[str, Any]]:
    unready = {503: {"description": "not now", "content": _content("Readiness")}}
    return _responses("it is ready", "Readiness", *failures) | unready
