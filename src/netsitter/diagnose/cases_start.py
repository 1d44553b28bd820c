"""Starts of small networks as facts, for the sick and well cases of rules: a well one, and ways to change it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from netsitter.record.graph import Graph, Operation, Role
from netsitter.record.start_facts import (
    Attempt,
    LossFacts,
    OutputFacts,
    Signal,
    StartFacts,
    TargetFacts,
    Weight,
    WiringFacts,
)

UNITS = 50
"""Of each hidden layer."""

RELU = {"low": 0.0, "high": None, "flat": False}
TANH = {"low": -1.0, "high": 1.0, "flat": True}
SIGMOID = {"low": 0.0, "high": 1.0, "flat": True}


TARGET = TargetFacts("classes", 10, 0.0, 9.0, 4.5, 2.87, "int64", ())
OUTPUTS = OutputFacts(256, (256, 10), -0.4, 0.4, 0.1, (-1.0, 1.0), (2.2, 2.4), (-math.inf, math.inf), False, False)
LOSS = LossFacts(
    "cross_entropy",
    "logits",
    first=2.31,
    fresh=2.31,
    guess=2.3,
    floor=0.001,
    reachable=0.001,
    outputs_shape=(256, 10),
    targets_shape=(256,),
    targets_dtype="int64",
)
"""Ten classes, ten outputs, cross-entropy."""


def operation(
    kind: str,
    role: Role,
    *inputs: int,
    name: str = "",
    output: Sequence[int] = (UNITS,),
    parameters: Sequence[str] = (),
    **facts: Any,
) -> Operation:
    """One operation."""
    return Operation(name, kind, role, tuple(inputs), tuple(output), tuple(parameters), {"rows_kept": True, **facts})


def chain(*steps: tuple[str, Role, Mapping[str, Any]] | tuple[str, Role]) -> Graph:
    """Operations one after the other, named by their numbers as in `nn.Sequential`. steps: (kind, role, facts)."""
    operations = []
    for place, (kind, role, *rest) in enumerate(steps):
        facts = dict(rest[0]) if rest else {}
        output = facts.pop("output", (UNITS,))
        inputs = facts.pop("from", (place - 1,))
        parameters = (f"{place}.weight", f"{place}.bias") if role == "weights" else ()
        operations.append(
            operation(kind, role, *inputs, name=str(place), output=output, parameters=parameters, **facts)
        )
    return Graph(tuple(operations), len(operations) - 1)


def dense(units: int = UNITS, inputs: int = UNITS, **facts: Any) -> tuple[str, Role, dict[str, Any]]:
    """A dense layer for `chain`."""
    known = {"units": units, "inputs": inputs, "fan_in": inputs, "bias": True, "groups": 1, "window": ()}
    return ("Linear", "weights", {**known, "output": (units,), **facts})


def mlp(*activations: tuple[str, Mapping[str, Any]], classes: int = 10, inputs: int = 64) -> Graph:
    """Dense layers with these activations between, and an output of `classes`."""
    steps: list[Any] = []
    for number, (kind, ends) in enumerate(activations):
        steps += [dense(inputs=UNITS if number else inputs), (kind, "activation", dict(ends))]
    return chain(*steps, dense(classes, UNITS if activations else inputs))


def start(**changes: Any) -> StartFacts:
    """A network with one hidden layer of 50 ReLUs on ten classes, well in everything, with these fields changed."""
    signals = (Signal("0", "Linear", 0.0, 1.4), Signal("1", "ReLU", 0.56, 0.82), Signal("2", "Linear", 0.0, 0.1))
    weights = (
        weight("0.weight", (UNITS, 64), std=0.177, gradient=0.1),
        weight("0.bias", (UNITS,), std=0.0, gradient=0.01),
        weight("2.weight", (10, UNITS), std=0.014, gradient=0.3),
        weight("2.bias", (10,), std=0.0, gradient=0.05),
    )
    facts = StartFacts(
        own=False,
        data=None,
        target=TARGET,
        graph=mlp(("ReLU", RELU)),
        signals=signals,
        fresh_signals=signals,
        weights=weights,
        outputs=OUTPUTS,
        loss=LOSS,
        wiring=WiringFacts(
            zeroed_input=2.3, input_effect=1.0, other_rows=0.0, step_down=-1e-3, l2_rise=900.0, linear=False,
            modes_apart=0.0, last_batch=17,
        ),
        program={
            "optimizer": "adam", "lr": 1e-3, "batch": 32, "epochs": 20, "rows": 1_600, "steps": 1_000,
            "steps_an_epoch": 50, "l2": 0.0, "decay": 0.0,
        },
        attempts=attempts(as_it_is=0.9),
        tiny={"learned": True, "rows": 20, "lr": 0.1, "kind": "sgd", "start_loss": 2.3, "end_loss": 0.009, "score": 1.0,
              "epochs": 30},
        input={"mean": 0.0, "std": 1.0, "low": -3.0, "high": 3.0, "largest_mean": 0.1, "least_std": 0.9,
               "most_std": 1.1, "offset": 0.05},
    )  # fmt: skip
    return replace(facts, **changes)


def weight(name: str, shape: Sequence[int], *, std: float, gradient: float | None, **more: Any) -> Weight:
    """A parameter that is as a fresh one would be, unless `more` says otherwise."""
    fan_in = math.prod(shape[1:]) if len(shape) > 1 else 0
    known = {"fresh_std": std, "fresh_gradient": gradient, "fan_in": fan_in, **more}
    return Weight(name, tuple(shape), std, known.pop("mean", 0.0), gradient, **known)


def attempts(*, as_it_is: float = 0.0, best: float = 0.95, **fits: float) -> dict[str, Attempt]:
    """Attempts by name with how far each came; `lr_x0_1` is "lr x0.1"."""
    fits = {"as it is": as_it_is, "everything usual": best, **{_spoken(k): fit for k, fit in fits.items()}}
    return {
        name: Attempt(name, 100, 2.3, 2.3 * (1 - 0.9 * max(fit, 0.0)), 0.0, fit, diverged=fit < -1)
        for name, fit in fits.items()
    }


def _spoken(name: str) -> str:
    return name.replace("lr_x", "lr x").replace("_", ".") if name.startswith("lr_x") else name.replace("_", " ")


def deep(std: Sequence[float], *, saturated: Sequence[float] | None = None, kind: str = "Tanh") -> tuple[Signal, ...]:
    """The signals of a deep network: dense layers, each with an activation of this spread behind it."""
    found = []
    for number, spread in enumerate(std):
        found.append(Signal(str(2 * number), "Linear", 0.0, spread, spread=spread))
        share = None if saturated is None else saturated[number]
        found.append(Signal(str(2 * number + 1), kind, 0.0, spread, saturated=share, spread=spread))
    return tuple(found)
