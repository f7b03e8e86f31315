"""ASGI middleware around every request: who may ask, its id, the counters, one line of the log."""

import datetime
import hmac
import logging
import re
import time
import uuid

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

ALWAYS_ANSWERED = ("/health", "/ready", "/metrics")  # however many connections there are
OPEN = ("/", "/health", "/ready", "/openapi.json", "/page/")  # without a token

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ACCESS_LOG = logging.getLogger("ann.access")


class Observe:
    """Answers 401 and 503 itself, passes everything else on.

    Every answer carries `X-Request-Id`: the client's, if it sent one of up to 64 letters, digits,
    dots, underscores and hyphens; otherwise a new one.

    Args:
        app: the ASGI application within.
        counter: `Metrics.requests`.
        paths: those that are counted apart.
        token: that clients must send, or None.
    """

    def __init__(self, app, counter, paths, token=None):
        self._app, self._counter, self._paths = app, counter, paths
        self._token = None if token is None else token.encode()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        asked = headers.get("x-request-id", "")
        state["request_id"] = asked if _REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        began = state.setdefault("arrived", time.perf_counter())
        status = 500

        async def observed(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = state["request_id"]
                path = scope["path"] if scope["path"] in self._paths else "other"
                self._counter.labels(path, status).inc()
            await send(message)

        try:
            await (self._refusal(scope, headers) or self._app)(scope, receive, observed)
        finally:
            self._log(scope, state, status, time.perf_counter() - began)

    def _refusal(self, scope, headers):
        """The response to a request that is not passed on, or None."""
        path = scope["path"]
        if scope["state"].get("over_limit") and path not in ALWAYS_ANSWERED:
            return too_busy("too many connections are open. Received: one more")
        if self._token is None or path in OPEN or path.startswith("/page/"):
            return None
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), self._token):
            return None
        message = "Authorization must be 'Bearer' and the token of this service. Received: another"
        return JSONResponse({"error": message}, 401, {"WWW-Authenticate": "Bearer"})

    def _log(self, scope, state, status, seconds):
        if not _ACCESS_LOG.isEnabledFor(logging.INFO):
            return
        client = scope.get("client") or (None,)
        line = {
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            "request_id": state["request_id"],
            "client": client[0],
            "method": scope["method"],
            "path": scope["path"][:256],
            "status": status,
            "seconds": round(seconds, 6),
            **state.get("log", {}),
        }
        _ACCESS_LOG.info(msgspec.json.encode(line).decode())


def too_busy(message) -> JSONResponse:
    """503, to be tried again in a second."""
    return JSONResponse({"error": message}, 503, {"Retry-After": "1"})
