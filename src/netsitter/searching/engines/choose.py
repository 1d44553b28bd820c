"""The engine that was asked for, by name."""

from __future__ import annotations

import os
from collections.abc import Callable

from netsitter.errors import PlanError, closest, shown
from netsitter.optional import optional
from netsitter.searching.engines.engine import Engine
from netsitter.searching.engines.here import Here
from netsitter.searching.engines.site import Site

ENGINES = ("here", "processes", "ray")

MOST_WORKERS = 10_000

MakeEngine = Callable[[Site], Engine]


def engine_maker(
    engine: str | MakeEngine,
    *,
    workers: int | None = None,
    address: str | None = None,
    allow_public: bool = False,
) -> MakeEngine:
    """What makes the engine of this name once the data are in place.

    Raises PlanError or MissingExtra, before any work, for what does not exist or does not go together.
    """
    if callable(engine):
        return engine
    if engine not in ENGINES:
        raise PlanError(
            f"there is no engine {shown(engine)}.{closest(engine, ENGINES)}", code="P88", allowed=", ".join(ENGINES)
        )
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise PlanError(f"workers must be from 1 to {MOST_WORKERS:,}; got {workers}", code="P89", fix="--workers 2")
    if workers is not None and engine == "here":
        raise PlanError("the engine here has one worker: itself", code="P89", fix="--engine processes")
    if engine != "ray" and (address is not None or allow_public):
        given = "--address" if address is not None else "--allow-public"
        raise PlanError(f"{given} is for --engine ray; the engine is {engine}", code="P90", fix="--engine ray")
    if engine == "processes":
        return lambda site: _processes(site, workers or os.cpu_count() or 1)
    if engine == "ray":
        optional("ray", what_for="search on a Ray cluster")
        return lambda site: _ray(site, workers, address, allow_public)
    return lambda site: Here(site.ready, site.build)


def _processes(site: Site, workers: int) -> Engine:
    from netsitter.searching.engines.processes import Processes

    return Processes(site, workers)


def _ray(site: Site, workers: int | None, address: str | None, allow_public: bool) -> Engine:
    from netsitter.searching.engines.ray import RayCluster

    return RayCluster(site, workers, address=address, allow_public=allow_public)
