"""Folders of runs as the board finds them: written with the real journal, or torn as a kill leaves them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from netsitter.record.events import Ended, EpochEnded, Event, Found, Measured, Outcome, Started
from netsitter.record.findings import Finding, Remedy
from netsitter.record.journal import Journal

PLAN: dict[str, Any] = {"optim": {"lr": 0.1, "kind": "sgd"}, "loop": {"epochs": 3, "batch": 10}, "net": {"own": ""}}

CLASSES = ("cat", "dog")


def started(name: str = "a run", *, classes: tuple[str, ...] = CLASSES, **optim: Any) -> Started:
    counts = {"class_counts": (10,) * len(classes)}
    data = {
        "name": "pets", "image": False, "example": (4,), "classes": classes, "rows": {"train": 20, "val": 20},
        "facts": {"train": counts, "val": counts}, "notes": (), "fingerprint": "0",
    }  # fmt: skip
    plan = PLAN | {"optim": PLAN["optim"] | optim}
    return Started(name, (plan,), data, {"kind": "mlp", "parameters": 10}, {"device": "cpu"}, 1.0)


def measured(step: int, loss: float) -> Measured:
    return Measured(1 + step // 3, (step,), {"loss": ((loss,),), "lr": ((0.1,),)})


def epoch(number: int, score: float, *, of: int = 3) -> EpochEnded:
    losses = dict.fromkeys(("epoch/cost", "epoch/train_loss", "epoch/val_loss"), (1.0 / number,))
    values = {**losses, "epoch/train": (score,), "epoch/val": (score,), "epoch/lr": (0.1,)}
    return EpochEnded(number, of, 2 * number, values, (True,), 1.0)


def found(slug: str = "dead-relu", severity: Any = "warning", where: str = "act1", step: int | None = 2) -> Found:
    remedy = Remedy("Take Leaky ReLUs.", {"net.act": "leaky_relu"}, "changes-model")
    return Found(Finding("ACT001", slug, severity, where, "97% of its units give 0", (remedy,), step=step))


def ended(outcome: Outcome = Outcome.FINISHED, score: float = 0.9) -> Ended:
    scores = {} if outcome is Outcome.DIVERGED else {"test": {"score": (score,)}, "val": {"score": (score,)}}
    return Ended(outcome, 3, 6, 1.0, "", scores)


WHOLE = [started(), measured(1, 2.0), measured(2, 1.0), epoch(1, 0.6), measured(3, 0.9), epoch(2, 0.8), ended()]


def write(folder: Path, events: Iterable[Event] = WHOLE) -> Path:
    """A run's folder with these events in its journal. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with Journal(folder / "journal.jsonl") as journal:
        for event in events:
            journal.take(event)
    return folder
