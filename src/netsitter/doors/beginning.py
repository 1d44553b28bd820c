"""What stands at the beginning of every run and of every check: the network at its start, and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, replace

import torch
from torch import nn

from netsitter.diagnose.doctor import examine_data
from netsitter.doors.inputs import Build
from netsitter.nn.build import build
from netsitter.nn.own import built_by, load_builder
from netsitter.nn.summary import summary
from netsitter.plan.choose import Choice
from netsitter.plan.plan import changed
from netsitter.record.events import Chosen, Event, Found, Started
from netsitter.streams import stream_key
from netsitter.train.device import machine_facts, threads_for
from netsitter.train.preflight import preflight
from netsitter.train.prepare import Ready
from netsitter.version import __version__


def network_for(prepared: Ready, own: Build | None) -> nn.Module:
    """The network of a plan at its start: built by us, or by the user's own function, from the plan's seed."""
    plan = prepared.plan
    key = stream_key(plan.loop.seed, "init")
    if own is None and plan.net.kind == "own":
        own = load_builder(plan.net.own)
    if own is not None:
        with torch.random.fork_rng(devices=[prepared.device] if prepared.device.type == "cuda" else []):
            torch.manual_seed(key)
            return built_by(own, example=prepared.example, outputs=prepared.outputs)
    generator = torch.Generator().manual_seed(key)
    feed = prepared.parts.feeds["train"]
    rows = prepared.parts.score_rows[:200]
    fitted = (plan.net.init or "").startswith("lsuv")
    batch = next(iter(feed.batches(rows, [(0, len(rows))])))[0].cpu() if fitted else None
    return build(plan.net, example=prepared.example, outputs=prepared.outputs, generator=generator, batch=batch)


def with_threads(ready: Ready, network: nn.Module) -> Ready:
    """The same with `loop.threads` chosen from the work of one step, where it was left open."""
    plan = ready.plan
    if plan.loop.threads is not None:
        return ready
    work = 3 * summary(network, ready.example).multiply_adds * (plan.loop.batch or 1)
    plan = changed(plan, {"loop.threads": threads_for(work)})
    choice = Choice("loop.threads", plan.loop.threads, f"{work / 1e6:,.1f} million multiply-adds a step")
    return replace(ready, plan=plan, choices=(*ready.choices, choice))


def beginning(ready: Ready, network: nn.Module, *, name: str, gradients: bool = False) -> Iterator[Event]:
    """What is told before the first step: data, choices, findings, and the checks, unless the plan leaves them out.

    gradients: whether the checks compare the network's gradient with finite differences.
    """
    source = ready.source
    data = {
        "name": source.name,
        "fingerprint": source.fingerprint,
        "image": source.image,
        "example": source.example,
        "classes": source.classes,
        "rows": {part: feed.rows for part, feed in ready.parts.feeds.items()},
        "facts": {part: asdict(facts) for part, facts in ready.facts.parts.items()},
        "notes": ready.notes,
    }
    net = {
        "kind": ready.plan.net.kind,
        "parameters": sum(p.numel() for p in network.parameters()),
        "example": ready.example,
        "outputs": ready.outputs,
    }
    machine = machine_facts(ready.device) | {"netsitter": __version__}
    yield Started(name, (ready.plan.model_dump(mode="json"),), data, net, machine, time.time())
    for choice in ready.choices:
        yield Chosen(choice.path, choice.value, choice.reason)
    for finding in examine_data(ready.facts, ready.plan):
        yield Found(finding)
    if ready.plan.loop.preflight:
        yield from preflight(network, ready, gradients=gradients)
