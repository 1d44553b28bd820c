"""NET004 uneven-convolution: a convolution or pooling never reads the last rows and columns."""

from __future__ import annotations

from netsitter.diagnose.cases_start import start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts


class UnevenConvolution(Rule[StartFacts]):
    """A convolution or pooling never reads the last rows and columns.

    What it sees: the arithmetic of each convolution and pooling: (W - F + 2P) / S that is no whole number.

    Why it hurts: pixels at the border are paid for and never looked at.

    Threshold: LOST = 1 row or column.

    Remedy: another padding, stride or kernel, as the sentence says.

    Fine when: what is lost is a border of no meaning.

    Sources: Dumoulin & Visin (2016), arXiv:1603.07285.
    """

    code = "NET004"
    slug = "uneven-convolution"
    severity = "note"
    needs = "start"

    LOST = 1

    sick = (
        Case(
            "32 pixels, kernel 3, stride 2, no padding",
            start(misfits=("layer 0: 1 row and 1 column of 32 are never read",)),
        ),
    )
    well = (Case("padding that fits", start()),)

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        if len(record.misfits) < self.LOST:
            return []
        where, _, seen = record.misfits[0].partition(": ")
        more = f" (and {len(record.misfits) - 1} more)" if len(record.misfits) > 1 else ""
        return [
            self.finding(
                where,
                (seen or where)[:200] + more,
                remedies=(Remedy("Change padding, stride or kernel so that the size divides."),),
                weight=0.1,
            )
        ]
