"""Loops as people write them: over tensors in memory (a), over a DataLoader (b), in a pool of two processes (c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import Pool
from typing import Any

import torch
from benchmarks.speed.loads import LOADS, Load, net_of, parts_of
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from netsitter.data.batches import Resident
from netsitter.plan.plan import Plan

Batches = Callable[[Resident], Iterator[tuple[Tensor, Tensor]]]


def optimizer_of(net: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    """PyTorch's own of this plan."""
    optim = plan.optim
    if optim.kind == "adam":
        return torch.optim.Adam(net.parameters(), lr=optim.lr, weight_decay=optim.l2)
    return torch.optim.SGD(net.parameters(), lr=optim.lr, momentum=optim.momentum, weight_decay=optim.l2)


def trained(load: Load, plan: Plan, train: Resident, val: Resident, batches: Batches) -> float:
    """Trains one trial; the validation part is scored after each epoch. Returns the best share right."""
    torch.manual_seed(0)
    net, best = net_of(load), 0.0
    optimizer = optimizer_of(net, plan)
    for _ in range(plan.loop.epochs or 1):
        net.train()
        for x_B, y_B in batches(train):
            loss = nn.functional.cross_entropy(net(x_B), y_B)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            said_N = torch.cat([net(x_B).argmax(dim=1) for x_B in val.x_N.split(1000)])
        best = max(best, float((said_N == val.y_N).float().mean()))
    return best


def in_memory(batch: int) -> Batches:
    """Batches picked from tensors by a shuffled index."""

    def batches(part: Resident) -> Iterator[tuple[Tensor, Tensor]]:
        for rows in torch.randperm(part.rows).split(batch):
            yield part.x_N[rows], part.y_N[rows]

    return batches


def from_loader(batch: int) -> Batches:
    """Batches of a DataLoader in this process, as tutorials have it."""

    def batches(part: Resident) -> Iterator[tuple[Tensor, Tensor]]:
        return iter(DataLoader(TensorDataset(part.x_N, part.y_N), batch_size=batch, shuffle=True))

    return batches


def plain(load: Load, parts: tuple[Resident, Resident], plans: list[Plan], *, threads: int) -> list[float]:
    """(a)"""
    torch.set_num_threads(threads)
    return [trained(load, plan, *parts, in_memory(load.batch)) for plan in plans]


def usual(load: Load, parts: tuple[Resident, Resident], plans: list[Plan], *, threads: int) -> list[float]:
    """(b)"""
    torch.set_num_threads(threads)
    return [trained(load, plan, *parts, from_loader(load.batch)) for plan in plans]


_HERE: dict[str, Any] = {}


def begin(name: str) -> None:
    """In a process of a pool: reads the data of a load once."""
    torch.set_num_threads(1)
    _HERE["load"], _HERE["parts"] = LOADS[name], parts_of(LOADS[name])


def one(plan: Plan) -> float:
    """In a process of a pool: trains one trial."""
    load = _HERE["load"]
    return trained(load, plan, *_HERE["parts"], in_memory(load.batch))


def pool_of_two(load: Load) -> tuple[Callable[..., list[float]], Pool]:
    """(c), and the pool to close. Its processes have started, and read the data, before any time is taken."""
    pool = get_context("spawn").Pool(2, initializer=begin, initargs=(load.name,))
    pool.map(abs, [1, 2])

    def run(load: Load, parts: tuple[Resident, Resident], plans: list[Plan]) -> list[float]:
        return pool.map(partial(one), plans, chunksize=1)

    return run, pool
