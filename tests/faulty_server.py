"""A local server that speaks OpenAI's chat completions, and misbehaves as a test's script tells it to."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER = r"It is \boxed{5}."


def completion(text: Any = ANSWER, reason: Any = "stop", prompt: int = 7, tokens: int = 3) -> dict[str, Any]:
    """The JSON of an answer."""
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": tokens},
    }


@dataclass
class Reply:
    """What to send: `body` is JSON unless bytes; `length` is what Content-Length claims; after `delay` seconds."""

    status: int = 200
    body: Any = field(default_factory=completion)
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    delay: float = 0.0
    reset: bool = False
    drip: float = 0.0


Script = Callable[[dict[str, Any], int], Reply]
"""(the request's body, how often this body came before) -> the reply."""


class FaultyServer:
    """Serves on a port of 127.0.0.1, below `root`, until closed. `seen` has the bodies, `keys` the Authorization headers."""

    def __init__(self, script: Script = lambda body, before: Reply(), port: int = 0, key: str | None = None) -> None:
        self.script = script
        self.models: Any = {"object": "list", "data": [{"id": "tiny", "root": "/models/tiny", "owned_by": "test"}]}
        self.version: Any = {"version": "9.9"}
        self.key = key
        self.root = "/v1"
        self.seen: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.keys: list[str | None] = []
        self.active = self.most_active = 0
        self._counts: dict[str, int] = {}
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), self)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """What a client is given."""
        return f"http://127.0.0.1:{self.port}{self.root}"

    def close(self) -> None:
        """Die: connections are cut where they are, and nothing listens any more."""
        self._server.shutdown()
        self._server.server_close()
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def answer(self, body: dict[str, Any]) -> Reply:
        """The script's reply, with what was seen written down."""
        text = json.dumps(body, sort_keys=True)
        with self._lock:
            before = self._counts.get(text, 0)
            self._counts[text] = before + 1
            self.seen.append(body)
            self.times.append(time.monotonic())
            self.active += 1
            self.most_active = max(self.most_active, self.active)
        try:
            reply = self.script(body, before)
            time.sleep(reply.delay)
            return reply
        finally:
            with self._lock:
                self.active -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], owner: FaultyServer) -> None:
        self.owner = owner
        super().__init__(address, _Handler)

    def get_request(self) -> Any:
        connection, address = super().get_request()
        self.owner._connections.append(connection)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients leave; that is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        owner = self.server.owner
        if self._refused():
            return
        known = {f"{owner.root}/models": owner.models, "/version": owner.version}
        value = known.get(self.path)
        if isinstance(value, Reply):
            time.sleep(value.delay)
            self._send(value)
        else:
            self._send(Reply(404, {"detail": "Not Found"}) if value is None else Reply(200, value))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._refused():
            assert self.path == f"{self.server.owner.root}/chat/completions"
            self._send(self.server.owner.answer(body))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing is logged."""

    def _refused(self) -> bool:
        owner, given = self.server.owner, self.headers["Authorization"]
        owner.keys.append(given)
        if owner.key is None or given == f"Bearer {owner.key}":
            return False
        self._send(
            Reply(401, {"error": {"message": f"Incorrect API key provided: {given}", "code": "invalid_api_key"}})
        )
        return True

    def _send(self, reply: Reply) -> None:
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            self.rfile.close()
            self.connection.close()
            self.close_connection = True
            return
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) if reply.length is None else reply.length))
        self.end_headers()
        if reply.drip:
            for n in range(len(data)):
                self.wfile.write(data[n : n + 1])
                time.sleep(reply.drip)
        else:
            self.wfile.write(data)
        if reply.length is not None:
            self.close_connection = True
