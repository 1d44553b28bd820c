"""Other numbers of units in a network that somebody else wrote: a wider layer, another number of outputs."""

from __future__ import annotations

from torch import Generator, nn

from netsitter.errors import NetError
from netsitter.nn.initialisers import initialiser
from netsitter.nn.rewire import own_class
from netsitter.record.graph import INPUT, Graph, Operation

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)

KEEPS = ("activation", "norm", "dropout", "pool", "average", "scale")
"""What a signal of any width passes as it is."""

Told = list[tuple[str, str]]


def widen(net: nn.Module, graph: Graph, layer: str, units: int, generator: Generator) -> Told:
    """The layer gives so many units; norms behind it and the layers that read it follow. In place.

    Raises NetError where something else than a dense layer or a convolution reads them.
    """
    place = next((i for i, o in enumerate(graph.operations) if o.role == "weights" and o.name == layer), None)
    if place is None:
        raise refused(f"{layer} is no layer with weights")
    followers = _followers(graph, place)
    was = _width(net.get_submodule(layer))
    for operation in followers:
        part = net.get_submodule(operation.name)
        if operation.role == "norm":
            set_part(net, operation.name, _norm(part, units))
        elif _inputs(part) != was:
            raise refused(f"{operation.name} reads the units of {layer} in another shape")
        else:
            set_part(net, operation.name, _layer(part, _width(part), units, generator))
    part = net.get_submodule(layer)
    set_part(net, layer, _layer(part, units, _inputs(part), generator))
    return [(f"`net.{layer}`: {was} units -> {units}", f"# net.{layer}: {units} units instead of {was}")]


def deepened(part: nn.Module, units: int, generator: Generator) -> nn.Module:
    """A dense layer with a hidden layer of so many ReLUs before it. Raises NetError for another kind of layer."""
    if type(part) is not nn.Linear:
        raise refused(f"a {type(part).__name__} is no dense layer")
    first = _layer(part, units, part.in_features, generator)
    return nn.Sequential(first, nn.ReLU(), _layer(part, part.out_features, units, generator))


def give_outputs(net: nn.Module, graph: Graph, outputs: int, generator: Generator) -> tuple[nn.Module, Told]:
    """The network whose last layer with weights gives so many numbers; in place, unless it is that layer itself.

    Raises NetError where others read the layer too.
    """
    place = graph.result
    while place != INPUT and graph.operations[place].role != "weights":
        place = graph.operations[place].inputs[0]
    if place == INPUT:
        raise refused("no layer gives the output by itself")
    name = graph.operations[place].name
    part = net.get_submodule(name)
    was = _width(part)
    made = _layer(part, outputs, _inputs(part), generator)
    if name:
        set_part(net, name, made)
    else:
        net = made
    where = f"net.{name}".rstrip(".")
    return net, [(f"`{where}`: {was} outputs -> {outputs}", f"# {where}: {outputs} outputs instead of {was}")]


def _followers(graph: Graph, place: int) -> list[Operation]:
    """The norms and the layers with weights that read these units."""
    found, ahead = [], [place]
    while ahead:
        for after in graph.after(ahead.pop()):
            operation = graph.operations[after]
            if operation.role not in (*KEEPS, "weights"):
                raise refused(f"{operation.name or operation.kind} reads its units, and has a shape of its own")
            if operation.role in ("norm", "weights"):
                found.append(operation)
            if operation.role != "weights":
                ahead.append(after)
    if not any(operation.role == "weights" for operation in found):
        raise refused("its units are the output")
    return found


def _width(part: nn.Module) -> int:
    return int(part.out_features if own_class(part) is nn.Linear else _convolution(part).out_channels)


def _inputs(part: nn.Module) -> int:
    return int(part.in_features if own_class(part) is nn.Linear else _convolution(part).in_channels)


def _convolution(part: nn.Module) -> nn.Module:
    if own_class(part) not in CONVOLUTIONS or part.groups != 1:
        raise refused(f"a {type(part).__name__} cannot be given another width")
    return part


def _layer(part: nn.Module, outputs: int, inputs: int, generator: Generator) -> nn.Module:
    """The same kind of layer with other numbers of units, drawn as He has it."""
    if type(part) is not own_class(part):
        raise refused(f"the {type(part).__name__} was changed already")
    like = {"device": part.weight.device, "dtype": part.weight.dtype}
    if isinstance(part, nn.Linear):
        made: nn.Module = nn.Linear(inputs, outputs, bias=part.bias is not None, **like)
    else:
        same = {name: getattr(part, name) for name in ("stride", "padding", "dilation", "padding_mode")}
        made = type(part)(inputs, outputs, part.kernel_size, bias=part.bias is not None, **same, **like)
    drawn = made.weight.detach().cpu().float()
    initialiser("he").fill(drawn, gain=2**0.5, generator=generator)
    made.weight.data.copy_(drawn)
    if made.bias is not None:
        nn.init.zeros_(made.bias)
    return made


def _norm(part: nn.Module, units: int) -> nn.Module:
    if own_class(part) not in (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d):
        raise refused(f"a {type(part).__name__} has a shape of its own")
    return type(part)(units, eps=part.eps, momentum=part.momentum, affine=part.affine)


def set_part(net: nn.Module, name: str, part: nn.Module) -> None:
    """Puts another layer in the place of the one with this name, in the mode of the network."""
    parent, _, last = name.rpartition(".")
    part.train(net.training)
    setattr(net.get_submodule(parent), last, part)


def refused(why: str) -> NetError:
    """The error of a deed that cannot be done."""
    return NetError(f"the surgery cannot be done: {why}", code="N60", state="the network is as it was.")
