"""Lines on which nothing whole comes are closed; others are not."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest
import uvicorn

from netsitter.board import patience
from netsitter.board.patience import Patient

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def slow(scope, receive, send):
    """Answers after four times as long as patience lasts."""
    if scope["type"] == "http":
        await asyncio.sleep(1.2)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE_S", 0.3)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(slow, http=Patient, ws="none", lifespan="off", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("beginning", [b"", b"GET / HT", WHOLE + b"GET /"], ids=["nothing", "half", "one and a half"])
def test_a_line_that_waits_too_long_is_closed(port, beginning):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(beginning)
        while line.recv(1_000):
            pass  # it ends, with an answer before it or not


def test_an_answer_may_take_as_long_as_it_takes(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(WHOLE)
        assert line.recv(1_000).startswith(b"HTTP/1.1 200")
