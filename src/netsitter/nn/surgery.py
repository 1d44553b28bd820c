"""Surgery: a remedy applied to any `nn.Module`, on a copy, told in the words of whoever wrote the module.

Every deed keeps the names, shapes, device and type of the parameters that it does not mean to change, or refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import get_args

import torch
from torch import Generator, Tensor, nn

from netsitter.errors import PlanError, closest
from netsitter.nn.activations import activation
from netsitter.nn.dropout import KeyedDropout
from netsitter.nn.fresh import begin_anew, usual_rule
from netsitter.nn.graph import graph_of
from netsitter.nn.rewire import Rewire, calls_within, own_class, put_behind, rewire
from netsitter.nn.widths import deepened, give_outputs, refused, set_part, widen
from netsitter.record.findings import Deed, Surgery
from netsitter.record.graph import INPUT, Graph, Operation

THROUGH = ("shape", "scale", "dropout", "norm", "average", "pool")
"""What a signal may pass on its way from an activation to the layer that it is hidden before."""

DRAWN = {"he": "kaiming_normal_", "xavier": "xavier_normal_", "lecun": "kaiming_normal_"}
"""What torch calls the rules by which weights are drawn."""

NORMS = {nn.Linear: nn.BatchNorm1d, nn.Conv1d: nn.BatchNorm1d, nn.Conv2d: nn.BatchNorm2d, nn.Conv3d: nn.BatchNorm3d}


@dataclass(frozen=True)
class Change:
    """One thing that was changed, in the words of its author.

    says: "`net.4`: `nn.Sigmoid` -> `nn.ReLU`". code: what to write to have it so; {net} stands for the network's name.
    """

    says: str
    code: str


@dataclass
class _Patient:
    """A copy under surgery. x_B: a few rows as the network gets them."""

    net: nn.Module
    x_B: Tensor
    generator: Generator
    changes: list[Change] = field(default_factory=list)

    @property
    def graph(self) -> Graph:
        return graph_of(self.net, self.x_B)

    def part(self, name: str) -> nn.Module:
        try:
            return self.net.get_submodule(name)
        except AttributeError:
            raise refused(f"there is no layer {name}") from None

    def told(self, says: str, code: str) -> None:
        self.changes.append(Change(says, code))


def operate(
    net: nn.Module, surgery: Sequence[Surgery], x_B: Tensor, *, generator: Generator | None = None
) -> tuple[nn.Module, tuple[Change, ...]]:
    """A copy of the network with every deed done to it, and what was changed.

    x_B: a few rows as the network gets them, an odd number such as 5. generator: draws weights; of seed 0 without one.
    Deeds on the loss are left to `train.losses`. Raises NetError for what cannot be done, or would break the network.
    """
    rows = x_B[:5]
    patient = _Patient(deepcopy(net), rows, generator or torch.Generator().manual_seed(0))
    device = next((p.device for p in net.parameters()), rows.device)
    for deed in surgery:
        if deed.deed in DEEDS:
            DEEDS[deed.deed](patient, deed)
    patient.net.to(device)
    try:
        with torch.no_grad():
            deepcopy(patient.net)(rows)
    except Exception as error:
        raise refused(f"the network fails afterwards: {type(error).__name__}: {error}") from error
    return patient.net, tuple(patient.changes)


def written(deed: Surgery) -> str:
    """A deed as a plan file has it: "swap:2:relu", "output::identity"."""
    to = deed.to if isinstance(deed.to, str) else f"{deed.to:g}"
    return ":".join([deed.deed, deed.layer, to, deed.function]).rstrip(":")


def read(text: str) -> Surgery:
    """The deed that `written` gave this text for. Raises PlanError for what it never gave."""
    deed, layer, to, function = (*text.split(":", 3), "", "", "")[:4]
    if deed not in get_args(Deed):
        raise PlanError(
            f"net.surgery: there is no deed {deed!r}.{closest(deed, get_args(Deed))}",
            code="P48",
            where=f"net.surgery = {text}",
            allowed=", ".join(get_args(Deed)),
        )
    return Surgery(deed, layer, to, function)  # type: ignore[arg-type]


def _swap(patient: _Patient, deed: Surgery) -> None:
    """Hidden activations, or one layer's, become another."""
    graph, before = patient.graph, len(patient.changes)
    here = {
        place: _call(patient, graph, place)
        for place, operation in enumerate(graph.operations)
        if operation.role in ("activation", "softmax")
        and (operation.name == deed.layer if deed.layer else hidden(graph, place))
    }
    # From the last to the first, so that a call replaced does not change the number of one before it.
    for place in sorted(here, reverse=True):
        _replace(patient, graph.operations[place], str(deed.to), here[place])
    patient.changes[before:] = reversed(patient.changes[before:])


