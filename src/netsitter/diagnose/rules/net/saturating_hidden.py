"""NET003 saturating-hidden: hidden layers squash their signals."""

from __future__ import annotations

from netsitter.diagnose.cases_start import SIGMOID, chain, dense, mlp, start
from netsitter.diagnose.remedies import relus
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding
from netsitter.record.graph import Graph
from netsitter.record.start_facts import StartFacts


class SaturatingHidden(Rule[StartFacts]):
    """Hidden layers squash their signals.

    What it sees: sigmoids or tanhs in many hidden layers one behind the other, and softmaxes in a hidden layer that is
    not attention.

    Why it hurts: the slope of a sigmoid is at most 0.25 and usually far less: through several layers the gradient
    dies. A softmax lets one unit speak and hushes the others.

    Threshold: LAYERS = 4 sigmoids, or SOFTMAX = 1 softmax, before the output. Tanh with Xavier's start is left alone:
    its slope is 1 in the middle.

    Remedy: ReLU, Leaky ReLU, ELU or Maxout in hidden layers.

    Fine when: a gate or an attention needs the range of 0 to 1.

    Sources: Glorot & Bengio (2010), AISTATS; Hochreiter (1991), diploma thesis; Nair & Hinton (2010), ICML.
    """

    code = "NET003"
    slug = "saturating-hidden"
    severity = "warning"
    needs = "start"

    LAYERS = 4
    SOFTMAX = 1

    sick = (
        Case("six sigmoid layers", start(graph=mlp(*[("Sigmoid", SIGMOID)] * 6))),
        Case(
            "a softmax in the middle",
            start(graph=chain(dense(50, 64), ("Softmax", "softmax", {"axis": 1, "log": False}), dense(10, 50))),
        ),
    )
    well = (
        Case("ReLUs", start()),
        Case("one sigmoid layer", start(graph=mlp(("Sigmoid", SIGMOID)))),
        Case(
            "a softmax at the output",
            start(graph=chain(dense(10, 64), ("LogSoftmax", "softmax", {"axis": 1, "log": True}))),
        ),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        graph = record.graph
        if graph is None:
            return []
        soft = [o for place, o in enumerate(graph.operations) if self._hidden(graph, place, "softmax")]
        flat = [o for place, o in enumerate(graph.operations) if self._hidden(graph, place, "activation")]
        flat = [o for o in flat if o.facts.get("flat") and o.facts.get("low") == 0.0 and o.facts.get("high") == 1.0]
        if len(soft) >= self.SOFTMAX:
            where, seen = (
                soft[0].name or soft[0].kind,
                f"{len(soft)} softmax in hidden layers (limit {self.SOFTMAX}): units that compete",
            )
            return [self.finding(where, seen, remedies=relus(record.own), weight=0.7)]
        if len(flat) >= self.LAYERS:
            seen = (
                f"{len(flat)} layers of sigmoids before the output (limit {self.LAYERS}): at most 0.25^{len(flat)} = "
            )
            seen += f"{0.25 ** len(flat):.1e} of a gradient comes through"
            return [
                self.finding(
                    f"{flat[0].name or flat[0].kind} to {flat[-1].name or flat[-1].kind}",
                    seen,
                    remedies=relus(record.own),
                    weight=0.7,
                )
            ]
        return []

    def _hidden(self, graph: Graph, place: int, role: str) -> bool:
        """Whether this operation of that role feeds, with nothing else beside it, a layer with weights."""
        if graph.operations[place].role != role:
            return False
        ahead = [place]
        while ahead:
            for after in graph.after(ahead.pop()):
                following = graph.operations[after]
                if following.role == "weights":
                    return True
                if following.role in ("shape", "dropout", "norm", "scale", "pool", "average"):
                    ahead.append(after)
        return False
