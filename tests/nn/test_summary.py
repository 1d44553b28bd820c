"""The summary agrees with PyTorch, for our nets and foreign ones, and names what does not fit."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netsitter.errors import NetError
from netsitter.nn.build import build
from netsitter.nn.summary import summary
from netsitter.plan.sections import NetPlan


class Residual(nn.Module):
    """A foreign net: functions between layers, a branch, a shared layer, weights of its own, several outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.body = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3, padding=1))
        self.scale = nn.Parameter(torch.ones(4, 1, 1))
        self.head = nn.Linear(4, 2)
        self.unused = nn.Linear(7, 7)

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.first(x)), 2)
        x = x + self.scale * self.body(x)
        x = x + self.body(x)
        features = x.mean(dim=(2, 3))
        return self.head(features), features


def ours(kind: str) -> tuple[nn.Module, tuple[int, ...]]:
    example = {"mlp": (3, 8, 8), "conv": (3, 16, 12), "lenet": (1, 28, 28)}[kind]
    sizes = None if kind == "lenet" else (6, 5)
    return build(NetPlan(kind=kind, sizes=sizes, init="he", norm="batch"), example=example, outputs=4), example


NETS = {
    **{kind: ours(kind) for kind in ("mlp", "conv", "lenet")},
    "residual": (Residual(), (3, 16, 16)),
    "transformer": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (5, 8)),
    "recurrent": (nn.LSTM(6, 4, batch_first=True), (5, 6)),
    "three sides": (nn.Sequential(nn.Conv3d(2, 3, 2), nn.MaxPool3d(2), nn.Flatten(), nn.Linear(24, 2)), (2, 5, 5, 5)),
}


@pytest.mark.parametrize("name", NETS)
def test_parameters_and_their_memory_are_what_pytorch_allocated(name):
    net, example = NETS[name]
    told = summary(net, example)
    assert told.parameters == sum(weight.numel() for weight in net.parameters())
    assert told.parameters == sum(row.parameters for row in told.layers)
    assert told.parameter_bytes == sum(weight.untyped_storage().nbytes() for weight in net.parameters())


@pytest.mark.parametrize("name", NETS)
def test_rows_bear_the_names_of_the_net_and_the_shapes_that_really_come(name):
    net, example = NETS[name]
    seen = {}
    for layer_name, layer in net.named_modules():
        layer.register_forward_hook(lambda _, inputs, output, key=layer_name: seen.__setitem__(key, output))
    told = summary(net, example)
    net.eval()(torch.zeros(1, *example))
    for row in told.layers:
        output = seen.get(row.name)
        if isinstance(output, torch.Tensor):
            assert row.output == tuple(output.shape[1:]), row.name
    assert [row.name for row in told.layers] == [
        n for n, _ in net.named_modules() if n in {r.name for r in told.layers}
    ]


@pytest.mark.parametrize("name", NETS)
def test_it_leaves_the_net_as_it_was(name):
    net, example = NETS[name]
    net.train()
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    hooks = [len(layer._forward_hooks) + len(layer._forward_pre_hooks) for layer in net.modules()]
    summary(net, example)
    assert all(torch.equal(tensor, before[key]) for key, tensor in net.state_dict().items())
    assert all(layer.training for layer in net.modules())
    assert hooks == [len(layer._forward_hooks) + len(layer._forward_pre_hooks) for layer in net.modules()]
    assert all(weight.grad is None for weight in net.parameters())


def test_multiply_adds_are_those_of_the_formula():
    net = nn.Sequential(nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), nn.Flatten(), nn.Linear(6 * 25, 7))
    rows = {row.name: row.multiply_adds for row in summary(net, (4, 9, 9)).layers}
    assert rows["0"] == 5 * 5 * 6 * (3 * 3 * 2)
    assert rows["2"] == 150 * 7


def test_functions_shared_layers_and_own_weights_are_counted_where_they_belong():
    told = summary(*NETS["residual"])
    rows = {row.name: row for row in told.layers}
    assert rows["body.0"].calls == 2
    assert rows["body.0"].multiply_adds == 2 * 8 * 8 * 4 * (3 * 3 * 4)
    assert rows[""].parameters == 4
    assert (rows["unused"].calls, rows["unused"].output, rows["unused"].parameters) == (0, None, 56)
    assert told.multiply_adds == sum(row.multiply_adds for row in told.layers)


def test_a_shared_weight_is_counted_once():
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    net[2].weight = net[0].weight
    assert summary(net, (4,)).parameters == 16 + 4 + 4


def test_memory_of_outputs_counts_each_storage_once():
    net = nn.Sequential(
        nn.Linear(3, 5), nn.ReLU(inplace=True), nn.Unflatten(1, (5, 1)), nn.Flatten(), nn.Dropout(), nn.Tanh()
    )
    told = summary(net, (3,))
    assert [row.output_bytes for row in told.layers] == [20, 0, 0, 0, 0, 20]
    assert told.output_bytes == 40


