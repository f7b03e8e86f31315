"""Connections that would hold the service up: silent, slow, endless, malformed, too many."""

import asyncio
import contextlib
import functools
import json
import logging
import re
import socket
import threading
import time

import pytest
import uvicorn

from ann.runtime.service import connections
from ann.runtime.service.connections import MAX_HEADER_BYTES, Connection

MAX_CONNECTIONS = 4
GET = b"GET /x HTTP/1.1\r\nHost: test\r\n\r\n"


async def app(scope, receive, send):
    """Says what it was told; `/slow` after a while; reads a body only at `/body`."""
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    if scope["path"] == "/body":
        while (await receive()).get("more_body"):
            pass
    body = json.dumps({"over_limit": scope["state"]["over_limit"]}).encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Service:
    """The application behind `Connection`, on a thread."""

    def __init__(self):
        self.refused = []
        protocol = functools.partial(
            Connection, max_connections=MAX_CONNECTIONS, on_refused=self.refused.append
        )
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(app, http=protocol, ws="none", lifespan="off", log_level="warning")
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()
        self._socket.close()

    @contextlib.contextmanager
    def connect(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
            yield client


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    monkeypatch.setattr(connections, "_LINGER_SECONDS", 0.3)
    with Service() as service:
        yield service


def everything(client):
    """What comes until the service closes the connection."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(2**16):
            parts.append(part)
    return b"".join(parts)


def one_answer(client):
    """A whole answer, head and body, in however many pieces it comes."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += piece(client)
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
    while len(body) < length:
        body += piece(client)
    return head + b"\r\n\r\n" + body


def piece(client):
    part = client.recv(2**16)
    assert part, "the connection was closed within an answer"
    return part


def refusal(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    return int(head.split()[1]), json.loads(body)["error"]


def test_a_connection_that_says_nothing_is_closed(service):
    with service.connect() as client:
        assert everything(client) == b""
    assert service.refused == []


@pytest.mark.parametrize("earlier_requests", [0, 1])
@pytest.mark.parametrize("sent", [b"GET /x HTTP/1.1\r\nHost: t", b"\r\n"])
def test_headers_that_do_not_end_are_not_waited_for(service, sent, earlier_requests):
    with service.connect() as client:
        for _ in range(earlier_requests):
            client.sendall(GET)
            one_answer(client)
        client.sendall(sent)
        status, message = refusal(everything(client))
    assert (status, message) == (408, "headers must come within 0.3 seconds")
    assert service.refused == [408]


def test_headers_without_end_are_refused(service):
    with service.connect() as client:
        client.sendall(b"GET /x HTTP/1.1\r\n")
        for index in range(MAX_HEADER_BYTES // 1000 + 1):
            client.sendall(b"X-%04d: " % index + b"a" * 1000 + b"\r\n")
        status, message = refusal(everything(client))
    assert (status, message) == (431, "headers must have at most 65536 bytes")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"no http\r\n\r\n",
        b"GET /x HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /body HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        b"POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the hello of TLS
    ],
)
def test_what_is_not_http_is_refused_without_a_traceback(service, request_bytes, caplog):
    with service.connect() as client:
        client.sendall(request_bytes)
        assert refusal(everything(client))[0] == 400
    assert not [record for record in caplog.records if record.exc_info]


def test_a_malformed_rest_of_a_body_that_nobody_reads_changes_no_answer(service, caplog):
    with service.connect() as client:
        client.sendall(b"POST /x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
        time.sleep(0.1)  # the answer is written
        client.sendall(b"zz\r\nabc\r\n")
        assert everything(client).count(b"HTTP/1.1") == 1
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def send_without_end(client):
    while True:
        client.sendall(b"a" * 2**16)


def test_a_body_that_nobody_reads_ends_with_the_connection(service):
    with service.connect() as client:
        client.sendall(b"POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 999999999\r\n\r\n")
        began = time.perf_counter()
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            send_without_end(client)
        assert time.perf_counter() - began < 5


def test_one_connection_carries_several_requests(service):
    with service.connect() as client:
        for _ in range(3):
            client.sendall(GET)
            assert one_answer(client).startswith(b"HTTP/1.1 200")
        client.sendall(GET + GET)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 2:
            answers += piece(client)


def test_idle_connections_make_room(service):
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(service.connect()) for _ in range(MAX_CONNECTIONS)]
        time.sleep(0.1)
        client = stack.enter_context(service.connect())
        client.sendall(GET)
        assert b'{"over_limit": false}' in one_answer(client)
        assert everything(idle[0]) == b""


def test_beyond_the_limit_the_application_is_told(service):
    with contextlib.ExitStack() as stack:
        busy = [stack.enter_context(service.connect()) for _ in range(MAX_CONNECTIONS)]
        for client in busy:
            client.sendall(GET.replace(b"/x", b"/slow"))
        time.sleep(0.1)
        excess = stack.enter_context(service.connect())
        excess.sendall(GET)
        assert b'{"over_limit": true}' in one_answer(excess)
        for client in busy:  # those within the limit do not suffer
            assert b'{"over_limit": false}' in one_answer(client)
