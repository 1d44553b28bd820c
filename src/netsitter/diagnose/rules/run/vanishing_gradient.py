"""GRD001 vanishing-gradient: the first layers get next to no gradient."""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.in_run import numbered, trials
from netsitter.diagnose.remedies import relus
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace


class VanishingGradient(Rule[Trace]):
    """The first layers get next to no gradient.

    What it sees: the length of each weight's gradient, over the root of its size; that of the first weights against
    that of the last, in the middle of all readings, and against the same network freshly initialised.

    Why it hurts: the layers that see the input do not learn; those behind them learn from what random layers make of
    it.

    Threshold: RATIO = 0.001 between first and last weight, and FRESH = 0.1 times what a fresh network has.

    Remedy: ReLU, He initialisation, batch normalisation, residual paths.

    Fine when: the first layers were trained before.

    Sources: Hochreiter (1991), diploma thesis; Bengio, Simard & Frasconi (1994), IEEE TNN 5(2).
    """

    code = "GRD001"
    slug = "vanishing-gradient"
    severity = "warning"
    needs = "run"

    RATIO = 0.001
    FRESH = 0.1

    sick = (
        Case(
            "a ten-thousandth comes through",
            run(
                train=[0.5],
                val=[0.5],
                epoch_series={"grad/norm": [(1e-6, 0.1)] * 5},
                facts=start(data=table(), attempts=attempts(as_it_is=0.5)),
            ),
        ),
    )
    well = (
        Case("both get some", run(train=[0.6], epoch_series={"grad/norm": [(0.05, 0.1)] * 5})),
        Case("nothing was watched", run(train=[0.6])),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        names, norms = list(record.watched.get("weights", ())), record.curve("grad/norm")
        if len(names) < 2 or len(norms.steps) < 3 or norms.values.ndim < 3:
            return []
        start = record.start
        sizes = {w.name: max(1.0, float(np.prod(w.shape))) ** 0.5 for w in start.weights} if start else {}
        scale = np.array([sizes.get(name, 1.0) for name in names])
        found = []
        for trial in range(trials(record)):
            middle = np.median(norms.values[:, trial], axis=0) / scale
            if not np.isfinite(middle).all() or middle[-1] <= 0:
                continue
            ratio = float(middle[0] / middle[-1])
            fresh = self._fresh(start, names)
            if ratio >= self.RATIO or (fresh is not None and ratio >= self.FRESH * fresh):
                continue
            seen = f"a weight of {names[0]} gets {ratio:.1e} of the gradient of one of {names[-1]}, in the middle "
            seen += f"of {len(norms.steps)} readings (limit {self.RATIO:g})"
            found.append(
                self.finding(
                    names[0],
                    seen,
                    remedies=relus(plan.net.kind == "own"),
                    weight=0.4,
                    step=int(norms.steps[-1]),
                    trial=numbered(record, trial),
                )
            )
        return found

    def _fresh(self, start: StartFacts | None, names: list[str]) -> float | None:
        """The same ratio of the network freshly initialised."""
        known = {w.name: w for w in start.weights} if start else {}
        ends = [known.get(name) for name in (names[0], names[-1])]
        if any(w is None or not w.fresh_gradient for w in ends):
            return None
        first, last = (float(w.fresh_gradient or 0) / sqrt(prod(w.shape)) for w in ends if w is not None)
        return first / last