def seen_by_gradient(net: nn.Module, example: tuple[int, ...]) -> tuple[int, ...]:
    """Slow and obvious: how far apart the input places lie that move the output's middle place."""
    x = torch.rand(1, *example, requires_grad=True)
    out = net(x)
    middle = tuple(side // 2 for side in out.shape[2:])
    (slope,) = torch.autograd.grad(out.sum(dim=(0, 1))[middle], x)
    moved = slope.abs().sum(dim=(0, 1)) > 0
    return tuple(int(moved.any(dim=1 - axis).sum()) for axis in (0, 1))


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(1, 1, 3)],
        [nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, (5, 1))],
        [nn.Conv2d(1, 1, 3, stride=2), nn.AvgPool2d(2), nn.Conv2d(1, 1, 3)],
        [
            nn.AvgPool2d(3, stride=2, padding=1),
            nn.Conv2d(1, 1, 3, padding=1),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(1, 1, 2),
        ],
    ],
)
def test_the_receptive_field_is_the_patch_that_moves_an_output(layers):
    net = nn.Sequential(*layers)
    assert summary(net, (1, 40, 40)).layers[-1].field == seen_by_gradient(net, (1, 40, 40))


def test_receptive_fields_follow_functions_and_branches():
    fields = {row.name: row.field for row in summary(*NETS["residual"]).layers}
    assert fields["first"] == (3, 3)
    assert fields["body.0"] == (16, 16)
    assert fields["head"] == (16, 16)
    once = {
        row.name: row.field
        for row in summary(nn.Sequential(NETS["residual"][0].first, nn.MaxPool2d(2)), (3, 16, 16)).layers
    }
    assert once["1"] == (4, 4)


def test_a_dilated_window_reaches_over_its_holes_and_max_pooling_counts():
    net = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(1, 1, 3, dilation=2))
    assert [row.field for row in summary(net, (1, 30, 30)).layers] == [(2, 2), (10, 10)]


def test_rows_that_are_never_read_are_told_with_what_would_fit():
    told = summary(nn.Sequential(nn.Conv2d(3, 2, 3, stride=2)), (3, 32, 32))
    assert told.warnings == (
        "0: 1 row and 1 column are never read (input 32 x 32, kernel 3, stride 2, padding 0); 31 x 31 would fit",
    )


@pytest.mark.parametrize(
    ("layer", "example", "says"),
    [
        (nn.MaxPool2d(2), (1, 7, 8), "1 row is never read"),
        (nn.Conv1d(1, 1, 4, stride=3), (1, 9), "2 places are never read"),
        (nn.AvgPool3d((1, 2, 2)), (1, 3, 5, 4), "1 row is never read"),
        (nn.Conv2d(1, 1, 5, stride=4, padding="valid"), (1, 7, 9), "2 rows are never read"),
    ],
)
def test_pooling_and_other_sides_are_told_too(layer, example, says):
    (warning,) = summary(nn.Sequential(layer), example).warnings
    assert says in warning


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(1, 1, 3, stride=2, padding=1),
        nn.Conv2d(1, 1, 3, padding="same"),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.Conv2d(1, 1, 1, stride=2),
    ],
)
def test_what_fits_gives_no_warning(layer):
    assert summary(nn.Sequential(layer), (1, 32, 31)).warnings == ()


def test_a_window_larger_than_its_input_is_an_error_with_layer_sizes_and_what_fits():
    net = nn.Sequential(nn.Conv2d(1, 2, 4, stride=2), nn.ReLU(), nn.Conv2d(2, 2, 7))
    with pytest.raises(
        NetError, match=r"layer 2 \(Conv2d\) looks through a window of 7 x 7, but its input is 5 x 5"
    ) as caught:
        summary(net, (1, 12, 12))
    assert caught.value.allowed == "a kernel up to 5 x 5 for this input"
    assert "padding 1" in caught.value.fix
    assert all(not layer._forward_hooks and layer.training for layer in net.modules())


@pytest.mark.parametrize(
    ("net", "example", "says", "fix"),
    [
        (
            nn.Sequential(nn.Linear(101, 9), nn.Linear(10, 2)),
            (101,),
            r"layer 1 \(Linear\) expects 10",
            "nn.Linear(9, 2)",
        ),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(72, 2)), (1, 8, 8), "expects 72", "nn.Flatten() before it"),
        (nn.Sequential(nn.Conv2d(4, 2, 3)), (3, 8, 8), "expects 4 channels and gets 3", "Conv2d for 3 channels"),
        (nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(5)), (4,), "expects 5 channels", "BatchNorm1d for 2 channels"),
        (nn.Sequential(nn.Unflatten(1, (2, 3))), (7,), r"layer 0 \(Unflatten\) fails on an input of \(1, 7\)", ""),
    ],
)
def test_sizes_that_differ_are_told_with_the_layer(net, example, says, fix):
    with pytest.raises(NetError, match=says) as caught:
        summary(net, example)
    assert caught.value.fix == fix


def test_embeddings_take_whole_numbers():
    net = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(12, 2))
    assert [row.output for row in summary(net, (3,), dtype=torch.long).layers] == [(3, 4), (12,), (2,)]


def test_it_can_be_written_as_json():
    told = summary(*NETS["conv"])
    values = json.loads(json.dumps(told.as_json()))
    assert values["parameters"] == told.parameters
    assert values["layers"][0]["name"] == "conv1"


def test_frozen_weights_are_counted_apart():
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    net[0].requires_grad_(False)
    told = summary(net, (3,))
    assert (told.parameters, told.trainable) == (26, 10)