def _replace(patient: _Patient, operation: Operation, to: str, call: int | None) -> None:
    """An operation of single values becomes another, be it a layer, or this call of a function."""
    made = _behaviour(to)
    if _is_layer(patient.net, operation):
        if type(patient.part(operation.name)) is type(made):
            return
        set_part(patient.net, operation.name, made)
        patient.told(
            f"{_named(operation.name)}: `nn.{operation.kind}` -> {_layer(made)}",
            f"{_path(operation.name)} = {_written(made)}",
        )
        return
    function = operation.kind.strip("_")
    if function == to:
        return
    at = patient.part(operation.name)
    rewire(at, Rewire(function, lambda func, args, kwargs: made(args[0] if args else kwargs["input"]), call))
    became = f"`F.{to}`" if to != "identity" else "nothing"
    where = f"{own_class(at).__name__}.forward"
    patient.told(f"{where}: `{function}` -> {became}", f"# in {where}: {function}(...) -> {became.strip('`')}")


def _call(patient: _Patient, graph: Graph, place: int) -> int | None:
    """Which of the calls of its function this operation is, within the forward that calls it; None for a layer."""
    operation = graph.operations[place]
    if _is_layer(patient.net, operation):
        return None
    same = [i for i, o in enumerate(graph.operations) if (o.name, o.kind) == (operation.name, operation.kind)]
    function = operation.kind.strip("_")
    if calls_within(patient.net, patient.part(operation.name), patient.x_B, function) != len(same):
        raise refused(f"{function} is called on other things than signals too")
    return same.index(place)


def _output(patient: _Patient, deed: Surgery) -> None:
    """What stands behind the last layer is taken away, and `to` put there."""
    graph, to = patient.graph, str(deed.to)
    place, found = graph.result, False
    while place != INPUT:
        operation = graph.operations[place]
        if operation.role in ("activation", "softmax"):
            _replace(patient, operation, "identity" if found else to, _call(patient, graph, place))
            found = True
        elif operation.role not in ("shape", "scale"):
            break
        place = operation.inputs[0] if operation.inputs else INPUT
    if not found and to != "identity":
        made = _behaviour(to)
        put_behind(patient.net, made)
        patient.told(f"the output goes through {_layer(made)}", f"{{net}} = nn.Sequential({{net}}, {_written(made)})")


def _bend(patient: _Patient, deed: Surgery) -> None:
    made = activation(str(deed.to) or "relu").make()
    part = patient.part(deed.layer)
    if not deed.layer or any(part.children()):
        raise refused(f"{deed.layer or 'the network'} is no layer of its own")
    put_behind(part, made)
    path = _path(deed.layer)
    patient.told(f"{_named(deed.layer)}: {_layer(made)} behind it", f"{path} = nn.Sequential({path}, {_written(made)})")


def _initialise(patient: _Patient, deed: Surgery) -> None:
    rule = str(deed.to) or usual_rule(patient.net)
    begin_anew(patient.net, rule, generator=patient.generator)
    drawn = DRAWN.get(rule, f"{rule}_")
    patient.told(
        f"weights drawn anew: `nn.init.{drawn}`, a tenth of it in the last layer, biases 0",
        "for layer in {net}.modules():\n    if isinstance(layer, (nn.Linear, nn.Conv2d)):\n"
        f"        nn.init.{drawn}(layer.weight); nn.init.zeros_(layer.bias)",
    )


