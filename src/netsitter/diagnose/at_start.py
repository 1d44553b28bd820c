"""What several rules of the start ask of a record: its hidden layers, its last weight, and how to begin anew."""

from __future__ import annotations

from collections.abc import Sequence

from netsitter.diagnose.remedies import drawn_anew
from netsitter.record.findings import Remedy
from netsitter.record.start_facts import Signal, StartFacts

WEIGHTED = ("Linear", "Conv", "Embedding", "LSTM", "GRU", "RNN", "Norm", "Dropout", "Pool", "Flatten", "Maxout")
"""How the kinds of layers are called that are no activation."""


def hidden(signals: Sequence[Signal]) -> list[Signal]:
    """The activations in order; where there are none, the layers with weights but the last."""
    bent = [
        s for s in signals if not any(word in s.kind for word in WEIGHTED) and s.kind not in ("Softmax", "LogSoftmax")
    ]
    return bent or [s for s in signals if s.kind.startswith(("Linear", "Conv"))][:-1]


def inner_activations(record: StartFacts) -> list[Signal]:
    """The activations, without one that gives the output itself."""
    found = hidden(record.signals)
    if record.graph is not None and record.graph.operations and record.graph.result >= 0:
        last = record.graph.operations[record.graph.result]
        if last.role in ("activation", "softmax") and found and found[-1].name.split(".")[0] == last.name.split(".")[0]:
            return found[:-1]
        if last.role == "activation" and found and found[-1].kind == last.kind:
            return found[:-1]
    return found


def last_weight(record: StartFacts) -> str:
    """The name of the weight that gives the output, or of the last one."""
    if record.graph is not None:
        named = [p for o in record.graph.operations if o.role == "weights" for p in o.parameters if "bias" not in p]
        if named:
            return named[-1]
    return next((w.name for w in reversed(record.weights) if len(w.shape) > 1), "")


def beside(record: StartFacts, weight: str) -> bool:
    """Whether a signal passes beside the layer of this weight: a residual branch."""
    if record.graph is None:
        return False
    for place, operation in enumerate(record.graph.operations):
        if weight in operation.parameters:
            ahead = [place]
            while ahead:
                for after in record.graph.after(ahead.pop()):
                    following = record.graph.operations[after]
                    if following.role == "add":
                        return True
                    if following.role in ("norm", "dropout", "shape", "scale"):
                        ahead.append(after)
    return False


def anew(record: StartFacts) -> tuple[Remedy, ...]:
    """Remedies that draw the weights anew."""
    bent = any(signal.kind in ("Tanh", "tanh", "Sigmoid", "sigmoid") for signal in record.signals)
    return drawn_anew(record.own, "xavier" if bent else "he")
