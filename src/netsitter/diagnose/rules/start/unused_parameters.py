"""NET007 unused-parameters: weights of the network are never moved."""

from __future__ import annotations

import math

from netsitter.diagnose.at_start import last_weight
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import start, weight
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Severity, Surgery
from netsitter.record.loop_facts import LoopFacts, loop_of
from netsitter.record.start_facts import StartFacts, Weight
from netsitter.record.trace import Trace


class UnusedParameters(Rule[StartFacts | Trace]):
    """Weights of the network are never moved.

    What it sees: parameters that no gradient reaches, that the optimiser does not hold, or that are frozen while they
    still have the spread of PyTorch's own random start. In a loop that is watched, parameters that no optimiser holds,
    or that had no gradient in any step.

    Why it hurts: the network has less capacity than it seems, and random weights stay random.

    Threshold: RANDOM = 0.05: a frozen weight whose spread is within this share, or three standard errors, of that of a
    fresh one, or of PyTorch's own 1/√(3 · fan-in), was never trained.
    STEPS = 20 steps without a gradient are never. FEW = 0.02 of all weights are no more than a note, unless they
    give the output.

    Remedy: use the layer in forward, hand its parameters to the optimiser, or unfreeze it.

    Fine when: layers are frozen on purpose after another training, or kept for another task.

    Sources: PyTorch documentation, torch.nn.Module.requires_grad_.
    """

    code = "NET007"
    slug = "unused-parameters"
    severity = "error"
    needs = ("start", "run")

    RANDOM = 0.05
    STEPS = 20
    FEW = 0.02

    sick = (
        Case(
            "a layer that forward never calls",
            start(weights=(*start().weights, weight("extra.weight", (50, 50), std=0.08, gradient=None))),
        ),
        Case(
            "random weights that are frozen",
            start(
                weights=(weight("0.weight", (50, 64), std=0.0722, gradient=None, trained=False), *start().weights[2:])
            ),
        ),
        Case(
            "an optimizer of another network",
            run(
                train=[0.9, 0.95],
                val=[0.9, 0.95],
                known={"loop": LoopFacts(100, 1_000, {"0.weight": 900, "2.weight": 100}).as_json()},
            ),
        ),
        Case(
            "a layer that no optimiser holds",
            run(train=[0.9, 0.95], val=[0.9, 0.95], known={"loop": LoopFacts(100, 1_000, {"0.weight": 900}).as_json()}),
        ),
        Case(
            "a layer without a gradient in a loop",
            run(
                train=[0.9, 0.95],
                val=[0.9, 0.95],
                known={"loop": LoopFacts(100, 1_000, unreached={"1.weight": 300}).as_json()},
            ),
        ),
    )
    well = (
        Case("all are moved", start()),
        Case(
            "all are moved in a loop",
            run(train=[0.9, 0.95], val=[0.9, 0.95], known={"loop": LoopFacts(100, 1_000).as_json()}),
        ),
        Case(
            "too early to say",
            run(
                train=[0.9, 0.95],
                val=[0.9, 0.95],
                known={"loop": LoopFacts(10, 1_000, unreached={"1.weight": 300}).as_json()},
            ),
        ),
        Case(
            "frozen after another training",
            start(
                weights=(
                    weight("0.weight", (50, 64), std=0.3, fresh_std=0.0722, gradient=None, trained=False),
                    *start().weights[2:],
                )
            ),
        ),
    )

    def check(self, record: StartFacts | Trace, plan: Plan) -> list[Finding]:
        if isinstance(record, Trace):
            loop = loop_of(record)
            return [] if loop is None else self._from_loop(loop)
        total = sum(math.prod(w.shape) for w in record.weights)
        unreached = [w for w in record.weights if w.trained and (w.gradient is None or not w.held)]
        frozen = [w for w in record.weights if not w.trained and len(w.shape) > 1 and self._random(w)]
        found = []
        advice = Remedy("Use the layer in forward and hand it to the optimiser, or leave it out.")
        thawed = Remedy("Unfreeze them: requires_grad_(True).", safety="safe", surgery=(Surgery("unfreeze"),))
        for some, why, remedy in (
            (unreached, "no gradient reaches", advice),
            (frozen, "are frozen at their random start", thawed),
        ):
            if some:
                size = sum(math.prod(w.shape) for w in some)
                seen = (
                    f"{len(some)} tensors, {size:,} of {total:,} weights ({size / total:.1%}), {why}"
                    if some is frozen
                    else f"{why} {len(some)} tensors, {size:,} of {total:,} weights ({size / total:.1%})"
                )
                # A bias or two beside the road is no fault worth a warning.
                last = some is frozen and any(w.name == last_weight(record) for w in frozen)
                severity: Severity = "warning" if size > self.FEW * total or last else "note"
                found.append(
                    self.finding(
                        some[0].name,
                        seen,
                        remedies=(remedy,),
                        places=tuple(w.name for w in some[:5]),
                        severity=severity,
                        weight=min(0.9, 0.4 + size / total),
                    )
                )
        return found

    def _from_loop(self, loop: LoopFacts) -> list[Finding]:
        found = []
        for some, why, remedy in (
            (
                loop.unheld if loop.steps else {},
                "no optimiser holds",
                "Hand them to the optimiser: model.parameters() of this very network.",
            ),
            (
                loop.unreached if loop.steps >= self.STEPS else {},
                f"in {loop.steps} steps no gradient reached",
                "Use the layer in forward, or leave it out.",
            ),
        ):
            size = sum(some.values())
            if not size:
                continue
            severity: Severity = "warning" if size > self.FEW * loop.trained else "note"
            seen = f"{why} {len(some)} tensors, {size:,} of {loop.trained:,} weights ({size / loop.trained:.1%})"
            none = some is loop.unheld and size == loop.trained
            found.append(
                self.finding(
                    "the optimiser" if none else next(iter(some)),
                    seen + "; it was made for another network" * none,
                    remedies=(Remedy(remedy),),
                    places=tuple(some)[:5],
                    severity="error" if none else severity,
                    weight=min(0.9, 0.4 + size / loop.trained),
                )
            )
        return found

    def _random(self, weight: Weight) -> bool:
        usual = (1 / math.sqrt(3 * max(weight.fan_in, 1)), weight.fresh_std or 0.0)
        chance = 3 / math.sqrt(2 * math.prod(weight.shape))
        return any(abs(weight.std - std) < max(self.RANDOM, chance) * std for std in usual)
