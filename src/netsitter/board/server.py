"""The board's routes: the page, its data, and a stream that tells when there is something new."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import plotly
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from netsitter.board.library import Library
from netsitter.board.plain import as_json
from netsitter.board.shelf import ODD
from netsitter.board.watch import MOST_PAGES, Watch
from netsitter.errors import NetsitterError
from netsitter.report.figures.look import template

PAGE = Path(__file__).parent / "page"

SCRIPT = "plotly.js"
"""The one file that is not ours; it comes from the installed package, and from nowhere else."""

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

SHEET = re.compile(rb'getElementById\("([0-9a-f]{64})"\)')
"""How the script looks whether a style sheet of its own is there already."""


def application(folder: Path, *, waits: bool = False) -> Starlette:
    """The routes, without their guard. Raises RunError where there is no such folder, unless it waits for one."""
    library = Library(folder, waits=waits)
    watch = Watch(library)
    files = {file.name: file.read_bytes() for file in sorted(PAGE.iterdir()) if file.suffix in TYPES}
    files[SCRIPT] = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
    looks = as_json({
        "light": template(),
        "dark": template(dark=True),
        "sheets": [name.decode() for name in SHEET.findall(files[SCRIPT])],
    })  # fmt: skip

    async def file(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in files:
            return _nothing()
        # What is large changes with its version only.
        kept = {"Cache-Control": "private, max-age=3600"} if name == SCRIPT else None
        return Response(files[name], media_type=TYPES[Path(name).suffix], headers=kept)

    async def style(request: Request) -> Response:
        return _json(looks)

    async def runs(request: Request) -> Response:
        return await _told(library.runs)

    async def run(request: Request) -> Response:
        return await _told(library.run, request.path_params["id"])

    async def figure(request: Request) -> Response:
        return await _told(library.figure, request.path_params["id"], request.path_params["slug"])

    async def comparison(request: Request) -> Response:
        return await _told(library.comparison, request.path_params["ids"].split(","))

    async def compared(request: Request) -> Response:
        return await _told(library.compared, request.path_params["ids"].split(","), request.path_params["slug"])

    async def news(request: Request) -> Response:
        if watch.pages >= MOST_PAGES:
            return PlainTextResponse(f"{MOST_PAGES} pages are open; close one.\n", 503)
        return StreamingResponse(watch.stream(), media_type="text/event-stream")

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(watch.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    app = Starlette(
        routes=[
            Route("/", file),
            Route("/page/{name}", file),
            Route("/api/looks", style),
            Route("/api/news", news),
            Route("/api/runs", runs),
            Route("/api/runs/{id}", run),
            Route("/api/runs/{id}/figures/{slug}", figure),
            Route("/api/compare/{ids}", comparison),
            Route("/api/compare/{ids}/figures/{slug}", compared),
        ],
        lifespan=life,
        exception_handlers={404: lambda request, error: _nothing()},
    )
    app.router.redirect_slashes = False
    app.state.watch = watch
    return app


async def _told(question: Callable[..., Any], *asked: Any) -> Response:
    """The answer of the library, asked in a thread of its own; where there is none, the reason."""
    try:
        answer = await run_in_threadpool(partial(question, *asked))
    except NetsitterError as error:
        return _json(as_json({"error": error.what, "fix": error.fix}), 404)
    except ODD:
        return _json(as_json({"error": "the journal of this run holds what this version cannot show"}), 500)
    return _json(answer if isinstance(answer, str) else as_json(answer))


def _json(text: str, status: int = 200) -> Response:
    return Response(text, status, media_type="application/json")


def _nothing() -> Response:
    return PlainTextResponse("There is nothing here.\n", 404)
