"""A local endpoint that answers what a test tells it to, and keeps what it was asked."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from keii.case.settings import Llm

Reply = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Hands every question to the reply of the test."""

    asked: list[dict[str, Any]]
    heads: list[dict[str, str]]
    reply: Reply

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked.append(json.loads(body))
        type(self).heads.append(dict(self.headers))
        with contextlib.suppress(OSError):  # the client may have gone
            type(self).reply(self)

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def completion(content: str, reason: str = "stop") -> bytes:
    return json.dumps(
        {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": reason}]}
    ).encode()


def says(*claims: dict[str, Any]) -> Reply:
    """Return a reply that lists these claims."""
    body = completion(json.dumps({"claims": claims}, ensure_ascii=False))
    return lambda handler: handler.send(body)


def sends(body: bytes, status: int = 200, **headers: str) -> Reply:
    return lambda handler: handler.send(body, status, **headers)


def drips(seconds: float) -> Reply:
    """Return a reply that sends a byte now and then, each in time, the whole never."""

    def reply(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    return reply


class Server:
    """A running endpoint."""

    def __init__(self, url: str, handler: type[Handler]) -> None:
        self.url = url
        self.asked = handler.asked
        self.heads = handler.heads

    def settings(self, **more: Any) -> Llm:
        return Llm(**{"base_url": f"{self.url}/v1", "model": "fake", "timeout": 5, "tries": 1, **more})


@contextlib.contextmanager
def serving(reply: Reply) -> Iterator[Server]:
    handler = type("Told", (Handler,), {"asked": [], "heads": [], "reply": staticmethod(reply)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_address[1]}", handler)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
