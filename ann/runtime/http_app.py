"""An `AnytimePredictor` as an ASGI application: images in, the best answer by the deadline out."""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import threading
import time

import numpy as np
import prometheus_client
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ann.runtime.early_exit import probabilities
from ann.runtime.http_body import decoders
from ann.runtime.http_metrics import CountRequests, Metrics

MAX_BYTES = 2**23

_MAX_DEADLINE_MS = 60_000
_MAX_BUDGET = 1e18
_RECEIVE_SECONDS = 30
_LOG = logging.getLogger(__name__)


def create_app(predictor, *, max_bytes=MAX_BYTES, workers=None) -> Starlette:
    """The service: `POST /predict`, `GET /`, `GET /health`, `GET /metrics`. docs/serve.md says what
    goes in and out.

    The time that a request's body takes to come and to be decoded, and that the request waits for a
    thread, is taken off its deadline.

    Args:
        predictor: `AnytimePredictor`.
        max_bytes: of a body.
        workers: images decoded and predicted at a time, each on a thread; default the number of
            cores.

    Returns:
        ASGI application. Its start warms the threads up.
    """
    service = _Service(predictor, max_bytes, workers or os.cpu_count())
    routes = [
        Route("/", service.summary),
        Route("/health", service.health),
        Route("/metrics", service.metrics_text),
        Route("/predict", service.predict, methods=["POST"]),
    ]
    counting = Middleware(CountRequests, service.metrics.requests, {route.path for route in routes})
    handlers = {HTTPException: _refuse, ClientDisconnect: _refuse_half}
    return Starlette(
        routes=routes, middleware=[counting], exception_handlers=handlers, lifespan=service.lifespan
    )


class _Service:
    def __init__(self, predictor, max_bytes, workers):
        self._predictor, self._max_bytes, self._workers = predictor, max_bytes, workers
        self._decoders = decoders(predictor.input_shape, predictor.manifest["input"]["dtype"])
        self.metrics = Metrics(predictor.exit_names)

    @contextlib.asynccontextmanager
    async def lifespan(self, app):
        with concurrent.futures.ThreadPoolExecutor(self._workers, "predict") as self._pool:
            self._warm_up()
            yield

    def _warm_up(self):
        """Lets each thread predict once: an engine may keep something for each."""
        image = np.zeros(self._predictor.input_shape, self._predictor.manifest["input"]["dtype"])
        all_started = threading.Barrier(self._workers)

        def warm_up(_):
            all_started.wait()
            self._predictor.predict(image)

        list(self._pool.map(warm_up, range(self._workers)))

    async def summary(self, request):
        manifest = self._predictor.manifest
        exits = [dict(exit) for exit in manifest["exits"]]
        if self._predictor.latency is not None:
            for exit, seconds in zip(exits, self._predictor.latency.tolist(), strict=True):
                exit["seconds"] = seconds
        summary = {name: manifest[name] for name in ("model", "input", "num_classes", "versions")}
        return JSONResponse(
            {
                **summary,
                "engine": self._predictor.engine,
                "accepts": list(self._decoders),
                "exits": exits,
            }
        )

    async def health(self, request):
        return JSONResponse({"status": "ready"})

    async def metrics_text(self, request):
        return Response(self.metrics.text(), media_type=prometheus_client.CONTENT_TYPE_LATEST)

    async def predict(self, request):
        received = time.perf_counter()
        deadline_ms = _number(request, "Deadline-Ms", _MAX_DEADLINE_MS)
        ends = None if deadline_ms is None else received + deadline_ms / 1000
        budget = _number(request, "Budget-Macs", _MAX_BUDGET)
        decode = self._decoder(request)
        body = await self._body(request)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._pool, self._answer, decode, body, ends, budget)
        seconds = time.perf_counter() - received
        self.metrics.seconds.observe(seconds)
        self.metrics.exits.labels(answer["name"]).inc()
        self.metrics.late.inc(answer["late"])
        return JSONResponse({**answer, "seconds": seconds})

    def _decoder(self, request):
        name = request.headers.get("content-type", "")
        decode = self._decoders.get(name.partition(";")[0].strip().lower())
        if decode is None:
            message = f"Content-Type must be one of {list(self._decoders)}. Received: {name!r}"
            if name.startswith("image/"):
                message += "; an export takes pictures if it holds its preprocessing"
            raise HTTPException(415, message)
        return decode

    async def _body(self, request):
        body = bytearray()
        try:
            async with asyncio.timeout(_RECEIVE_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > self._max_bytes:
                        raise HTTPException(
                            413, f"a body must have at most {self._max_bytes} bytes. Received: more"
                        )
        except TimeoutError as error:
            message = f"a body must come within {_RECEIVE_SECONDS} seconds. Received: {len(body)} bytes of it"
            raise HTTPException(408, message) from error
        return bytes(body)

    def _answer(self, decode, body, ends, budget):
        """Runs on a thread of the pool."""
        try:
            image = decode(body)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        left = None if ends is None else ends - time.perf_counter()
        try:
            answer = self._predictor.predict(
                image, None if left is None else max(0.0, left), budget_macs=budget
            )
        except Exception as error:
            _LOG.exception("the engine failed")
            raise HTTPException(
                500, "the engine failed; the log of the service says why"
            ) from error
        if not np.isfinite(answer.logits).all():
            raise HTTPException(400, "the network's answer to these numbers is not finite")
        return {
            "exit": answer.exit,
            "name": self._predictor.exit_names[answer.exit],
            "class": int(answer.logits.argmax()),
            "probabilities": probabilities(answer.logits).tolist(),
            "macs": answer.macs,
            "late": answer.late or (left is not None and left < 0),
        }


def _number(request, name, most):
    """Value of a header, or None without one."""
    text = request.headers.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= most:
        raise HTTPException(
            400, f"{name} must be a number from 0 to {most:g}. Received: {name}={text!r}"
        )
    return value


async def _refuse(request, error):
    message = error.detail
    if error.status_code == 404:
        message = f"there are /, /health, /metrics and /predict. Received: {request.url.path}"
    elif error.status_code == 405:
        message = f"{request.url.path} takes {error.headers['Allow']}. Received: {request.method}"
    return JSONResponse({"error": message}, error.status_code, error.headers)


async def _refuse_half(request, error):
    return await _refuse(request, HTTPException(400, "the client left before its body was whole"))
