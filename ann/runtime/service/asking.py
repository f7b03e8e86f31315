"""What a request asks for: by when, for how much, of which body."""

import asyncio
import dataclasses

from starlette.exceptions import HTTPException

MAX_DEADLINE_MS = 60_000
MAX_BUDGET = 1e18
RECEIVE_SECONDS = 10


@dataclasses.dataclass(frozen=True)
class Limits:
    """Of one request's answer.

    Attributes:
        arrived: `time.perf_counter()` when the headers were there.
        ends: when the answer is wanted, or None.
        budget_macs: multiply-accumulates to spend for an image, or None.
    """

    arrived: float
    ends: float | None
    budget_macs: float | None


def limits(request) -> Limits:
    """Reads the headers `Deadline-Ms` and `Budget-Macs`.

    Raises:
        HTTPException: one of them is not a number in its range.
    """
    arrived = request.scope["state"]["arrived"]
    deadline_ms = _number(request, "Deadline-Ms", MAX_DEADLINE_MS)
    ends = None if deadline_ms is None else arrived + deadline_ms / 1000
    return Limits(arrived, ends, _number(request, "Budget-Macs", MAX_BUDGET))


def _number(request, name, most):
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


def format_of(request, formats):
    """The `Format` of the request's body.

    Raises:
        HTTPException: the body is of a type that the network does not take, or compressed.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise HTTPException(
            415, f"a body must not be compressed. Received: Content-Encoding={encoding!r}"
        )
    name = request.headers.get("content-type", "")
    format = formats.get(name.partition(";")[0].strip().lower())
    if format is None:
        message = f"Content-Type must be one of {list(formats)}. Received: {name!r}"
        if name.startswith("image/") and "image/png" not in formats:
            message += "; pictures are for /predict and /refine of networks that take uint8 pixels"
        raise HTTPException(415, message)
    return format


async def receive(request, max_bytes: int) -> bytes:
    """The body of a request, read no further than `max_bytes`.

    Raises:
        HTTPException: it is larger, or takes longer than `RECEIVE_SECONDS`.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise _too_large(max_bytes, f"Content-Length={announced}")
    body = bytearray()
    try:
        async with asyncio.timeout(RECEIVE_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > max_bytes:
                    raise _too_large(max_bytes, "more")
    except TimeoutError as error:
        raise HTTPException(
            408,
            f"a body must come within {RECEIVE_SECONDS} seconds. Received: {len(body)} bytes of it",
        ) from error
    return bytes(body)


def _too_large(max_bytes, received):
    message = f"a body of this type must have at most {max_bytes} bytes. Received: {received}"
    return HTTPException(413, message)
