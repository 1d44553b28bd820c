"""UPD006 unsuited-optimizer: another optimiser goes much further in as many steps."""

from __future__ import annotations

from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.evidence import AS_IT_IS, best_of, reached
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts


class UnsuitedOptimizer(Rule[StartFacts]):
    """Another optimiser goes much further in as many steps.

    What it sees: short trainings with Adam at its usual rates against this optimiser at its own rate and at ten, a
    hundred and a thousand times it, up and down.

    Why it hurts: the ground is badly conditioned: a rate that is right in one direction is too low in all others.

    Threshold: BEHIND = 0.35 of what there is to gain between Adam and this optimiser at the best of its rates.

    Remedy: Adam, or momentum at a fitted rate; better scaled inputs where they are the reason.

    Fine when: there are many more steps to come, so that the slower one arrives as well.

    Sources: Sutskever, Martens, Dahl & Hinton (2013), ICML; Kingma & Ba (2015), arXiv:1412.6980.
    """

    code = "UPD006"
    slug = "unsuited-optimizer"
    severity = "warning"
    needs = "start"

    BEHIND = 0.35

    sick = (
        Case(
            "plain SGD in a ravine",
            start(
                attempts=attempts(as_it_is=0.1, lr_x10=0.15, lr_x100=0.1, adam=0.9),
                program={**start().program, "optimizer": "sgd"},
            ),
        ),
    )
    well = (
        Case("as good as Adam", start(attempts=attempts(as_it_is=0.8, adam=0.9))),
        Case("a rate that does as well", start(attempts=attempts(as_it_is=0.1, lr_x10=0.85, adam=0.9))),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        own = best_of(record, lambda name: name.startswith("lr x") or name == AS_IT_IS)
        adam = best_of(record, lambda name: name.startswith("adam"))
        if own is None or adam is None or reached(adam) - max(reached(own), 0.0) < self.BEHIND:
            return []
        seen = f"in {adam.steps} steps {adam.name} gains {reached(adam):.2f} of what there is to gain, "
        seen += f"{record.program.get('optimizer')} at the "
        seen += f"best of its rates {reached(own):.2f} (limit {self.BEHIND:g} apart)"
        rate = float(adam.changes.get("optim.lr", 1e-3))
        remedy = Remedy(f"Take Adam at {rate:g}.", {"optim.kind": "adam", "optim.lr": rate}, "safe")
        return [self.finding("the optimiser", seen, remedies=(remedy,), weight=0.4)]
