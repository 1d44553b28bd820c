"""A network at its start, and what is told of it before the first step of every run, check and cure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace

import torch
from torch import nn

from netsitter.diagnose.doctor import concluded, examine_data, examine_start
from netsitter.nn.build import build
from netsitter.nn.own import EXAMPLE_ROWS, built_by, load_builder
from netsitter.nn.summary import summary
from netsitter.nn.surgery import operate, read
from netsitter.plan.choose import Choice
from netsitter.plan.plan import changed
from netsitter.record.events import Chosen, Event, Found, Known, Started
from netsitter.record.findings import Surgery
from netsitter.streams import stream_key
from netsitter.train.device import machine_facts, threads_for
from netsitter.train.losses import LOSS_DEEDS
from netsitter.train.prepare import Ready
from netsitter.train.start.examine import examined
from netsitter.version import __version__

Build = Callable[..., nn.Module]
"""A user's function that builds a network."""


SURGERY_ROWS = 5
"""Training rows that surgery follows the network with: an odd number, which no other side is likely to have."""


def network_for(prepared: Ready, own: Build | None) -> nn.Module:
    """The network of a plan at its start, from the plan's seed, with the plan's surgery done to it."""
    net, deeds = bare_network(prepared, own), deeds_of(prepared.plan.net.surgery)
    if not deeds:
        return net
    generator = torch.Generator().manual_seed(stream_key(prepared.plan.loop.seed, "surgery"))
    x_B, _ = first_rows(prepared, SURGERY_ROWS)
    return operate(net, deeds, x_B.cpu(), generator=generator)[0]


def deeds_of(texts: Sequence[str]) -> tuple[Surgery, ...]:
    """The deeds of a plan that concern a network. Raises PlanError for what is none."""
    return tuple(deed for deed in map(read, texts) if deed.deed not in LOSS_DEEDS)


def bare_network(prepared: Ready, own: Build | None) -> nn.Module:
    """The network of a plan at its start: built by us, or by the user's own function, from the plan's seed."""
    plan = prepared.plan
    key = stream_key(plan.loop.seed, "init")
    if own is None and plan.net.kind == "own":
        own = load_builder(plan.net.own)
    if own is not None:
        with torch.random.fork_rng(devices=[prepared.device] if prepared.device.type == "cuda" else []):
            torch.manual_seed(key)
            rows = first_rows(prepared, EXAMPLE_ROWS)[0] if plan.data.given else None
            return built_by(own, example=prepared.example, outputs=prepared.outputs, rows=rows)
    generator = torch.Generator().manual_seed(key)
    fitted = (plan.net.init or "").startswith("lsuv")
    batch = first_rows(prepared, 200)[0].cpu() if fitted else None
    return build(plan.net, example=prepared.example, outputs=prepared.outputs, generator=generator, batch=batch)


def first_rows(prepared: Ready, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Some training rows with their targets, as network and loss get them."""
    index = prepared.parts.score_rows[:rows]
    return next(iter(prepared.parts.feeds["train"].batches(index, [(0, len(index))])))


def with_threads(prepared: Ready, network: nn.Module) -> Ready:
    """The same with `loop.threads` chosen from the work of one step, where it was left open."""
    plan = prepared.plan
    if plan.loop.threads is not None:
        return prepared
    work = step_work(prepared, network)
    plan = changed(plan, {"loop.threads": threads_for(work)})
    choice = Choice("loop.threads", plan.loop.threads, f"{work / 1e6:,.1f} million multiply-adds a step")
    return replace(prepared, plan=plan, choices=(*prepared.choices, choice))


def step_work(prepared: Ready, network: nn.Module) -> int:
    """Multiply-adds of one step: three times those of the forward pass; judged by the weights where rows are tokens."""
    if prepared.tokens:
        each = sum(p.numel() for p in network.parameters()) * max(prepared.example, default=1)
    else:
        each = summary(network, prepared.example).multiply_adds
    return 3 * each * (prepared.plan.loop.batch or 1)


def beginning(
    prepared: Ready, network: nn.Module, *, name: str, gradients: bool = False, attempts: bool = True
) -> Iterator[Event]:
    """What is told before the first step: data, choices, findings, and the checks, unless the plan leaves them out.

    gradients: whether the checks compare the network's gradient with finite differences.
    attempts: whether short trainings with one thing changed are made.
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
    if not prepared.plan.loop.preflight:
        for finding in concluded(examine_data(prepared.facts, prepared.plan), None):
            yield Found(finding)
        return
    work = step_work(prepared, network)
    facts, checks = examined(network, prepared, work=work, attempts=attempts, gradients=gradients)
    yield Known("start", facts.as_json())
    for finding in examine_start(facts, prepared.plan):
        yield Found(finding)
    yield from checks
