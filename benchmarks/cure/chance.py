"""Remedies drawn by chance: what somebody does who has no doctor, and the baseline of published repair tools."""

from __future__ import annotations

import random

from netsitter.curing.program import Program
from netsitter.record.findings import Remedy, Surgery


def drawn(chance: random.Random, program: Program) -> Remedy:
    """One remedy out of all kinds that there are, each kind as likely as another."""
    lr = program.plan.optim.lr or 1e-3
    kinds = [
        Remedy("rate", {"optim.lr": lr * chance.choice((0.001, 0.01, 0.1, 10.0, 100.0, 1000.0))}, "safe"),
        Remedy("Adam", {"optim.kind": "adam", "optim.lr": chance.choice((1e-3, 1e-2))}, "safe"),
        Remedy("momentum", {"optim.kind": "momentum", "optim.lr": chance.choice((1e-3, 1e-2, 1e-1))}, "safe"),
        Remedy("standardise", {"data.prepare": "standardise"}, "safe"),
        Remedy("batch", {"loop.batch": chance.choice((8, 32, 128))}, "safe"),
        Remedy("clip", {"optim.clip": 1.0}, "safe"),
        Remedy("no penalty", {"optim.l2": 0.0, "optim.decay": 0.0}, "safe"),
        Remedy("penalty", {"optim.l2": chance.choice((1e-4, 1e-2))}, "safe"),
        Remedy("activation", surgery=(Surgery("swap", to=chance.choice(("relu", "leaky_relu", "elu", "tanh"))),)),
        Remedy("weights", surgery=(Surgery("initialise", to=chance.choice(("he", "xavier"))),)),
        Remedy("batch norm", surgery=(Surgery("normalise"),)),
        Remedy("output", surgery=(Surgery("output", to=chance.choice(("identity", "sigmoid", "log_softmax"))),)),
        Remedy("dropout", surgery=(Surgery("dropout", to=chance.choice((0.0, 0.2))),)),
        Remedy("unfreeze", surgery=(Surgery("unfreeze"),)),
        Remedy("loss", {"loop.loss": chance.choice(("cross_entropy", "mse", "bce_logits"))}, "safe"),
        Remedy("sign", surgery=(Surgery("loss-sign"),)),
        Remedy("mean", surgery=(Surgery("loss-mean"),)),
        Remedy("shape", surgery=(Surgery("loss-shape"),)),
    ]
    if not program.ready.parts.measure.real:
        kinds = [kind for kind in kinds if "data.target" not in kind.changes]
    else:
        kinds.append(Remedy("target", {"data.target": "standardise"}, "safe"))
    return chance.choice(kinds)
