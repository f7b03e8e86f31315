"""Three thousand requests that no client should send: none brings the service to an error."""

import asyncio
import collections
import contextlib
import functools
import io
import json
import random
import re
import socket
import threading

import keras
import numpy as np
import pytest
import uvicorn
from PIL import Image

from ann import export, models
from ann.runtime import AnytimePredictor
from ann.runtime.service.app import create_app
from ann.runtime.service.connections import Connection

REQUESTS, AT_A_TIME, SECONDS = 3000, 32, 0.1
PIECES = [
    b"\x00",
    b"\xff\xfe",
    b"\r\n",
    b"\r\n\r\n",
    b": ",
    b"%00",
    b"../",
    b"[[[",
    b"]",
    b"NaN",
    b"1e999",
    b'{"a":',
    b"-1",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\n",
    b"Expect: 100-continue\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    b"Content-Encoding: gzip\r\n",
    b"X-Request-Id: \x7f\r\n",
    b"Deadline-Ms: 1e400\r\n",
    b"Budget-Macs: 0\r\n",
]


def requests():
    """Whole requests of every kind that the service takes."""
    image = np.arange(32 * 32 * 3, dtype=np.uint8).reshape(32, 32, 3)
    bodies = {"application/json": json.dumps(image.tolist()).encode()}
    bodies["application/octet-stream"] = image.tobytes()
    for format in ("JPEG", "PNG", "WEBP"):
        file = io.BytesIO()
        Image.fromarray(image).save(file, format)
        bodies[f"image/{format.lower()}"] = file.getvalue()
    for path in ("/", "/health", "/ready", "/metrics", "/openapi.json", "/page/index.html", "/no"):
        yield b"GET %b HTTP/1.1\r\nHost: t\r\n\r\n" % path.encode()
    for path in ("/predict", "/refine", "/predict/batch"):
        for content_type, body in bodies.items():
            head = f"POST {path} HTTP/1.1\r\nHost: t\r\nContent-Type: {content_type}\r\n"
            head += f"Deadline-Ms: 20\r\nContent-Length: {len(body)}\r\n\r\n"
            yield head.encode() + body


def mutated(choice, request):
    """The request with one or two changes, more often in its head than in its body."""
    data = bytearray(request)
    for _ in range(choice.randint(1, 2)):
        head = data.find(b"\r\n\r\n") + 4 or len(data)
        at = choice.randrange((head if choice.random() < 0.5 else len(data)) + 1)
        kind = choice.randrange(5)
        if kind == 0:
            data[at : at + 1] = bytes([choice.randrange(256)])
        elif kind == 1:
            data[at:at] = choice.choice(PIECES)
        elif kind == 2:
            del data[at : at + choice.randint(1, 40)]
        elif kind == 3:
            data[at:at] = data[at : at + choice.randint(1, 200)]
        else:
            del data[at:]
    return bytes(data)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    path = tmp_path_factory.mktemp("mutated") / "resann"
    model = models.build("resann-n1-c4", num_classes=10)
    export.export(model, path, format="onnx", preprocessing=keras.layers.Rescaling(1 / 255))
    app = create_app(AnytimePredictor(path, threads=1, measure_latency=True), workers=1)
    protocol = functools.partial(
        Connection, max_connections=64, on_refused=lambda status: refused.update([status])
    )
    refused = collections.Counter()
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, ws="none", log_level="warning"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()
    listening.close()


async def ask(port, request):
    """Statuses of the answers to some bytes; none if the service waits for more of them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError, TimeoutError):
        writer.write(request)
        async with asyncio.timeout(SECONDS):
            while part := await reader.read(2**16):
                answer += part
    writer.transport.abort()
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


async def ask_all(port, mutants):
    """Statuses by request, a few requests at a time."""
    at_a_time = asyncio.Semaphore(AT_A_TIME)

    async def one(request):
        async with at_a_time:
            return request, await ask(port, request)

    return await asyncio.gather(*map(one, mutants))


def test_mutated_requests_are_answered_or_refused_and_never_bring_an_error(port, caplog):
    choice, whole = random.Random(0), list(requests())
    mutants = [mutated(choice, choice.choice(whole)) for _ in range(REQUESTS)]
    answers = asyncio.run(ask_all(port, mutants))
    assert not [(request, seen) for request, seen in answers if max(seen, default=0) >= 500]
    assert not [record.message for record in caplog.records if record.exc_info]
    statuses = collections.Counter(status for _, seen in answers for status in seen)
    # The mutants reach every part of the service, from the HTTP parser to the network.
    assert min(statuses[status] for status in (200, 400, 404, 415)) > 20
    assert asyncio.run(ask(port, whole[1])) == [200]
