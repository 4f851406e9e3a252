"""The service: points out, for images or rows in. Everything else is a sentence with a status."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from spoton._version import __version__
from spoton.data import Array
from spoton.errors import SpotonError
from spoton.models import Card, Model
from spoton.models._model import CannotPredict
from spoton.optional import require
from spoton.serving._bodies import Inputs, read_body
from spoton.serving._limits import Limits, Refusal
from spoton.serving._openapi import ANSWERS, ERRORS, describe, request_body
from spoton.serving._page import headers_of_page, page
from spoton.serving._work import Place, Work

log = logging.getLogger("spoton.serving")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def make_app(model: Model, limits: Limits | None = None, *, hosts: tuple[str, ...] | None = None) -> Any:
    """The service as an ASGI application, for uvicorn or another server.

    Args:
        model: what answers.
        limits: what is taken at most.
        hosts: names that a request may have in its header Host, without the port; None for any. Other sites' names can
            be made to lead to this machine, and a browser here would then tell them what it says.

    Raises:
        MissingExtra: the extra `serve` is not installed.
    """
    require("python_multipart")
    fastapi = require("fastapi")
    from fastapi.responses import HTMLResponse, JSONResponse
    from starlette.exceptions import HTTPException

    limits = limits or Limits()
    work = Work(limits)
    card = model.card

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        work.close()

    app = fastapi.FastAPI(
        title=f"{card.task['name']} by {card.learner['name']}",
        version=__version__,
        description=describe(card, limits),
        docs_url=None,  # its pages load their scripts from another server
        redoc_url=None,
        lifespan=lifespan,
    )
    told = public(card)

    async def predict(request: Any) -> Any:
        async with work.place() as place:
            body = await _body(request, limits, place)
            kind = request.headers.get("content-type", "")
            return JSONResponse(await place.run(answer, model, body, kind, limits))

    predict.__annotations__["request"] = fastapi.Request  # FastAPI reads it, and the module knows no fastapi
    app.post(
        "/predict",
        operation_id="predict",
        summary="Answers for images or rows",
        responses={200: ANSWERS, **ERRORS},
        openapi_extra=request_body(card),
        response_class=JSONResponse,
    )(predict)

    async def health() -> dict[str, Any]:
        return {"status": "ok", "requests": work.inside}

    async def about() -> dict[str, Any]:
        return told

    async def root() -> Any:
        return HTMLResponse(page(card, app.openapi(), limits), headers=headers_of_page())

    app.get("/health", summary="Whether the service is there", response_description="it is")(health)
    app.get("/model", summary="What the model is, was fitted on and answers", response_description="its card")(about)
    for path in ("/", "/docs"):
        app.get(path, include_in_schema=False, response_class=HTMLResponse)(root)

    async def refused(_: Any, error: Any) -> Any:
        return _sentence(error.status, str(error), error.again)

    async def strayed(_: Any, error: Any) -> Any:
        return _sentence(error.status_code, _of_status(error.status_code), allow=(error.headers or {}).get("Allow"))

    async def broken(_: Any, error: Any) -> Any:
        return _sentence(500, "something broke here, and the log of the service says what")

    app.add_exception_handler(Exception, broken)
    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(HTTPException, strayed)
    return Guard(app, hosts)


def answer(model: Model, body: bytes, kind: str, limits: Limits) -> dict[str, Any]:
    """What a request is answered.

    Raises:
        Refusal: the request is not as it has to be, or the model has no answer.
    """
    given = read_body(body, kind, model.card, limits)
    try:
        found = _predicted(model, given)
    except CannotPredict as error:
        raise (error.__cause__ or error) from None  # a mistake of ours, or of the model: nobody's who asks
    except SpotonError as error:
        raise Refusal(422, str(error)) from error
    except MemoryError:
        raise Refusal(413, "there is too little memory for so much at once; send less") from None
    answers = model.card.answers
    held: dict[str, Any] = {"columns": answers["columns"], "unit": answers["unit"], "answers": found.tolist()}
    if answers["points"]:
        places = [[answers["columns"].index(name) for name in pair] for pair in answers["points"]]
        held["points"] = [[[row[x], row[y]] for x, y in places] for row in held["answers"]]
    if given.files is not None:
        held["files"] = given.files
    return held


def _predicted(model: Model, given: Inputs) -> Array:
    if not isinstance(given.X, list):
        return model.predict(given.X, given.labels)
    labels = [None] * len(given.X) if given.labels is None else given.labels[:, None]
    return np.concatenate([model.predict(one[None], label) for one, label in zip(given.X, labels, strict=True)])


def public(card: Card) -> dict[str, Any]:
    """The card without what is nobody's concern: machine, paths and command of the fit, and rows of its data."""
    held = dataclasses.asdict(card)
    del held["provenance"], held["predictions"]
    found: dict[str, Any] = _finite(held)
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)


async def _body(request: Any, limits: Limits, place: Place) -> bytes:
    """All of the body, in time and not too much of it."""
    from starlette.requests import ClientDisconnect

    too_large = f"the body has more than {limits.bytes:,} bytes; send less at once"
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said[:20]) > limits.bytes:
        raise Refusal(413, too_large)
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(limits.seconds):
            async for part in request.stream():
                if place.bytes + len(part) > limits.bytes:
                    raise Refusal(413, too_large)
                place.hold(len(part))
                parts.append(part)
    except ClientDisconnect:
        raise Refusal(400, "the client went away before the request was there") from None
    except TimeoutError:
        raise Refusal(408, f"the request did not arrive within {limits.seconds:g} seconds; send it at once") from None
    return b"".join(parts)


def _of_status(status: int) -> str:
    if status == 404:
        return "there is nothing here; POST to /predict, or GET /, /health, /model or /openapi.json"
    if status == 405:
        return "that method is not for this address; POST to /predict, and GET the others"
    return f"the request was not understood (status {status}); see /"


def _sentence(status: int, sentence: str, again: int | None = None, allow: str | None = None) -> Any:
    from fastapi.responses import JSONResponse

    more = {"Retry-After": str(again)} if again else {}
    if allow:
        more["Allow"] = allow
    if status in (408, 413, 503):
        more["Connection"] = "close"  # what is still to come of the body is not read
    return JSONResponse({"error": sentence}, status, more)


class Guard:
    """Outermost: whom a request was meant for, and the headers of every answer."""

    def __init__(self, app: Any, hosts: tuple[str, ...] | None) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                more = [(n.lower().encode(), v.encode()) for n, v in HEADERS.items() if n.lower().encode() not in there]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        if not self._meant(scope):
            hosts = ", ".join(self.hosts or ())
            await _sentence(421, f"this service answers to the names {hosts} alone")(scope, receive, sending)
            return
        try:
            await self.app(scope, receive, sending)
        except Exception:  # a mistake of ours: the client has its sentence, and the log the rest
            log.exception("a request broke the service")

    def _meant(self, scope: Any) -> bool:
        if self.hosts is None:
            return True
        given = [value for name, value in scope["headers"] if name == b"host"]
        host = given[0].decode("latin-1").lower() if len(given) == 1 else ""
        name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
        return name in self.hosts
