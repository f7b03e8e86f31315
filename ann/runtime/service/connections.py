"""HTTP connections that cannot hold the service up: timeouts and limits before any request.

uvicorn closes a connection that is idle after an answer; a client that connects and sends nothing,
or headers without end, it would wait for forever.
"""

import json
import time

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEADER_SECONDS = 10
MAX_HEADER_BYTES = 2**16

# After an answer that did not wait for the whole body: closing at once would lose the answer to a
# client that still sends; reading on for long would keep the service from others.
_LINGER_SECONDS = 1
_LINGER_BYTES = 2**20


class Connection(HttpToolsProtocol):
    """One connection of a client.

    It is closed if the headers of a request do not come within `HEADER_SECONDS` or are longer than
    `MAX_HEADER_BYTES`. When there are more than `max_connections`, the one that has been idle
    longest is closed; where none is idle, `scope["state"]["over_limit"]` tells the application to
    refuse the request. `scope["state"]["arrived"]` is the `time.perf_counter()` of its headers.

    Args:
        max_connections: open at a time.
        on_refused: function called with the status of each refusal that the application does not
            see.
        kwargs: of uvicorn.
    """

    def __init__(self, *, max_connections, on_refused, **kwargs):
        super().__init__(**kwargs)
        self._max_connections, self._on_refused = max_connections, on_refused
        self._header_timer, self._header_bytes, self._in_body = None, 0, False
        self._unwanted_bytes = 0
        self._arrived = self.idle_since = time.perf_counter()

    @property
    def is_idle(self) -> bool:
        """Whether no request is in progress: none came, or its headers are not whole."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport):
        super().connection_made(transport)
        self._wait_for_headers()
        if len(self.connections) > self._max_connections:
            idle = [x for x in self.connections if x.is_idle and x is not self]
            if idle:
                longest_idle = min(idle, key=lambda x: x.idle_since)
                self.connections.discard(longest_idle)
                longest_idle.transport.abort()

    def connection_lost(self, exc):
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data):
        if self.transport.is_closing():
            return
        self._arrived = time.perf_counter()
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_body:
            self._linger(len(data))
            return
        if self._header_timer is None and self.is_idle:
            self._wait_for_headers()
        if self._header_timer is not None:
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADER_BYTES:
                self._refuse(431, f"headers must have at most {MAX_HEADER_BYTES} bytes")

    def on_headers_complete(self):
        self._stop_timer()
        self._in_body = True
        over_limit = len(self.connections) > self._max_connections
        self.scope["state"].update(arrived=self._arrived, over_limit=over_limit)
        super().on_headers_complete()

    def on_message_complete(self):
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self):
        super().on_response_complete()
        self.idle_since = time.perf_counter()
        if self._in_body:
            self._unwanted_bytes = 0
            self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _linger(self, size):
        if self.is_idle:
            self._unwanted_bytes += size
            if self._unwanted_bytes > _LINGER_BYTES:
                self.flow.pause_reading()

    def send_400_response(self, msg):
        self._refuse(400, "the request is not HTTP/1.1 as RFC 9112 has it")

    def _wait_for_headers(self):
        self._header_bytes = 0
        self._header_timer = self.loop.call_later(HEADER_SECONDS, self._headers_did_not_come)

    def _stop_timer(self):
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _headers_did_not_come(self):
        if self._header_bytes:
            self._refuse(408, f"headers must come within {HEADER_SECONDS} seconds")
        else:
            self.transport.close()

    def _refuse(self, status, message):
        self._stop_timer()
        if not self._in_body:
            self._on_refused(status)
        if not (self._in_body and self.cycle.response_started):
            body = json.dumps({"error": message}).encode()
            head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            head += "connection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head.encode() + body)
        self.transport.close()
