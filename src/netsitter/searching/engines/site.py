"""What a worker needs besides legs: data in place, and the user's own code, read or sent.

Code travels as pickles, which nothing else can carry: from a search to workers that it began itself, or to a cluster
that runs whatever it is sent anyway. No file is written or opened that way.
"""

from __future__ import annotations

import pickle
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import torch
from torch import nn

from netsitter.data.sources.open import open_source
from netsitter.errors import NetsitterError, RunError
from netsitter.nn.own import load_builder
from netsitter.plan.plan import Plan
from netsitter.searching.legs import Leg, Reached, Track
from netsitter.train.beginning import Build
from netsitter.train.device import device_named, using_threads
from netsitter.train.losses import Loss
from netsitter.train.own_optimiser import MakeOptimizer
from netsitter.train.prepare import Ready, ready
from netsitter.version import __version__


class DataElsewhere(Exception):
    """The data do not lie where this worker looks for them, or others do."""


@dataclass(frozen=True)
class Site:
    """Where a search has its data, and the user's own code.

    plan: nothing left open. fingerprint: of the source. data_dir: where known data sets lie.
    build, loss, optimizer: a user's own. threads: those that the data were prepared with.
    ready: the data as they lie in the search's own process, from which they are sent where they cannot be read.
    """

    plan: Plan
    fingerprint: str
    ready: Ready
    build: Build | None = None
    loss: Loss | None = None
    optimizer: MakeOptimizer | None = None
    data_dir: str | None = None
    threads: int = 1

    @staticmethod
    def of(
        ready: Ready,
        build: Build | None = None,
        *,
        loss: Loss | None = None,
        data_dir: str | Path | None = None,
    ) -> Site:
        """The site of a search whose data were just prepared. loss: the user's own, before anything was done to it."""
        own = build or (load_builder(ready.plan.net.own) if ready.plan.net.kind == "own" else None)
        folder = None if data_dir is None else str(data_dir)
        threads = torch.get_num_threads()
        return Site(ready.plan, ready.source.fingerprint, ready, own, loss, ready.optimizer, folder, threads)

    @property
    def can_be_read(self) -> bool:
        """Whether the data came from a place that another process may read too."""
        return bool(self.plan.data.source) and not self.plan.data.given

    def code(self) -> bytes:
        """All but the data, packed."""
        own = (self.build, self.loss, self.optimizer)
        bare = {
            "version": __version__, "plan": self.plan.model_dump_json(), "fingerprint": self.fingerprint,
            "data_dir": self.data_dir, "threads": self.threads, "own": own,
        }  # fmt: skip
        return _packed(bare, own)

    def data(self) -> bytes:
        """The data, raw and prepared, packed."""
        return _packed(self.ready, (self.loss, self.optimizer))


class Worker:
    """What one process of an engine keeps between legs."""

    def __init__(self, code: bytes, *, most_threads: int | None = None) -> None:
        self.site: dict[str, Any] = pickle.loads(code)
        self.most_threads = most_threads
        self.track: Track | None = None
        if self.site["version"] != __version__:
            raise RunError(
                f"a worker has netsitter {__version__}, the search {self.site['version']}",
                code="S62",
                fix="install the same version on every machine",
            )

    def run(self, leg: Leg, data: Callable[[], bytes] | None) -> Reached:
        """Trains a leg. data: fetches what was sent; None reads in place. Raises DataElsewhere."""
        if self.track is None:
            found = pickle.loads(data()) if data is not None else self._read()
            self.track = Track(found, self.site["own"][0], most_threads=self.most_threads)
        return self.track.run(leg)

    def _read(self) -> Ready:
        plan, (_, loss, optimizer) = Plan.model_validate_json(self.site["plan"]), self.site["own"]
        folder = self.site["data_dir"]
        try:
            source = open_source(
                plan.data.source, data_dir=folder and Path(folder), resize=plan.data.resize, task=plan.data.task
            )
        except NetsitterError as fault:
            raise DataElsewhere(str(fault)) from None
        if source.fingerprint != self.site["fingerprint"]:
            raise DataElsewhere(f"{source.where} holds other data than the search has")
        with using_threads(self.site["threads"]):
            return ready(plan, source, device=device_named(plan.loop.device), loss=loss, optimizer=optimizer)


def _packed(value: object, own: tuple[object, ...]) -> bytes:
    """The value as bytes. Code of the user's own goes by value: no worker could import it."""
    modules = {id(module): module for part in own for module in _own_modules(part)}.values()
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(value)
    except Exception as fault:
        raise RunError(
            f"what the search is made of cannot be sent to other processes: {type(fault).__name__}: {fault}",
            code="S63",
            fix="let the function that builds the network close over plain values only, or leave --engine out",
        ) from fault
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)


def _own_modules(value: object) -> Iterator[ModuleType]:
    """The modules that a value's code stands in, as far as they belong to no installed library and not to us."""
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    file = getattr(module, "__file__", None)
    if module is not None and file is not None and not _installed(module.__name__, Path(file)):
        yield module
    if isinstance(value, partial):
        yield from _own_modules(value.func)
    if isinstance(value, nn.Module):
        for part in value.children():
            yield from _own_modules(part)
    for cell in getattr(value, "__closure__", None) or ():
        yield from _own_modules(cell.cell_contents)


def _installed(name: str, file: Path) -> bool:
    folders = {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    ours = name == "__main__" or name.partition(".")[0] == "netsitter"
    return ours or any(file.is_relative_to(folder) for folder in folders)