def _normalise(patient: _Patient, deed: Surgery) -> None:
    """Batch norm behind every layer with weights that feeds a hidden activation."""
    graph = patient.graph
    for place, operation in enumerate(graph.operations):
        part = patient.net.get_submodule(operation.name) if operation.role == "weights" else None
        kind = next((norm for layer, norm in NORMS.items() if part is not None and own_class(part) is layer), None)
        after = [graph.operations[i] for i in graph.after(place)]
        bends = any(o.role == "activation" and hidden(graph, i) for i, o in zip(graph.after(place), after, strict=True))
        if kind is None or part is None or not bends or (kind is nn.BatchNorm1d and len(operation.output) != 1):
            continue
        made = kind(int(operation.facts["units"]), dtype=part.weight.dtype)
        put_behind(part, made)
        path = _path(operation.name)
        patient.told(
            f"{_named(operation.name)}: {_layer(made)} behind it", f"{path} = nn.Sequential({path}, {_written(made)})"
        )


def _move_norm(patient: _Patient, deed: Surgery) -> None:
    """A norm that stands behind an activation goes before it."""
    graph = patient.graph
    for place, operation in enumerate(graph.operations):
        before = graph.before(place)
        if operation.role == "norm" and (not deed.layer or operation.name == deed.layer) and len(before) == 1:
            bends = before[0]
            if bends.role == "activation" and _is_layer(patient.net, bends) and _is_layer(patient.net, operation):
                act = patient.part(bends.name)
                put_behind(patient.part(operation.name), deepcopy(act))
                set_part(patient.net, bends.name, nn.Identity())
                patient.told(
                    f"{_named(operation.name)}: before {_named(bends.name)}, not behind it",
                    f"{_path(bends.name)}, {_path(operation.name)} = {_path(operation.name)}, {_path(bends.name)}",
                )


def _drop_bias(patient: _Patient, deed: Surgery) -> None:
    part = patient.part(deed.layer)
    if getattr(part, "bias", None) is None:
        raise refused(f"{deed.layer} has no bias")
    part.register_parameter("bias", None)
    patient.told(f"{_named(deed.layer)}: no bias", f"{_path(deed.layer)}.bias = None")


def _widen(patient: _Patient, deed: Surgery) -> None:
    graph = patient.graph
    for says, code in widen(patient.net, graph, deed.layer, int(float(deed.to)), patient.generator):
        patient.told(says, code)


def _deepen(patient: _Patient, deed: Surgery) -> None:
    part, units = patient.part(deed.layer), int(float(deed.to))
    made = deepened(part, units, patient.generator)
    path = _path(deed.layer)
    if deed.layer:
        set_part(patient.net, deed.layer, made)
    else:
        patient.net = made
    patient.told(
        f"{_named(deed.layer)}: a hidden layer of {units} ReLUs before it",
        f"{path} = nn.Sequential(nn.Linear({part.in_features}, {units}), nn.ReLU(), "
        f"nn.Linear({units}, {part.out_features}))",
    )


def _outputs(patient: _Patient, deed: Surgery) -> None:
    patient.net, told = give_outputs(patient.net, patient.graph, int(float(deed.to)), patient.generator)
    for says, code in told:
        patient.told(says, code)


def _unfreeze(patient: _Patient, deed: Surgery) -> None:
    frozen = [name for name, p in patient.net.named_parameters() if not p.requires_grad and name.startswith(deed.layer)]
    if frozen:
        patient.part(deed.layer).requires_grad_(True)
        count = f"{len(frozen)} tensors" if len(frozen) > 1 else frozen[0]
        patient.told(f"{count} no longer frozen", f"{_path(deed.layer)}.requires_grad_(True)")


