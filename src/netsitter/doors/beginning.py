"""What stands at the beginning of every run and of every check: the network at its start, and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, replace

import torch
from torch import nn

from netsitter.diagnose.doctor import examine_data
from netsitter.doors.inputs import Asked, Build
from netsitter.nn.build import build
from netsitter.nn.own import built_by, load_builder
from netsitter.nn.summary import summary
from netsitter.plan.choose import Choice
from netsitter.plan.plan import changed
from netsitter.record.events import Chosen, Event, Found, Started
from netsitter.streams import stream_key
from netsitter.train.device import device_named, machine_facts, threads_for
from netsitter.train.preflight import batch_faults, preflight
from netsitter.train.prepare import Ready, ready
from netsitter.version import __version__


def begun(asked: Asked) -> tuple[Ready, nn.Module]:
    """Data and network in place, ready to be checked or trained. Raises what `fit` raises, before any work is done."""
    prepared = ready(asked.plan, asked.source, device=device_named(asked.plan.loop.device), loss=asked.loss)
    network = network_for(prepared, asked.build)
    prepared = with_threads(prepared, network)
    batch_faults(network, prepared)
    return prepared, network.to(prepared.device)


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


def with_threads(prepared: Ready, network: nn.Module) -> Ready:
    """The same with `loop.threads` chosen from the work of one step, where it was left open."""
    plan = prepared.plan
    if plan.loop.threads is not None:
        return prepared
    work = 3 * summary(network, prepared.example).multiply_adds * (plan.loop.batch or 1)
    plan = changed(plan, {"loop.threads": threads_for(work)})
    choice = Choice("loop.threads", plan.loop.threads, f"{work / 1e6:,.1f} million multiply-adds a step")
    return replace(prepared, plan=plan, choices=(*prepared.choices, choice))


def beginning(prepared: Ready, network: nn.Module, *, name: str, gradients: bool = False) -> Iterator[Event]:
    """What is told before the first step: data, choices, findings, and the checks, unless the plan leaves them out.

    gradients: whether the checks compare the network's gradient with finite differences.
    """
    source = prepared.source
    data = {
        "name": source.name,
        "fingerprint": source.fingerprint,
        "image": source.image,
        "example": source.example,
        "classes": source.classes,
        "rows": {part: feed.rows for part, feed in prepared.parts.feeds.items()},
        "facts": {part: asdict(facts) for part, facts in prepared.facts.parts.items()},
        "notes": prepared.notes,
    }
    net = {
        "kind": prepared.plan.net.kind,
        "parameters": sum(p.numel() for p in network.parameters()),
        "example": prepared.example,
        "outputs": prepared.outputs,
    }
    machine = machine_facts(prepared.device) | {"netsitter": __version__}
    yield Started(name, (prepared.plan.model_dump(mode="json"),), data, net, machine, time.time())
    for choice in prepared.choices:
        yield Chosen(choice.path, choice.value, choice.reason)
    for finding in examine_data(prepared.facts, prepared.plan):
        yield Found(finding)
    if prepared.plan.loop.preflight:
        yield from preflight(network, prepared, gradients=gradients)
