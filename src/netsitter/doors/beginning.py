"""From what a user asked for to data and network in place, or to a refusal in the doctor's words."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import torch
from torch import nn

from netsitter.data.sources.given import with_reals
from netsitter.diagnose.doctor import examine_start
from netsitter.diagnose.registry import checked_rules
from netsitter.doors.inputs import Asked
from netsitter.errors import NetError
from netsitter.nn.modes import into_training
from netsitter.train.beginning import first_rows, network_for, step_work, with_threads
from netsitter.train.device import device_named
from netsitter.train.own_optimiser import made
from netsitter.train.preflight import batch_faults
from netsitter.train.prepare import Ready, ready
from netsitter.train.start.examine import examined


def begun(asked: Asked) -> tuple[Ready, nn.Module]:
    """Data and network in place, ready to be checked or trained. Raises what `fit` raises, before any work is done."""
    checked_rules(asked.plan)
    device = device_named(asked.plan.loop.device)
    prepared = ready(asked.plan, asked.source, device=device, loss=asked.loss, optimizer=asked.optimizer)
    try:
        network = network_for(prepared, asked.build)
    except NetError:
        if not prepared.tokens:
            raise
        # Whole numbers that no embedding looks up are numbers like others.
        asked = replace(asked, source=with_reals(asked.source))
        prepared = ready(asked.plan, asked.source, device=device, loss=asked.loss, optimizer=asked.optimizer)
        network = network_for(prepared, asked.build)
    if asked.optimizer is not None:
        made(asked.optimizer, (p for p in network.parameters() if p.requires_grad), prepared.plan.optim.lr or 1e-3)
    prepared = with_threads(prepared, network)
    batch_faults(network, prepared)
    return prepared, network.to(prepared.device)


def refuse_broken(prepared: Ready, network: nn.Module) -> None:
    """Raises NetError, in the doctor's words, when the user's own program fails in its first step."""
    if not prepared.plan.data.given:
        return
    rows = min(prepared.plan.loop.batch or 1, prepared.parts.feeds["train"].rows)
    x_B, y_B = first_rows(prepared, rows)
    copy = deepcopy(network)
    try:
        with torch.random.fork_rng(devices=[prepared.device] if prepared.device.type == "cuda" else []):
            into_training(copy)
            loss = prepared.loss(copy(x_B), y_B)
            loss.backward()
            return
    except Exception as error:
        facts, _ = examined(network, prepared, work=step_work(prepared, network), attempts=False)
        told = next((f for f in examine_start(facts, prepared.plan) if f.severity == "error"), None)
        raise NetError(
            told.seen if told else f"the first step fails: {type(error).__name__}: {error}",
            code="N10",
            where=f"{told.where} ({told.code} {told.slug}): {error}" if told else f"inputs {tuple(x_B.shape)}",
            fix=told.remedies[0].says if told and told.remedies else "",
        ) from error