def _dropout(patient: _Patient, deed: Surgery) -> None:
    rate, done = float(deed.to), set()
    for operation in patient.graph.operations:
        if operation.role != "dropout" or (deed.layer and operation.name != deed.layer) or operation.name in done:
            continue
        done.add(operation.name)
        part = patient.part(operation.name)
        was = float(operation.facts.get("rate", 0.0))
        if isinstance(part, nn.modules.dropout._DropoutNd):
            part.p = rate
            patient.told(f"{_named(operation.name)}: p {was:g} -> {rate:g}", f"{_path(operation.name)}.p = {rate:g}")
        elif isinstance(part, KeyedDropout):
            part.rate.fill_(rate)
            patient.told(f"{_named(operation.name)}: rate {was:g} -> {rate:g}", f"# net.dropout = {rate:g}")
        else:
            at = part
            rewire(at, Rewire(operation.kind, lambda f, args, kwargs, at=at: f(args[0], p=rate, training=at.training)))
            where = f"{own_class(part).__name__}.forward"
            patient.told(f"{where}: dropout p {was:g} -> {rate:g}", f"# in {where}: dropout(..., p={rate:g})")


def _axis(patient: _Patient, deed: Surgery) -> None:
    axis, function = int(float(deed.to)), deed.function.strip("_")
    part = patient.part(deed.layer)
    if isinstance(getattr(part, "dim", None), int) and not any(part.children()):
        part.dim = axis
        patient.told(f"{_named(deed.layer)}: dim={axis}", f"{_path(deed.layer)}.dim = {axis}")
        return
    rewire(part, Rewire(function, lambda func, args, kwargs: func(args[0], dim=axis)))
    where = f"{own_class(part).__name__}.forward"
    patient.told(f"{where}: `{function}` along dim={axis}", f"# in {where}: {function}(..., dim={axis})")


def _rows_first(patient: _Patient, deed: Surgery) -> None:
    part = patient.part(deed.layer)
    if getattr(part, "batch_first", None) is not False:
        raise refused(f"{deed.layer} does not take time first")
    part.batch_first = True
    patient.told(f"{_named(deed.layer)}: batch_first=True", f"{_path(deed.layer)}.batch_first = True")


DEEDS: dict[str, Callable[[_Patient, Surgery], None]] = {
    "swap": _swap, "output": _output, "outputs": _outputs, "bend": _bend, "initialise": _initialise,
    "normalise": _normalise, "move-norm": _move_norm, "drop-bias": _drop_bias, "deepen": _deepen, "widen": _widen,
    "unfreeze": _unfreeze,
    "dropout": _dropout, "axis": _axis, "rows-first": _rows_first,
}  # fmt: skip
"""What can be done to a module, by the name of the deed."""


def hidden(graph: Graph, place: int) -> bool:
    """Whether this operation feeds a layer with weights, with nothing else that bends between."""
    ahead = [place]
    while ahead:
        for after in graph.after(ahead.pop()):
            role = graph.operations[after].role
            if role in ("weights", "recurrent"):
                return True
            if role in THROUGH or role == "add":
                ahead.append(after)
    return False


def _behaviour(to: str) -> nn.Module:
    """The layer that a name stands for: an activation's, or a softmax over the classes."""
    kinds = {"softmax": nn.Softmax, "log_softmax": nn.LogSoftmax}
    return kinds[to](dim=1) if to in kinds else activation(to).make()


def _is_layer(net: nn.Module, operation: Operation) -> bool:
    """Whether the operation is a layer of its own, and not a function called by one."""
    if not operation.name:
        return False
    part = net.get_submodule(operation.name)
    return not any(part.children()) and operation.kind == type(part).__name__


def _path(name: str) -> str:
    """A layer as code has it: `{net}[0].fc` for "0.fc"."""
    return "{net}" + "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in name.split(".") if part)


def _named(name: str) -> str:
    return f"`net.{name}`" if name else "the network"


def _layer(part: nn.Module) -> str:
    return "nothing" if isinstance(part, nn.Identity) else f"`nn.{type(part).__name__}`"


def _written(part: nn.Module) -> str:
    """The layer as one writes it."""
    first = next((str(getattr(part, name)) for name in ("num_features",) if hasattr(part, name)), "")
    first = f"dim={part.dim}" if hasattr(part, "dim") else first
    return f"nn.{type(part).__name__}({first})"
