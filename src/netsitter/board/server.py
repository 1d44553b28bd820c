"""The board's routes: the page, its data, and a stream that tells when there is something new."""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections.abc import AsyncIterator
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
from netsitter.errors import NetsitterError

PAGE = Path(__file__).parent / "page"

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

POLL_S = 0.3
"""Between two looks at the journals, while somebody watches; nobody looks, nothing is read."""

MOST_WATCHERS = 32
"""Pages that are told of news at once."""

MOST_NEWS = 200
"""Changed runs that are told one by one; of more the page is told to ask for the list."""

BREATH_S = 15.0
"""After so long without news an empty line is sent, so that a page that has gone is noticed."""


class Watch:
    """Looks at the journals for all pages together, and hands each what is new."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.queues: set[asyncio.Queue[str]] = set()
        self.last_seen = time.monotonic()

    async def run(self) -> None:
        while True:
            if self.queues:
                self.last_seen = time.monotonic()
                changed, gone = await run_in_threadpool(self.library.look)
                if changed or gone:
                    news = {"gone": gone, "changed": changed, "reload": False}
                    if len(changed) > MOST_NEWS:
                        news = {"gone": [], "changed": [], "reload": True}
                    self._tell(_json(news))
            await asyncio.sleep(POLL_S)

    def _tell(self, news: str) -> None:
        for queue in list(self.queues):
            try:
                queue.put_nowait(news)
            except asyncio.QueueFull:
                # This page is slower than the news; it asks for the whole list once it comes to it.
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(_json({"gone": [], "changed": [], "reload": True}))

    async def stream(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=100)
        self.queues.add(queue)
        try:
            yield "retry: 1000\n\n"
            while True:
                try:
                    news = await asyncio.wait_for(queue.get(), BREATH_S)
                    yield f"data: {news}\n\n"
                except TimeoutError:
                    yield ":\n\n"
        finally:
            self.queues.discard(queue)
            self.last_seen = time.monotonic()


def application(folder: Path) -> Starlette:
    """The routes, without their guard. Raises RunError where there is no such folder."""
    library = Library(folder)
    watch = Watch(library)
    statics = {file.name: (file.read_bytes(), TYPES[file.suffix]) for file in sorted(PAGE.iterdir())}
    statics["plotly.js"] = (
        (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes(),
        TYPES[".js"],
    )

    # Style sheets that the script would put into the page, unless an element of their name is there.
    sheets = re.findall(r'getElementById\("([0-9a-f]{64})"\)', statics["plotly.js"][0].decode())

    async def page(request: Request) -> Response:
        content, kind = statics["index.html"]
        return Response(content, media_type=kind)

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in statics:
            return _refused(404)
        content, kind = statics[name]
        # The one large file changes with its version only.
        kept = {"Cache-Control": "private, max-age=3600"} if name == "plotly.js" else None
        return Response(content, media_type=kind, headers=kept)

    async def runs(request: Request) -> Response:
        await run_in_threadpool(library.look)
        return await _told(library.runs)

    async def run(request: Request) -> Response:
        return await _told(partial(library.run, request.path_params["id"]))

    async def figure(request: Request) -> Response:
        return await _told(partial(library.figure, request.path_params["id"], request.path_params["slug"]))

    async def comparison(request: Request) -> Response:
        return await _told(partial(library.comparison, request.path_params["ids"].split(",")))

    async def compared(request: Request) -> Response:
        ids, series = request.path_params["ids"].split(","), request.path_params["series"]
        return await _told(partial(library.compared, ids, series.replace("-", "/", 1)))

    async def looks(request: Request) -> Response:
        return Response(_json(library.looks() | {"sheets": sheets}), media_type="application/json")

    async def events(request: Request) -> Response:
        if len(watch.queues) >= MOST_WATCHERS:
            return PlainTextResponse(f"{MOST_WATCHERS} pages are open; close one.\n", 503)
        return StreamingResponse(watch.stream(), media_type="text/event-stream")

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(watch.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    routes = [
        Route("/", page),
        Route("/page/{name}", static),
        Route("/api/runs", runs),
        Route("/api/looks", looks),
        Route("/api/events", events),
        Route("/api/runs/{id}", run),
        Route("/api/runs/{id}/figures/{slug}", figure),
        Route("/api/compare/{ids}", comparison),
        Route("/api/compare/{ids}/figures/{series}", compared),
    ]
    app = Starlette(routes=routes, lifespan=life, exception_handlers={404: _missing, 405: _missing, 500: _missing})
    app.state.watch = watch
    return app


async def _told(question: Any) -> Response:
    """The answer of the library as JSON, asked in a thread of its own; 404 for what is not there."""
    try:
        answer = await run_in_threadpool(question)
    except NetsitterError as error:
        return Response(_json({"error": error.what}), 404, media_type="application/json")
    return Response(answer if isinstance(answer, str) else _json(answer), media_type="application/json")


async def _missing(request: Request, error: Exception) -> Response:
    return _refused(getattr(error, "status_code", 500))


def _refused(status: int) -> Response:
    return PlainTextResponse("There is nothing here.\n", status)


def _json(values: Any) -> str:
    """JSON as browsers read it: what is no finite number is null."""
    return json.dumps(_plain(values), allow_nan=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
