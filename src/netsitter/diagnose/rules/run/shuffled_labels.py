"""DAT010 shuffled-labels: the labels carry no signal."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import start
from netsitter.diagnose.in_run import fits, noise_of_fit, numbered, rows_of, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts, TargetFacts
from netsitter.record.trace import Trace

_NONE = {"rows": 1_000.0, "neighbours": 0.01, "linear": -0.02, "noise": 0.03}
_YES_NO = TargetFacts("classes", 2, 0.0, 1.0, 0.5, 0.5, "int64", ())


class ShuffledLabels(Rule[Trace]):
    """The labels carry no signal.

    What it sees: a network that learns its training rows while it stays at chance on others; before training, nearest
    neighbours and a linear fit that both do no better than guessing. The latter is taken back as soon as the network
    answers validation rows better than guessing, by three standard errors: products of features show to neither.

    Why it hurts: there is nothing to learn: most often labels and rows have lost each other in a join or a shuffle.

    Threshold: LEARNED = 0.4 of what there is to gain on training rows, with the validation rows within NOISE = 3
    standard errors of guessing; before training both simple methods within these, where they come to less than LEARNED.
    Where always guessing the largest class scores above RARE = 0.9, no share of right rows can tell.

    Remedy: look at rows with their labels; join them anew.

    Fine when: the task is known to be unlearnable, or the rows are far too few for it.

    Sources: Zhang, Bengio, Hardt, Recht & Vinyals (2017), arXiv:1611.03530: random labels are learned by heart.
    """

    code = "DAT010"
    slug = "shuffled-labels"
    severity = "error"
    needs = ("start", "run")

    LEARNED = 0.4
    NOISE = 3.0
    RARE = 0.9

    sick = (
        Case("learned by heart and no more", run(train=[0.6, 0.85], val=[0.5, 0.49], train_loss=[0.6, 0.3])),
        Case("no simple method sees anything", start(signal=_NONE, target=_YES_NO)),
    )
    well = (
        Case("learned", run(train=[0.8, 0.9], val=[0.8, 0.85])),
        Case("neighbours agree", start(signal={**_NONE, "neighbours": 0.7})),
        Case("nothing was measured", start()),
        Case(
            "one fraud among fifty",
            start(signal=_NONE, target=_YES_NO, program={**start().program, "guess": 0.98}),
        ),
    )

    def check(self, record: StartFacts | Trace, plan: Plan) -> list[Finding]:
        remedy = (Remedy("Look at some rows with their labels; join them anew."),)
        if isinstance(record, StartFacts):
            signal = record.signal
            limit = self.NOISE * signal.get("noise", 1.0)
            if float(record.program.get("guess") or 0.0) > self.RARE:
                return []
            if limit > self.LEARNED or max(signal["neighbours"], signal["linear"]) > limit:
                return []
            seen = f"on {signal['rows']:.0f} rows, neighbours gain {signal['neighbours']:.1%} and a linear fit "
            seen += f"{signal['linear']:.1%} of what there is to "
            seen += f"gain (noise {signal['noise']:.1%}, limit {self.NOISE:g} times that)"
            return [self.finding("the labels", seen, remedies=remedy, weight=0.7, severity="error")]
        found = []
        for trial in range(trials(record)):
            train, val = fits(record, trial), fits(record, trial, "val")
            noise = self.NOISE / 2 * noise_of_fit(record, "val")
            if not len(train) or rows_of(record, "val") < 30 or noise > 0.35 or not np.isfinite(train[-1]):
                continue
            if train[-1] - max(np.nanmax(val), 0.0) < self.LEARNED or np.nanmax(val) > noise:
                continue
            seen = f"{train[-1]:.0%} of what there is to gain on training rows, {np.nanmax(val):.1%} at best on "
            seen += f"validation rows (noise {noise:.1%})"
            found.append(self.finding("the labels", seen, remedies=remedy, weight=0.7, trial=numbered(record, trial)))
        return found
