"""NET002 output-loss-mismatch: what the network answers is not what the loss asks for."""

from __future__ import annotations

import math
from dataclasses import replace

from netsitter.diagnose.cases_start import LOSS, OUTPUTS, TARGET, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Severity, Surgery
from netsitter.record.start_facts import LossFacts, OutputFacts, StartFacts, TargetFacts

_SOFTMAX = replace(OUTPUTS, low=0.05, high=0.2, row_sum=(1.0, 1.0), reach=(0.0, 1.0), simplex=True)
_YES_NO = replace(TARGET, form="yes-no", classes=2, high=1.0, mean=0.5, std=0.5, dtype="float32")
_ONE = replace(OUTPUTS, shape=(256, 1))
_REAL = replace(TARGET, form="real", classes=0, low=-3.0, high=5.0, mean=0.0, std=1.0, dtype="float32", shape=(1,))
_MSE = replace(LOSS, name="mse", takes="values", first=1.1, guess=1.0, floor=0.0, reachable=0.0)


class OutputLossMismatch(Rule[StartFacts]):
    """The output of the network does not go with the loss, or with the targets.

    What it sees: what the loss asks for, learned by calling it (logits, probabilities, their logarithms, or the targets
    themselves), against what the output can reach, learned by turning the weights: a softmax before a loss on logits,
    none before one on probabilities, a ReLU, tanh or sigmoid before targets outside its range, too few outputs, squared
    error for classes, and a loss that cannot be computed at all.

    Why it hurts: the loss cannot come down to what it is when all is right, or its least value is no right answer; a
    doubled softmax leaves gradients so small that training looks like a learning rate far too low.

    Threshold: SHARE = 0.05 of the way from guessing to the least loss that stays out of the output's reach; OUTSIDE =
    0.05 of the targets' range that lies outside it. In well networks both are 0 but for rounding.

    Remedy: give the loss what it asks for: drop the output's last activation, or take the loss that goes with it.

    Fine when: an output that is bounded on purpose leaves out targets that are mistakes.

    Sources: Goodfellow, Bengio & Courville (2016), Deep Learning, section 6.2.2; Bridle (1990), NIPS 2.
    """

    code = "NET002"
    slug = "output-loss-mismatch"
    severity = "error"
    needs = "start"

    SHARE = 0.05
    OUTSIDE = 0.05

    sick = (
        Case("softmax before cross-entropy", start(outputs=_SOFTMAX, loss=replace(LOSS, reachable=1.46))),
        Case(
            "a sigmoid before a loss on logits of yes and no",
            start(
                target=_YES_NO,
                outputs=replace(_ONE, low=0.4, high=0.6, reach=(0.0, 1.0)),
                loss=replace(LOSS, name="bce_logits", takes="logit", guess=0.69, floor=0.0, reachable=0.5),
            ),
        ),
        Case(
            "logits before a loss on log-probabilities",
            start(loss=replace(LOSS, name="nll", takes="log-probabilities", first=0.01)),
        ),
        Case(
            "a ReLU on an output whose targets are negative as well",
            start(
                target=_REAL,
                outputs=replace(_ONE, low=0.0, reach=(0.0, math.inf)),
                loss=replace(_MSE, reachable=0.4),
            ),
        ),
        Case(
            "a softmax over a single output",
            start(
                target=_YES_NO,
                outputs=replace(_ONE, low=1.0, high=1.0, spread=0.0, row_sum=(1.0, 1.0), reach=(1.0, 1.0)),
                loss=replace(_MSE, first=0.5, guess=0.25, reachable=0.5),
            ),
        ),
        Case(
            "squared error for ten classes",
            start(target=replace(TARGET, form="one-hot", high=1.0, dtype="float32", shape=(10,)), loss=_MSE),
        ),
        Case(
            "a loss that fails",
            start(loss=LossFacts("nll", error="IndexError: Target 9 is out of bounds."), weights=(), attempts={}),
        ),
    )
    well = (
        Case("logits and cross-entropy", start()),
        Case(
            "log-probabilities and the loss on them",
            start(
                outputs=replace(OUTPUTS, reach=(-math.inf, 0.0), log_simplex=True, log_row_sum=(0.0, 0.0)),
                loss=replace(LOSS, name="nll", takes="log-probabilities"),
            ),
        ),
        Case(
            "a sigmoid and the loss on probabilities",
            start(
                target=_YES_NO,
                outputs=replace(_ONE, low=0.4, high=0.6, reach=(0.0, 1.0)),
                loss=replace(LOSS, name="bce", takes="probabilities", guess=0.69, floor=0.0, reachable=0.001),
            ),
        ),
        Case("a real target and squared error", start(target=_REAL, outputs=_ONE, loss=_MSE)),
        Case("nothing was measured", start(outputs=None, loss=None)),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        loss, outputs, target = record.loss, record.outputs, record.target
        if loss is None or outputs is None or target is None:
            return []
        found = (
            self._failing(loss, outputs, target)
            or self._too_few(loss, outputs, target)
            or self._constant(loss, outputs, target)
            or self._out_of_reach(loss, outputs, target)
            or self._not_probabilities(loss, outputs, target)
            or self._squared_classes(loss, outputs, target)
            or self._one_sided(loss, outputs)
        )
        if found is None:
            return []
        seen, remedies, severity, weight = found
        return [
            replace(
                self.finding(self._where(record), seen, remedies=remedies, severity=severity),
                weight=weight,
            )
        ]

    def _where(self, record: StartFacts) -> str:
        """The operation that gives the output."""
        if record.graph is None or not record.graph.operations or record.graph.result < 0:
            return "the output"
        last = record.graph.operations[record.graph.result]
        return f"the output: {last.kind}" + (f" ({last.name})" if last.name else "")

    def _failing(self, loss: LossFacts, outputs: OutputFacts, target: TargetFacts) -> _Told | None:
        if not loss.error:
            return None
        shapes = f"outputs {loss.outputs_shape} from {outputs.low:.3g} to {outputs.high:.3g}, targets "
        shapes += f"{loss.targets_shape} {loss.targets_dtype} from {target.low:.3g} to {target.high:.3g}"
        remedies: tuple[Remedy, ...] = (
            Remedy("Give the loss outputs and targets of the shape and range that it takes."),
        )
        if loss.takes == "probabilities":
            remedies = self._into_probabilities(target)
        elif target.form == "classes" and outputs.shape[1:2] and outputs.shape[1] <= target.high:
            says = f"End the network with {target.high + 1:g} outputs, one a class; number the classes from 0."
            # Labels that begin above 0 are a fault of the data, which is told and not covered up.
            more = (Surgery("outputs", to=target.high + 1),) if target.low == 0 else ()
            remedies = (Remedy(says, safety="changes-model" if more else "advice", surgery=more),)
        return f"{loss.name} fails: {loss.error[:70]}; {shapes}", remedies, "error", 1.0

    def _into_probabilities(self, target: TargetFacts) -> tuple[Remedy, ...]:
        """For a loss on probabilities that gets other numbers."""
        if target.form == "one-hot":
            crossed = Remedy("Take cross-entropy on logits.", {"loop.loss": "cross_entropy"}, "safe", (_BARE,))
            soft = Surgery("output", to="softmax")
            return crossed, Remedy("End the network with a softmax.", {}, "changes-model", (soft,))
        if target.form not in ("yes-no", "several"):
            return (Remedy("End with a sigmoid or softmax, or take the loss on logits."),)
        logits = Remedy("Take the loss on logits.", {"loop.loss": "bce_logits"}, "safe", (_BARE,))
        sigmoid = Surgery("output", to="sigmoid")
        return logits, Remedy("End the network with a sigmoid.", {}, "changes-model", (sigmoid,))

    def _too_few(self, loss: LossFacts, outputs: OutputFacts, target: TargetFacts) -> _Told | None:
        if loss.takes == "logits" and outputs.shape[1:2] == (1,):
            seen = f"1 output for {max(target.classes, 2)} classes: a softmax over one number is always 1"
            says = f"End the network with {max(target.classes, 2)} outputs."
            more = (Surgery("outputs", to=max(target.classes, 2)), _BARE)
            return seen, (Remedy(says, {}, "changes-model", more),), "error", 1.0
        return None

    def _constant(self, loss: LossFacts, outputs: OutputFacts, target: TargetFacts) -> _Told | None:
        low, high = outputs.reach
        if not (outputs.spread == 0 and high - low < 1e-6):
            return None
        seen = f"the answer is {outputs.high:.3g} for every row and whatever the weights are"
        says = "Replace the softmax over one output by a sigmoid, or by nothing."
        bounded = target.form in ("yes-no", "several") and loss.takes in ("probabilities", "values", "unknown")
        instead = Surgery("output", to="sigmoid") if bounded else _BARE
        return seen, (Remedy(says, {}, "changes-model", (instead,)),), "error", 1.0

    def _out_of_reach(self, loss: LossFacts, outputs: OutputFacts, target: TargetFacts) -> _Told | None:
        if None in (loss.floor, loss.reachable, loss.guess):
            return None
        floor, reachable, guess = float(loss.floor or 0), float(loss.reachable or 0), float(loss.guess or 0)
        short = (reachable - floor) / max(guess - floor, 1e-9)
        low, high = outputs.reach
        if loss.takes in ("logits", "logit") and short > self.SHARE and (outputs.simplex or math.isfinite(low + high)):
            seen = (
                f"{loss.name} takes logits; it gets "
                f"{'probabilities' if outputs.simplex else f'{low:.3g} to {high:.3g}'}"
                f", so that it can never come below {reachable:.3g} ({floor:.2g} with free outputs; guessing "
                f"{guess:.3g})"
            )
            dropped = Remedy("Drop the last activation: the loss has it inside.", {}, "changes-model", (_BARE,))
            return seen, (dropped,), "error", 0.95
        if loss.takes != "values" or not math.isfinite(target.high - target.low):
            return None
        width = max(target.high - target.low, 1e-12)
        outside = max(low - target.low, target.high - high, 0.0) / width
        if outside <= self.OUTSIDE or short <= self.SHARE:
            return None
        seen = (
            f"the output reaches {_range(low, high)}, the targets {_range(target.low, target.high)}: the loss cannot "
        )
        seen += f"come below {reachable:.3g}, where guessing costs {guess:.3g}"
        straight = Remedy("Drop the last activation, so that the output is linear.", {}, "changes-model", (_BARE,))
        return seen, (straight,), "error", 0.95

    def _one_sided(self, loss: LossFacts, outputs: OutputFacts) -> _Told | None:
        low, high = outputs.reach
        if loss.takes not in ("logits", "logit") or (low != 0 and high != 0):
            return None
        seen = f"{loss.name} takes logits of either sign; the output reaches {_range(low, high)}, and where it is 0 no "
        seen += "gradient comes through"
        straight = Remedy("Drop the last activation: the loss has it inside.", {}, "changes-model", (_BARE,))
        return seen, (straight,), "warning", 0.6

    def _not_probabilities(self, loss: LossFacts, outputs: OutputFacts, target: TargetFacts) -> _Told | None:
        if loss.takes == "log-probabilities" and not outputs.log_simplex:
            given = "probabilities" if outputs.simplex else "numbers that are no logarithms of probabilities"
            seen = f"{loss.name} takes log-probabilities and gets {given}: it can fall without end (first "
            seen += f"{loss.first:.3g})"
            logits = Remedy("Take cross-entropy on the logits.", {"loop.loss": "cross_entropy"}, "safe", (_BARE,))
            logged = Remedy("Put a log-softmax before it.", {}, "changes-model", (Surgery("output", to="log_softmax"),))
            return seen, (logged, logits), "error", 0.95
        low, high = outputs.reach
        if loss.takes == "probabilities" and (low < -1e-3 or high > 1 + 1e-3):
            seen = f"{loss.name} takes probabilities; the output reaches {_range(low, high)}"
            return seen, self._into_probabilities(target), "error", 0.95
        return None

    def _squared_classes(self, loss: LossFacts, outputs: OutputFacts, target: TargetFacts) -> _Told | None:
        if loss.takes != "values" or target.form not in ("one-hot", "classes"):
            return None
        if target.form == "classes" and outputs.shape[1:] != loss.targets_shape[1:] and outputs.shape[1:2] != (1,):
            return None
        seen = f"{loss.name} measures distances, and the targets are {target.classes} classes"
        more = (Surgery("outputs", to=target.classes),) if outputs.shape[1:] != (target.classes,) else ()
        says = "Take cross-entropy on logits, one output a class."
        crossed = Remedy(says, {"loop.loss": "cross_entropy"}, "changes-model", (_BARE, *more))
        return seen, (crossed,), "warning", 0.6


_BARE = Surgery("output", to="identity")
"""The last activation is taken away."""


_Told = tuple[str, tuple[Remedy, ...], Severity, float]


def _range(low: float, high: float) -> str:
    return f"{low:.3g} to {high:.3g}"
