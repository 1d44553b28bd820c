"""Surgery on modules of other people: what was asked for is changed, and nothing else."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netsitter.errors import NetError, PlanError
from netsitter.nn.surgery import operate, read, written
from netsitter.record.findings import Surgery

X = torch.randn(7, 6, generator=torch.Generator().manual_seed(0))
PICTURES = torch.randn(7, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def dense(act: type[nn.Module] = nn.Sigmoid, out: nn.Module | None = None) -> nn.Sequential:
    layers = [nn.Linear(6, 8), act(), nn.Linear(8, 5), act(), nn.Linear(5, 3)]
    return nn.Sequential(*layers, *([out] if out is not None else []))


class Written(nn.Module):
    """Functions called in forward, beside a layer that calls the same function within itself."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        x = F.dropout(self.act(self.second(x)), 0.9, self.training)
        return F.relu(self.last(x))


def conv() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(4), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 2),
    )  # fmt: skip


def says(net: nn.Module, *deeds: Surgery, x: Tensor = X) -> tuple[nn.Module, list[str]]:
    cured, changes = operate(net, deeds, x)
    return cured, [change.says for change in changes]


def test_the_network_itself_is_left_as_it_was():
    net = dense(out=nn.Softmax(dim=1))
    before, text = {name: p.clone() for name, p in net.state_dict().items()}, repr(net)
    operate(net, [Surgery("swap", to="relu"), Surgery("output", to="identity"), Surgery("initialise")], X)
    assert repr(net) == text
    assert all(torch.equal(before[name], p) for name, p in net.state_dict().items())


def test_hidden_activations_are_swapped_and_the_output_is_not():
    cured, told = says(dense(out=nn.Sigmoid()), Surgery("swap", to="relu"))
    assert told == ["`net.1`: `nn.Sigmoid` -> `nn.ReLU`", "`net.3`: `nn.Sigmoid` -> `nn.ReLU`"]
    assert [type(part) for part in cured] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear, nn.Sigmoid]


def test_a_swap_of_one_layer_leaves_the_others():
    cured, _ = says(dense(), Surgery("swap", "3", "tanh"))
    assert [type(cured[1]), type(cured[3])] == [nn.Sigmoid, nn.Tanh]


def test_the_last_activation_is_taken_away():
    net = dense(out=nn.Softmax(dim=1))
    cured, told = says(net, Surgery("output", to="identity"))
    assert told == ["`net.5`: `nn.Softmax` -> nothing"]
    assert torch.equal(cured(X), net[:-1](X))
    assert list(cured.state_dict()) == list(net.state_dict())


def test_of_a_function_called_twice_only_the_last_call_is_the_output():
    net = Written().eval()
    cured, told = says(net, Surgery("output", to="identity"))
    assert told == ["Written.forward: `relu` -> nothing"]
    assert torch.allclose(F.relu(cured(X)), net(X))
    assert bool((cured(X) < 0).any())


def test_a_function_of_a_layer_within_is_not_that_of_the_network():
    net = Written().eval()
    cured, _ = says(net, Surgery("swap", "", "tanh"))
    hidden = torch.tanh(net.first(X))
    assert torch.allclose(cured(X), F.relu(net.last(torch.tanh(net.second(hidden)))))


def test_two_calls_of_one_function_are_both_swapped():
    class Twice(Written):
        def forward(self, x: Tensor) -> Tensor:
            return F.sigmoid(self.last(F.sigmoid(self.second(F.sigmoid(self.first(x))))))

    net = Twice()
    cured, told = says(net, Surgery("swap", to="relu"))
    assert len(told) == 2
    assert torch.allclose(cured(X), F.sigmoid(net.last(F.relu(net.second(F.relu(net.first(X)))))))


def test_dropout_by_function_gets_another_rate_in_training_only():
    cured, told = says(Written(), Surgery("dropout", to=0.0))
    assert told == ["Written.forward: dropout p 0.9 -> 0"]
    cured.train()
    trained = cured(X)
    assert torch.equal(trained, cured.eval()(X))


def test_dropout_as_a_layer_gets_another_rate():
    net = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.9), nn.Linear(8, 3))
    cured, told = says(net, Surgery("dropout", "1", 0.2))
    assert (cured[1].p, net[1].p) == (0.2, 0.9)
    assert told == ["`net.1`: p 0.9 -> 0.2"]


def test_an_output_goes_through_what_was_missing():
    cured, _ = says(dense(), Surgery("output", to="log_softmax"))
    assert torch.allclose(cured(X).exp().sum(dim=1), torch.ones(len(X)))


def test_a_softmax_over_the_rows_turns_to_the_classes_as_a_layer_and_as_a_function():
    class Wrong(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(6, 3)

        def forward(self, x: Tensor) -> Tensor:
            return F.softmax(self.layer(x), dim=0)

    for net, layer in ((dense(out=nn.Softmax(dim=0)), "5"), (Wrong(), "")):
        cured, _ = says(net, Surgery("axis", layer, 1, "softmax"))
        assert torch.allclose(cured(X).sum(dim=1), torch.ones(len(X)))


def test_a_missing_non_linearity_is_put_behind_its_layer_and_no_name_changes():
    net = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 3))
    cured, told = says(net, Surgery("bend", "0", "relu"))
    assert told == ["`net.0`: `nn.ReLU` behind it"]
    assert torch.allclose(cured(X), net[1](F.relu(net[0](X))))
    assert list(cured.state_dict()) == list(net.state_dict())
    assert torch.equal(deepcopy(cured)(X), cured(X))


