"""`Watch`: looks at the journals for all open pages together, and streams what is new to each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.concurrency import run_in_threadpool

from netsitter.board.library import Library
from netsitter.board.plain import as_json

POLL_S = 0.3
"""Between two looks at the journals while somebody watches. When nobody does, nothing is read."""

HASTE_S = 0.05
"""The same while there are journals that have not been read yet."""

MOST_PAGES = 32
"""Pages that are told of news at once."""

QUEUE = 50
"""News that wait for a slow page; of more it is told to ask for the list."""

BREATH_S = 15.0
"""After so long without news an empty line is sent, so that a page that has gone is noticed."""

RELOAD: dict[str, Any] = {"gone": [], "changed": [], "reload": True}


class Watch:
    """pages: how many are open. last_seen: when one was, by the monotonic clock."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.last_seen = time.monotonic()
        self._queues: set[asyncio.Queue[str]] = set()

    @property
    def pages(self) -> int:
        return len(self._queues)

    async def run(self) -> None:
        """Never ends by itself."""
        while True:
            rest = POLL_S
            if self._queues:
                self.last_seen = time.monotonic()
                news = await run_in_threadpool(self.library.news)
                if news["changed"] or news["gone"] or news["reload"]:
                    self._tell(as_json(news))
                rest = HASTE_S if news["unread"] else POLL_S
            await asyncio.sleep(rest)

    def _tell(self, news: str) -> None:
        for queue in self._queues:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                news = as_json(RELOAD)
            queue.put_nowait(news)

    async def stream(self) -> AsyncIterator[str]:
        """Server-sent events for one page, until it goes."""
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE)
        self._queues.add(queue)
        try:
            yield "retry: 1000\n\n"
            while True:
                try:
                    yield f"data: {await asyncio.wait_for(queue.get(), BREATH_S)}\n\n"
                except TimeoutError:
                    yield ":\n\n"
        finally:
            self._queues.discard(queue)
            self.last_seen = time.monotonic()
