"""netsitter's loop over a cohort of all trials, events and scores included."""

from __future__ import annotations

import numpy as np
import torch
from benchmarks.speed.loads import Load

from netsitter.data.batches import Resident
from netsitter.nn.build import build
from netsitter.plan.plan import Plan
from netsitter.record.events import EpochEnded
from netsitter.train.cohort import cohort_of
from netsitter.train.cohorts.cohort import Cohort, Way
from netsitter.train.loop import Parts, Training
from netsitter.train.losses import LOSSES
from netsitter.train.scores import CLASSES, scorer_of


def cohort_for(load: Load, parts: tuple[Resident, Resident], plans: list[Plan], *, way: Way | None = None) -> Cohort:
    """All trials as one cohort, planned as a search would have it."""
    nets = [build(plan.net, example=load.example, outputs=load.classes) for plan in plans]
    train = parts[0]
    probe = train.x_N[:8], train.y_N[:8]
    cpu = torch.device("cpu")
    return cohort_of(nets, plans, LOSSES["cross_entropy"], device=cpu, probe=probe, rows=train.rows, way=way)


def trained(cohort: Cohort, parts: tuple[Resident, Resident]) -> list[float]:
    """Trains it to the end of its plan. Returns the best validation score of each trial."""
    train, val = parts
    score_rows = np.arange(min(train.rows, cohort.plans[0].loop.score_rows))
    scorers = {"train": scorer_of(train.y_N[score_rows], CLASSES), "val": scorer_of(val.y_N, CLASSES)}
    training = Training(cohort, Parts({"train": train, "val": val}, scorers, score_rows, CLASSES))
    curves = [event.values["epoch/val"] for event in training.events() if isinstance(event, EpochEnded)]
    return np.array(curves).max(axis=0).tolist()


def ours(load: Load, parts: tuple[Resident, Resident], plans: list[Plan], *, way: Way | None = None) -> list[float]:
    """Cohort, plan and training, all that a search pays for."""
    return trained(cohort_for(load, parts, plans, way=way), parts)