def test_batch_norm_is_put_behind_dense_layers_and_convolutions_that_feed_an_activation():
    for net, x, names in ((dense(nn.ReLU), X, ("0", "2")), (conv(), PICTURES, ("0", "3"))):
        cured, told = says(net, Surgery("normalise"), x=x)
        assert [line.split("`")[1] for line in told] == [f"net.{name}" for name in names]
        cured.train()
        behind = cured.get_submodule(names[0])(x)
        sides = [side for side in range(behind.ndim) if side != 1]
        assert torch.allclose(behind.mean(dim=sides), torch.zeros(behind.shape[1]), atol=1e-5)


def test_a_norm_behind_an_activation_goes_before_it():
    net = conv().eval()
    cured, _ = says(net, Surgery("move-norm", "2"), x=PICTURES)
    first = net[2](net[0](PICTURES))
    assert torch.allclose(cured[:3](PICTURES), F.relu(first), atol=1e-6)


def test_fresh_weights_have_he_spread_and_follow_the_generator():
    net = nn.Sequential(nn.Linear(400, 300), nn.ReLU(), nn.Linear(300, 3))
    nn.init.zeros_(net[0].weight)
    x = torch.randn(5, 400)
    first, again, other = (
        operate(net, [Surgery("initialise", to="he")], x, generator=torch.Generator().manual_seed(seed))[0]
        for seed in (1, 1, 2)
    )
    assert float(first[0].weight.detach().std()) == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert torch.equal(first[0].weight, again[0].weight)
    assert not torch.equal(first[0].weight, other[0].weight)


def test_a_wider_layer_is_read_by_those_behind_it():
    for net, layer, x in ((dense(), "0", X), (conv(), "0", PICTURES)):
        before = net(x).shape
        cured, told = says(net, Surgery("widen", layer, 32), x=x)
        assert cured(x).shape == before
        assert cured.get_submodule(layer).weight.shape[0] == 32
        assert told[0].endswith("units -> 32")


def test_a_last_layer_gives_as_many_numbers_as_asked_for():
    cured, told = says(dense(), Surgery("outputs", to=9.0))
    assert cured(X).shape == (7, 9)
    assert told == ["`net.4`: 3 outputs -> 9"]


def test_one_dense_layer_gets_a_hidden_one_be_it_the_network_itself_or_within():
    for net, layer in ((nn.Linear(6, 3), ""), (nn.Sequential(nn.Linear(6, 3)), "0")):
        cured, _ = says(net, Surgery("deepen", layer, 16))
        sizes = [(part.in_features, part.out_features) for part in cured.modules() if isinstance(part, nn.Linear)]
        assert sizes == [(6, 16), (16, 3)]


def test_frozen_parameters_are_trained_again():
    net = dense()
    net[0].requires_grad_(False)
    cured, told = says(net, Surgery("unfreeze"))
    assert all(p.requires_grad for p in cured.parameters())
    assert told == ["2 tensors no longer frozen"]
    assert not net[0].weight.requires_grad


def test_a_recurrent_layer_is_told_that_rows_come_first():
    class Sums(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.head = nn.LSTM(2, 4), nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.lstm(x)[0][:, -1])

    x = torch.randn(5, 9, 2)
    cured, _ = says(Sums(), Surgery("rows-first", "lstm"), x=x)
    alone = cured(x[:1])
    assert torch.allclose(cured(x)[:1], alone, atol=1e-6)


def test_deeds_follow_each_other_on_what_the_ones_before_them_left():
    net = Written()
    cured, told = says(net, Surgery("swap", "", "tanh"), Surgery("swap", "", "relu"), Surgery("output", to="identity"))
    assert told[:2] == ["Written.forward: `relu` -> `F.tanh`", "`net.act`: `nn.ReLU` -> `nn.Tanh`"]
    hidden = F.relu(net.second(F.relu(net.first(X))))
    assert torch.allclose(cured.eval()(X), net.last(hidden), atol=1e-6)


def test_types_are_kept():
    cured, _ = operate(dense().double(), [Surgery("widen", "0", 32), Surgery("normalise")], X.double())
    assert {p.dtype for p in cured.parameters()} == {torch.float64}


@pytest.mark.parametrize(
    ("net", "deed"),
    [
        (dense(), Surgery("bend", "9", "relu")),
        (nn.Sequential(nn.Flatten(), nn.LSTM(6, 4)), Surgery("outputs", to=3)),
        (nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.Linear(8, 3)), Surgery("widen", "0", 16)),
        (nn.Sequential(nn.Conv1d(6, 3, 1)), Surgery("deepen", "0", 16)),
        (nn.Sequential(nn.LSTM(6, 4, batch_first=True)), Surgery("rows-first", "0")),
        (nn.Sequential(nn.Linear(6, 3, bias=False)), Surgery("drop-bias", "0")),
    ],
)
def test_what_cannot_be_done_is_refused_and_says_why(net, deed):
    with pytest.raises(NetError, match="surgery cannot be done"):
        operate(net, [deed], X)


def test_a_deed_is_written_into_a_plan_and_read_back():
    for deed in (
        Surgery("swap", "2", "relu"), Surgery("output", to="identity"), Surgery("axis", "", "1", "softmax"),
        Surgery("unfreeze"), Surgery("dropout", "drop", "0.2"),
    ):  # fmt: skip
        assert read(written(deed)) == deed
    with pytest.raises(PlanError, match="no deed 'swop'"):
        read("swop:2:relu")
