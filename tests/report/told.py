"""A short run as events, as a console hears them."""

from __future__ import annotations

from netsitter.record.events import (
    Checked,
    Chosen,
    Ended,
    EpochEnded,
    Event,
    Found,
    Measured,
    Outcome,
    Started,
    Verdict,
)
from netsitter.record.findings import Finding, Remedy


def started(**changes: object) -> Started:
    data = {
        "name": "pets",
        "image": True,
        "example": (3, 4, 6),
        "classes": ("cat", "dog"),
        "rows": {"train": 90, "val": 10, "test": 25},
        "facts": {part: {"class_counts": counts} for part, counts in (("val", (7, 3)), ("test", (10, 15)))},
        "notes": ("grey was made RGB",),
        **changes,
    }
    optim = {"kind": "adam", "lr": 0.001, "l2": 0.0, "own": ""}
    loop = {"batch": 30, "epochs": 2, "loss": "cross_entropy"}
    plan = {"net": {"own": ""}, "loop": loop, "optim": optim}
    return Started("pets", (plan,), data, {"kind": "mlp", "parameters": 1234}, {"device": "cpu"}, 0.0)


def finding(seen: str = "4 of 64 features never vary") -> Found:
    remedies = (Remedy("Drop them."),)
    return Found(Finding("DAT003", "constant-feature", "note", "the training part", seen, remedies, places=("x 0",)))


def epoch(number: int, *, best: bool = True) -> EpochEnded:
    values = {
        "cost": (2.302576,),
        "train": (0.08,),
        "val": (0.103,),
        "lr": (1e-6,),
        "train_loss": (2.3,),
        "val_loss": (2.3,),
    }
    told = {f"epoch/{name}": numbers for name, numbers in values.items()}
    return EpochEnded(number, 2, 3 * number, told, (best,), 1.0)


def ended(outcome: Outcome = Outcome.FINISHED, score: float = 0.8) -> Ended:
    scores = {part: {"loss": (0.5,), "score": (score,)} for part in ("val", "test")}
    return Ended(outcome, 2, 6, 75.0, scores={} if outcome is Outcome.DIVERGED else scores)


def whole_run() -> list[Event]:
    return [
        started(),
        Chosen("optim.lr", 0.001, "the usual start"),
        Chosen("net.sizes", (100,), "one layer"),
        finding(),
        Checked("first loss", Verdict.PASSED, "2.30"),
        Checked("tiny subset", Verdict.WARNED, "not learned"),
        *(
            event
            for number in (1, 2)
            for event in (Measured(number, (3 * number,), {"loss": ((2.3,),), "lr": ((0.1,),)}), epoch(number))
        ),
        ended(),
    ]
