"""The board as a server: bound to this machine, with an address that holds its token."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from netsitter.errors import PlanError, shown
from netsitter.optional import optional

if TYPE_CHECKING:
    import uvicorn

    from netsitter.board.watch import Watch

LIBRARIES = ("starlette", "uvicorn")

WHAT_FOR = "show the board"

LOOPBACK = ("127.0.0.1", "localhost", "::1")

USUAL_PORT = 8321

TRIES = 20
"""Ports that are tried from the usual one on, where it is taken."""

LINGER_S = 60.0
"""A board that was begun beside a run ends so long after the run, and after the last page was closed."""


def board(
    folder: Path,
    *,
    port: int | None = None,
    host: str = LOOPBACK[0],
    told: Callable[[str], None],
    beside: bool = False,
) -> None:
    """Serves the page of a folder until it is told to end.

    port: the usual one, or one of those above it, when None; any that is free when 0.
    told: gets the address, once the server listens.
    beside: the folder need not be there yet; and it ends by itself once standard input has ended and nobody looks.
    Raises RunError where there is no such folder, PlanError where the address cannot be had, MissingExtra.
    """
    for library in LIBRARIES:
        optional(library, what_for=WHAT_FOR)
    import uvicorn

    from netsitter.board.guard import Guard
    from netsitter.board.patience import Patient
    from netsitter.board.server import application

    app = application(folder, waits=beside)
    with _listener(host, port) as listener:
        bound = listener.getsockname()[1]
        token = secrets.token_urlsafe(32)
        server = uvicorn.Server(
            uvicorn.Config(
                Guard(app, host, bound, token),
                http=Patient,
                ws="none",
                loop="asyncio",
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
                log_level="critical",
                limit_concurrency=64,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=1,
                h11_max_incomplete_event_size=16_384,
            )
        )
        listener.listen(64)
        told(address(host, bound, token))
        if beside:
            _stand_back()
            threading.Thread(target=_end_with_the_run, args=(server, app.state.watch), daemon=True).start()
        server.run(sockets=[listener])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    return host in LOOPBACK or host.startswith("127.")


def is_everywhere(host: str) -> bool:
    """Whether it stands for all addresses of this machine, and names none."""
    return not host.strip("0.:")


def address(host: str, port: int, token: str) -> str:
    """What to open. The page takes the token out of its own address at once."""
    name = socket.gethostname() if is_everywhere(host) else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/?token={token}"


def _listener(host: str, port: int | None) -> socket.socket:
    """A socket that is bound. Raises PlanError."""
    try:
        family, _, _, _, where = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise PlanError(
            f"--host {shown(host)} is no address of this machine", code="P91", fix="--host 127.0.0.1"
        ) from error
    wanted = range(USUAL_PORT, USUAL_PORT + TRIES) if port is None else [port]
    failed: Exception | None = None
    for each in wanted:
        listener = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != "win32":  # there the option would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((where[0], each))
            return listener
        except (OSError, OverflowError) as error:
            listener.close()
            failed = error
    why = getattr(failed, "strerror", None) or failed
    raise PlanError(f"port {wanted[0]} of {host} cannot be had: {why}", code="P92", fix="--port 0 takes any")


def _stand_back() -> None:
    """Leaves the processor to the run, and says nothing more: nobody reads it."""
    if hasattr(os, "nice"):
        os.nice(10)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _end_with_the_run(server: uvicorn.Server, watch: Watch) -> None:
    """Waits until the run has closed our standard input, and until nobody has looked for a while."""
    while sys.stdin.read(4_096):
        pass
    ended = time.monotonic()
    while watch.pages or time.monotonic() - max(ended, watch.last_seen) < LINGER_S:
        time.sleep(0.5)
    server.should_exit = True
