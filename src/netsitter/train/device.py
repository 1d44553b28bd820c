"""The device that a run trains on, and the facts of the machine that decide whether bits can agree."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from netsitter.errors import DeviceError
from netsitter.plan.sections import LoopPlan
from netsitter.streams import stream_key

EXACT = ("torch", "numpy", "device", "threads", "threads outside", "platform")
"""Facts that must be equal for a resumed run to give the same bits."""

ONE_THREAD_WORK = 30_000_000
"""Multiply-adds of a step below which a second thread costs more than it brings: measured on dense nets on two cores,
where 7.5 million took as long with one thread as with two, and 46 million two thirds; on a busy machine, far longer."""


def device_named(name: str) -> torch.device:
    """The device by the name in a plan; "auto" takes the first accelerator, else the processor. Raises DeviceError."""
    there = ["cpu"]
    if torch.cuda.is_available():
        there += ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if name == "auto":
        return torch.device(there[1] if len(there) > 1 else "cpu")
    if name not in there:
        raise DeviceError(
            f"there is no device {name!r} here", code="M106", allowed="auto, " + ", ".join(there), fix="--device cpu"
        )
    return torch.device(name)


def machine_facts(device: torch.device) -> dict[str, Any]:
    """What to write down beside results."""
    return {
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "device": f"{device}: {torch.cuda.get_device_name(device)}" if device.type == "cuda" else str(device),
        "threads": torch.get_num_threads(),
        "platform": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
    }


def wait_for(device: torch.device) -> None:
    """Returns when the device has done all that it was given; a processor always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def exactness(then: dict[str, Any], now: dict[str, Any]) -> str:
    """Why a run resumed here will not end with the same bits; "" when it will."""
    apart = [f"{fact} was {then.get(fact)}, is {now.get(fact)}" for fact in EXACT if then.get(fact) != now.get(fact)]
    if str(now.get("device", "")).startswith("cuda"):
        apart.append("this kind of device adds up in an order of its own")
    if now.get("data by chance"):
        apart.append("a torch Dataset may draw its rows by chance")
    return "; ".join(apart)


def threads_for(multiply_adds: int) -> int:
    """How many threads a step of this much work is worth: one, or as many as PyTorch would take."""
    return 1 if multiply_adds < ONE_THREAD_WORK else torch.get_num_threads()


@contextmanager
def own_conditions(loop: LoopPlan, device: torch.device) -> Iterator[None]:
    """Within this context PyTorch computes as the plan says, whatever the caller's own settings are.

    Gradients are on, the threads are the plan's, and its global generators start from the plan's seed.
    """
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        using_threads(loop.threads),
        own_randomness(loop.seed, device),
    ):
        yield


@contextmanager
def using_threads(threads: int | None) -> Iterator[None]:
    """Within this context PyTorch computes with so many threads; None leaves it as it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def own_randomness(seed: int, device: torch.device) -> Iterator[None]:
    """Within this context PyTorch's global generators start from this seed; afterwards they are as they were before.

    Networks of ours never draw from them; the user's own may, in a layer such as `nn.Dropout`.
    """
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(stream_key(seed, "foreign"))
        yield
