"""An `AnytimePredictor` as an ASGI application: images in, the best answer by the deadline out."""

import asyncio
import contextlib
import functools
import logging
import os
import pathlib
import signal
import time
from concurrent.futures.process import BrokenProcessPool

import msgspec
import numpy as np
import prometheus_client
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ann.runtime.early_exit import probabilities
from ann.runtime.service import asking, openapi
from ann.runtime.service.bodies import BodyError
from ann.runtime.service.heavy import HeavyDecoder
from ann.runtime.service.metrics import Metrics
from ann.runtime.service.observe import Observe, too_busy
from ann.runtime.service.scheduler import EngineFailed, Job, QueueFull, Scheduler
from ann.runtime.service.served import Served

MAX_BYTES = 2**23
MAX_WAITING = 256
MAX_BATCH = 64

_PAGE = pathlib.Path(__file__).parent / "page"
_SOURCES = "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'"
_POLICY = {
    "Content-Security-Policy": _SOURCES,
    "X-Content-Type-Options": "nosniff",
}
_LOG = logging.getLogger(__name__)


def create_app(
    predictor,
    *,
    workers=None,
    max_bytes=MAX_BYTES,
    max_waiting=MAX_WAITING,
    max_batch=MAX_BATCH,
    class_names=None,
    token=None,
    load=None,
    scheduler=Scheduler,
) -> Starlette:
    """The service. docs/serve.md says what goes in and out, `GET /openapi.json` tells programs.

    Everything that happens to a request between its headers and its answer is taken off its
    deadline: the time that the body takes to come and to be decoded, and the wait for its turn.

    Args:
        predictor: `AnytimePredictor`.
        workers: images that run at a time, each on a thread; default the number of cores.
        max_bytes: of a picture; other bodies are bounded by the shape of the network's input.
        max_waiting: images that may wait; further ones are refused.
        max_batch: images in the body of `POST /predict/batch`.
        class_names: name of each class, for the answers.
        token: that clients must send as `Authorization: Bearer`; default none.
        load: function that makes another predictor, called on SIGHUP.
        scheduler: class of the queue.

    Returns:
        ASGI application.

    Raises:
        ValueError: another number of class names than of classes.
    """
    workers = workers or os.cpu_count()
    make = functools.partial(
        Served,
        workers=workers,
        max_waiting=max_waiting,
        max_batch=min(max_batch, max_waiting),
        class_names=class_names,
        scheduler=scheduler,
    )
    service = _Service(make, predictor, max_bytes, load)
    routes = [
        Route("/", service.first_page),
        Route("/health", service.health),
        Route("/ready", service.ready),
        Route("/metrics", service.metrics_text),
        Route("/openapi.json", service.openapi),
        Route("/predict", service.predict, methods=["POST"]),
        Route("/predict/batch", service.predict_batch, methods=["POST"]),
        Route("/refine", service.refine, methods=["POST"]),
    ]
    paths = {route.path for route in routes}
    app = Starlette(
        routes=[*routes, Mount("/page", StaticFiles(directory=_PAGE))],
        middleware=[Middleware(Observe, service.metrics.requests, paths, token)],
        exception_handlers={
            HTTPException: functools.partial(_refuse, sorted(paths)),
            ClientDisconnect: _client_left,
            BodyError: _bad_body,
            QueueFull: _queue_full,
            BrokenProcessPool: _decoder_ended,
            EngineFailed: _engine_failed,
        },
        lifespan=service.lifespan,
    )
    app.state.metrics = service.metrics
    app.router.redirect_slashes = False  # a redirect would repeat whatever Host the client sent
    return app


