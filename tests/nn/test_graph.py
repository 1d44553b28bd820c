"""The operations of a forward pass are found in whatever words a network is written."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netsitter.nn.graph import graph_of
from netsitter.record.graph import INPUT

X = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))


class Written(nn.Module):
    """A network whose forward is this function of itself and the input."""

    def __init__(self, forward, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.written = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.written(self, x)


def roles(net: nn.Module, x: Tensor = X) -> list[str]:
    return [operation.role for operation in graph_of(net, x).operations]


def test_a_chain_is_told_by_its_names_kinds_and_facts():
    graph = graph_of(nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3, bias=False)), X)
    assert [(o.name, o.kind, o.role, o.inputs, o.output) for o in graph.operations] == [
        ("0", "Linear", "weights", (INPUT,), (6,)),
        ("1", "ReLU", "activation", (0,), (6,)),
        ("2", "Linear", "weights", (1,), (3,)),
    ]
    first, relu, last = graph.operations
    assert first.parameters == ("0.weight", "0.bias")
    assert (first.facts["units"], first.facts["fan_in"], first.facts["bias"]) == (6, 8, True)
    assert (relu.facts["low"], relu.facts["high"], relu.facts["flat"]) == (0.0, None, False)
    assert last.facts["bias"] is False
    assert (graph.result, graph.whole) == (2, True)
    assert graph.before(2) == [relu]
    assert graph.after(0) == [1]


def test_modules_functions_and_bare_parameters_come_to_the_same():
    torch.manual_seed(0)
    modules = nn.Sequential(nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3))
    functions = Written(
        lambda net, x: F.linear(torch.tanh(F.linear(x, net.a.weight, net.a.bias)), net.b.weight, net.b.bias),
        a=nn.Linear(8, 6),
        b=nn.Linear(6, 3),
    )
    assert roles(modules) == roles(functions) == ["weights", "activation", "weights"]
    assert graph_of(functions, X).operations[2].parameters == ("b.weight", "b.bias")
    product = Written(lambda net, x: x @ net.a.weight.T + net.a.bias, a=nn.Linear(8, 6))
    # The transposed weight is no parameter by name, but what it does to the signal shows.
    assert roles(product)[-1] == "scale"


def test_a_residual_path_is_an_add_of_two_signals():
    graph = graph_of(Written(lambda net, x: x + net.a(x).relu(), a=nn.Linear(8, 8)), X)
    assert [o.role for o in graph.operations] == ["weights", "activation", "add"]
    assert set(graph.operations[2].inputs) == {INPUT, 1}


def test_a_constant_scales_and_a_second_signal_multiplies():
    assert roles(Written(lambda net, x: 2 * x - 1)) == ["scale", "scale"]
    assert roles(Written(lambda net, x: x * x.sigmoid())) == ["activation", "product"]
    assert roles(Written(lambda net, x: x / 3)) == ["scale"]


@pytest.mark.parametrize("inplace", [False, True])
def test_what_is_done_in_place_is_followed(inplace):
    net = nn.Sequential(nn.Linear(8, 6), nn.ReLU(inplace=inplace), nn.Linear(6, 3))
    graph = graph_of(net, X)
    assert [o.inputs for o in graph.operations] == [(INPUT,), (0,), (1,)]
    assert graph.whole


@pytest.mark.parametrize(
    ("layer", "role"),
    [
        (nn.BatchNorm1d(8), "norm"),
        (nn.LayerNorm(8), "norm"),
        (nn.Dropout(0.3), "dropout"),
        (nn.Softmax(dim=1), "softmax"),
        (nn.LogSoftmax(dim=1), "softmax"),
        (nn.GELU(), "activation"),
        (nn.Hardswish(), "activation"),
    ],
)
def test_layers_are_known_by_what_they_do(layer, role):
    assert roles(nn.Sequential(layer)) == [role]


def test_the_axis_of_a_softmax_counts_the_rows_too():
    def axis(work, x: Tensor = X) -> int:
        return graph_of(Written(lambda net, x: work(x)), x).operations[0].facts["axis"]

    assert axis(lambda x: x.softmax(dim=-1)) == 1
    assert axis(lambda x: F.softmax(x, dim=0)) == 0
    assert axis(lambda x: torch.softmax(x, 1), torch.randn(5, 3, 4, 4)) == 1
    assert axis(lambda x: F.log_softmax(x, dim=-1), torch.randn(5, 3, 4)) == 2


def test_pictures_sequences_and_attention_are_followed_to_the_end():
    picture = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    assert roles(picture, torch.randn(5, 1, 8, 8)) == ["weights", "norm", "activation", "pool", "average", "shape"]
    sequence = Written(
        lambda net, x: net.out(net.cell(x)[0][:, -1]), cell=nn.LSTM(3, 4, batch_first=True), out=nn.Linear(4, 2)
    )
    graph = graph_of(sequence, torch.randn(5, 7, 3))
    assert [o.role for o in graph.operations] == ["recurrent", "shape", "weights"]
    assert graph.whole
    words = Written(
        lambda net, x: net.block(net.words(x)).mean(dim=1),
        words=nn.Embedding(9, 8),
        block=nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
    )
    graph = graph_of(words, torch.randint(0, 9, (5, 6)))
    assert graph.whole
    assert {p for o in graph.operations for p in o.parameters} == dict(words.named_parameters()).keys()


def test_rows_that_are_moved_are_told():
    def moved(work) -> list[bool]:
        return [
            o.facts["rows_moved"] for o in graph_of(Written(lambda net, x: work(x)), torch.randn(5, 4, 4)).operations
        ]

    assert moved(lambda x: x.transpose(0, 1)) == [True]
    assert moved(lambda x: x.transpose(1, 2)) == [False]
    assert moved(lambda x: x.reshape(-1, 4)) == [True]
    assert moved(lambda x: x.flatten(1)) == [False]


def test_a_signal_that_leaves_torch_is_not_whole():
    graph = graph_of(Written(lambda net, x: torch.from_numpy(net.a(x).numpy() * 2), a=nn.Linear(8, 2)), X)
    assert not graph.whole


def test_the_network_is_left_as_it_was_also_when_it_fails():
    def fails(net, x):
        net.a(x)
        raise RuntimeError("in the middle")

    for written in (lambda net, x: net.a(x), fails):
        net = Written(written, a=nn.Sequential(nn.Linear(8, 2), nn.BatchNorm1d(2)))
        before = {name: t.clone() for name, t in net.state_dict().items()}
        fast = torch.backends.mha.get_fastpath_enabled()
        try:
            graph_of(net, X)
        except RuntimeError as error:
            assert str(error) == "in the middle"  # noqa: PT017
        assert all(torch.equal(t, before[name]) for name, t in net.state_dict().items())
        assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.modules())
        assert all(part.training for part in net.modules())
        assert torch.backends.mha.get_fastpath_enabled() is fast
