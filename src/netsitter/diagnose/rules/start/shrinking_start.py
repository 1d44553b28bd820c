"""INI002 shrinking-start: signals shrink layer by layer at the start."""

from __future__ import annotations

from netsitter.diagnose.at_start import anew, hidden
from netsitter.diagnose.cases_start import attempts, deep, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Severity
from netsitter.record.start_facts import StartFacts

_FRESH = deep([0.6 * 0.95**n for n in range(10)])


class ShrinkingStart(Rule[StartFacts]):
    """Signals shrink layer by layer at the start.

    What it sees: the spread over rows of what the last hidden layer gives, over that of the first, against the same of
    the network freshly initialised on the same rows.

    Why it hurts: behind layers whose signals have shrunk nothing depends on the input any more, and gradients shrink
    in the same way on their way back.

    Threshold: SHRINK = 0.08 times what a fresh network keeps, over FEWEST = 3 hidden layers or more. Ten layers of tanh
    at N(0, 0.01²) left 1e-9 of the first one's spread on five data sets; without normalisation Xavier's start left 0.15
    to 0.83 with tanh, and He's 0.12 to 0.6 with ReLU, in three to ten layers.

    Remedy: He initialisation for ReLU, Xavier for tanh, LSUV for others; or batch normalisation.

    Fine when: the network has normalisation or residual paths that bring the size back; those are measured as they
    are, and do not shrink.

    Sources: Glorot & Bengio (2010), AISTATS; He, Zhang, Ren & Sun (2015), arXiv:1502.01852.
    """

    code = "INI002"
    slug = "shrinking-start"
    severity = "error"
    needs = "start"

    SHRINK = 0.08
    FEWEST = 3

    sick = (
        Case(
            "ten layers of tanh with N(0, 0.01²)",
            start(
                signals=deep([0.2 * 0.1**n for n in range(10)]),
                fresh_signals=_FRESH,
                attempts=attempts(as_it_is=0.0, fresh=0.8),
            ),
        ),
    )
    well = (
        Case("one hidden layer with small weights", start()),
        Case("ten layers of tanh, Xavier", start(signals=_FRESH, fresh_signals=_FRESH)),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        now, fresh = hidden(record.signals), hidden(record.fresh_signals)
        if len(now) < self.FEWEST or len(fresh) != len(now) or not now[0].spread or not fresh[0].spread:
            return []
        kept, usual = now[-1].spread / now[0].spread, fresh[-1].spread / fresh[0].spread
        if kept >= self.SHRINK * usual:
            return []
        seen = (
            f"spread {now[0].spread:.2g} behind {now[0].name}, {now[-1].spread:.2g} behind {now[-1].name}: {kept:.1g} "
        )
        seen += (
            f"of it is left after {len(now)} layers; fresh weights leave {usual:.2g} (limit {self.SHRINK:g} of that)"
        )
        places = tuple(f"{signal.name}: spread {signal.spread:.2g}" for signal in now[:: max(1, len(now) // 5)])
        severity: Severity = "error" if kept < 1e-4 * usual else "warning"
        return [
            self.finding(
                f"{now[0].name} to {now[-1].name}",
                seen,
                remedies=anew(record),
                places=places,
                severity=severity,
                weight=0.7,
            )
        ]