class _Service:
    def __init__(self, make, predictor, max_bytes, load):
        self._make, self._max_bytes, self._load = make, max_bytes, load
        self._served = make(predictor)
        self._heavy = HeavyDecoder()
        self._reloading = None
        self.metrics = Metrics(predictor.exit_names)
        self.metrics.watch(lambda: self._served.scheduler.waiting)

    @contextlib.asynccontextmanager
    async def lifespan(self, app):
        loop = asyncio.get_running_loop()
        if self._served.has_heavy_bodies:
            await self._heavy.start()
        if self._load is not None:
            loop.add_signal_handler(signal.SIGHUP, self._begin_reload)
        yield
        if self._load is not None:
            loop.remove_signal_handler(signal.SIGHUP)
        await asyncio.to_thread(self._served.close)
        self._heavy.close()

    def _begin_reload(self):
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload())

    async def _reload(self):
        """Puts another network in place; requests in progress keep the one that they began with."""
        _LOG.info("reloading")
        try:
            made = await asyncio.to_thread(lambda: self._make(self._load()))
        except Exception as error:
            # What whoever put the folder there can get wrong is said in one line.
            unexpected = not isinstance(error, (ValueError, ImportError, OSError))
            message = "the reload failed; the network in service stays: %s"
            _LOG.error(message, error, exc_info=unexpected)
            self.metrics.reloads.labels("failed").inc()
            return
        old, self._served = self._served, made
        self.metrics.reloads.labels("done").inc()
        _LOG.info("reloaded")
        await old.unused()
        await asyncio.to_thread(old.close)

    async def first_page(self, request):
        if "text/html" in request.headers.get("accept", ""):
            return FileResponse(_PAGE / "index.html", headers={"Vary": "Accept", **_POLICY})
        return _json(self._served.summary(), headers={"Vary": "Accept"})

    async def openapi(self, request):
        return _json(openapi.document(self._served, self._max_bytes))

    def _status(self):
        return "overloaded" if self._served.scheduler.full else "ready"

    async def health(self, request):
        return _json({"status": self._status()})

    async def ready(self, request):
        status = self._status()
        return _json({"status": status}, 200 if status == "ready" else 503)

    async def metrics_text(self, request):
        return Response(self.metrics.text(), media_type=prometheus_client.CONTENT_TYPE_LATEST)

    async def predict(self, request):
        with self._served.in_use() as served:
            limits = self._limits(request, served)
            image = await self._image(request, served.formats)
            job = Job(image, limits.ends, limits.budget_macs)
            served.scheduler.submit([job])
            answer = await asyncio.wrap_future(job.future)
            served.scheduler.note_reply(time.perf_counter() - job.answered)
            said = self._say(served, answer, limits)
            request.state.log = {name: said[name] for name in ("exit", "late")}
            return _json(said)

    async def predict_batch(self, request):
        with self._served.in_use() as served:
            limits = self._limits(request, served)
            images = await self._image(request, served.batch_formats)
            images = await asyncio.to_thread(images)
            jobs = [
                Job(lambda image=image: image, limits.ends, limits.budget_macs) for image in images
            ]
            served.scheduler.submit(jobs)
            answers = await asyncio.gather(*(asyncio.wrap_future(job.future) for job in jobs))
            request.state.log = {"images": len(jobs)}
            return _json({"answers": [self._say(served, answer, limits) for answer in answers]})

    async def refine(self, request):
        with self._served.in_use() as served:
            limits = self._limits(request, served)
            image = await self._image(request, served.formats)
        answers = _Answers(served, image, limits)
        await answers.first()

        async def events():
            with served.in_use():
                try:
                    async for answer, answered in answers:
                        yield _event("answer", self._say(served, answer, limits, answered))
                    yield _event("end", {})
                except (BodyError, EngineFailed) as error:
                    yield _event("error", {"error": str(error)})

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events(), media_type="text/event-stream", headers=headers)

    def _limits(self, request, served):
        limits = asking.limits(request)
        if limits.budget_macs is not None and not served.has_costs:
            raise HTTPException(
                400,
                "Budget-Macs needs a network whose costs are known; GET / says what is. "
                f"Received: Budget-Macs={limits.budget_macs:g}",
            )
        return limits

    async def _image(self, request, formats):
        """Function that makes the image, or the images, of a request's body."""
        format = asking.format_of(request, formats)
        body = await asking.receive(request, format.max_bytes or self._max_bytes)
        if not format.is_heavy(body):
            return functools.partial(format.decode, body)
        image = await self._heavy.decode(format.decode, body)
        return lambda: image

    def _say(self, served, answer, limits, answered=None):
        """An answer as a dict, counted; `answered`: when it was there, if not just now."""
        if not np.isfinite(answer.logits).all():
            raise BodyError("the network's answer to these numbers is not finite")
        name = served.predictor.exit_names[answer.exit]
        index = int(answer.logits.argmax())
        answered = answered or time.perf_counter()
        late = answer.late or (limits.ends is not None and answered > limits.ends)
        self.metrics.seconds.observe(answered - limits.arrived)
        self.metrics.exits.labels(name).inc()
        self.metrics.late.inc(late)
        named = {"class_name": served.class_names[index]} if served.class_names else {}
        return {
            "exit": answer.exit,
            "name": name,
            "class": index,
            **named,
            "probabilities": probabilities(answer.logits).tolist(),
            "macs": answer.macs,
            "late": late,
            "seconds": answered - limits.arrived,
        }


class _Answers:
    """The answers to one image, exit by exit, from a worker's thread to the event loop."""

    def __init__(self, served, image, limits):
        self._loop, self._queue = asyncio.get_running_loop(), asyncio.Queue()
        self._wanted, self._first = True, None
        job = Job(image, limits.ends, limits.budget_macs, self._on_answer)
        served.scheduler.submit([job])
        self._future = job.future
        self._future.add_done_callback(lambda _: self._put(None))

    def _on_answer(self, answer):
        self._put((answer, time.perf_counter()))
        return self._wanted

    def _put(self, answer_and_time):
        self._loop.call_soon_threadsafe(self._queue.put_nowait, answer_and_time)

    async def first(self):
        """Waits for the first answer.

        Raises:
            BodyError: the body holds no image.
        """
        self._first = await self._queue.get()
        if self._first is None:
            self._future.result()

    async def __aiter__(self):
        try:
            answer = self._first
            while answer is not None:
                yield answer
                answer = await self._queue.get()
            self._future.result()
        finally:  # the client may have left
            self._wanted = False


def _json(content, status=200, headers=None):
    return Response(_encode(content), status, headers, "application/json")


_encode = msgspec.json.encode


def _event(name, content):
    return b"event: %b\ndata: %b\n\n" % (name.encode(), _encode(content))


async def _refuse(paths, request, error):
    message = error.detail
    if error.status_code == 404:
        message = f"there are {', '.join(paths)}. Received: {request.url.path}"
    elif error.status_code == 405:
        message = f"{request.url.path} takes {error.headers['Allow']}. Received: {request.method}"
    return JSONResponse({"error": message}, error.status_code, error.headers)


async def _bad_body(request, error):
    return JSONResponse({"error": str(error)}, 400)


async def _client_left(request, error):
    return JSONResponse({"error": "the client left before its body was whole"}, 400)


async def _queue_full(request, error):
    return too_busy(str(error))


async def _decoder_ended(request, error):
    return too_busy("the process that decodes large bodies was ended; another one is started")


async def _engine_failed(request, error):
    return JSONResponse({"error": str(error)}, 500)
