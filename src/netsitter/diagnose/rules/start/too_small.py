"""NET008 too-small: a layer in the middle is too narrow for what lies behind it."""

from __future__ import annotations

import math
from dataclasses import replace

from netsitter.diagnose.cases_start import RELU, attempts, chain, dense, start
from netsitter.diagnose.evidence import best_of, reached
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Surgery
from netsitter.record.graph import Graph
from netsitter.record.start_facts import Attempt, StartFacts

WIDE = 32
"""Units that a narrow layer is to have: a cheap layer, and enough for any small number of classes."""


def _narrow(units: int) -> Graph:
    return chain(dense(units, 64), ("ReLU", "activation", RELU), dense(10, units))


class TooSmall(Rule[StartFacts]):
    """A layer in the middle is too narrow for what lies behind it.

    What it sees: hidden layers of one unit, or of fewer units than it takes to tell the classes apart, where even the
    best short training stays poor; or no hidden layer at all, where in addition a few rows cannot be learned by heart.

    Why it hurts: all that the network knows of a row must pass through that layer.

    Threshold: BITS = 1 unit for each doubling of the classes, at least; POOR = 0.8 of what there is to gain.

    Remedy: widen the layer.

    Fine when: the narrow layer is the code of an autoencoder.

    Sources: Hornik, Stinchcombe & White (1989), Neural Networks 2(5): width is what universal approximation asks for.
    """

    code = "NET008"
    slug = "too-small"
    severity = "warning"
    needs = "start"

    BITS = 1.0
    POOR = 0.8

    sick = (
        Case("one hidden unit for ten classes", start(graph=_narrow(1), attempts=attempts(as_it_is=0.1, best=0.2))),
        Case(
            "exclusive or, with one dense layer",
            start(
                graph=chain(dense(1, 2)),
                wiring=replace(start().wiring, linear=True),
                tiny={**start().tiny, "learned": False, "rows": 4, "score": 0.75},
                attempts=attempts(as_it_is=0.0, best=0.5),
            ),
        ),
    )
    well = (
        Case("fifty units", start()),
        Case(
            "logistic regression on rows that a line tells apart",
            start(
                graph=chain(dense(1, 2)), wiring=replace(start().wiring, linear=True), attempts=attempts(as_it_is=0.7)
            ),
        ),
        Case("one unit that is enough", start(graph=_narrow(1), attempts=attempts(as_it_is=0.9))),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        best = best_of(record)
        if record.graph is None or record.target is None or best is None or reached(best) > self.POOR:
            return []
        if record.wiring.linear and record.tiny and not record.tiny.get("learned"):
            return self._straight(record, best)
        layers = [o for o in record.graph.operations if o.role == "weights" and o.facts.get("units")]
        needed = max(2.0, self.BITS * math.log2(max(record.target.classes, 2)))
        narrow = [o for o in layers[:-1] if o.facts["units"] < needed and not o.facts.get("window")]
        if not narrow:
            return []
        worst = min(narrow, key=lambda o: o.facts["units"])
        seen = f"{worst.facts['units']} units for {max(record.target.classes, 1)} classes (limit {needed:.1f}); "
        seen += "the best of "
        seen += f"{len(record.attempts)} short trainings reached {reached(best):.2f} of what there is to gain"
        says = f"Widen the layer to {WIDE} units."
        if record.own:
            wider = (Surgery("widen", worst.name, WIDE),) if worst.name else ()
            remedy = Remedy(says, safety="changes-model" if wider else "advice", surgery=wider)
        else:
            sizes = tuple(size if size >= needed else WIDE for size in plan.net.sizes or (WIDE,))
            remedy = Remedy(says, {"net.sizes": sizes}, "changes-model")
        return [self.finding(worst.name or worst.kind, seen, remedies=(remedy,), weight=0.6)]

    def _straight(self, record: StartFacts, best: Attempt) -> list[Finding]:
        """For a network that is one linear map, of rows that no such map can tell apart."""
        layers = [o for o in record.graph.operations if o.role == "weights"] if record.graph is not None else []
        if len(layers) != 1:
            return []
        seen = f"one linear layer ({layers[0].facts.get('inputs')} to {layers[0].facts.get('units')}) and nothing that "
        seen += (
            f"bends; {record.tiny['rows']} rows are not learned by heart (score {record.tiny['score']:.2f}), and the "
        )
        seen += f"best short training reached {reached(best):.2f} of what there is to gain"
        says = f"Put a hidden layer of {WIDE} ReLUs before it."
        remedy = Remedy(says, {"net.sizes": (WIDE,)}, "changes-model")
        if record.own:
            remedy = Remedy(says, {}, "changes-model", (Surgery("deepen", layers[0].name, WIDE),))
        return [self.finding(layers[0].name or layers[0].kind, seen, remedies=(remedy,), weight=0.7)]
