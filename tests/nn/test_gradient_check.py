"""Gradient check: right gradients pass, wrong ones are named with their place, kinks are told apart."""

import doctest
import json

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netsitter.errors import NetError
from netsitter.nn import gradient_check as module
from netsitter.nn.gradient_check import gradient_check
from netsitter.nn.gradient_report import GradientReport, TensorGradient

LABELS = torch.tensor([0, 1, 2, 0, 1])


def table(seed=0, rows=5, columns=3):
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


def written(forward, backward):
    """A hand-written autograd function of one input, as users write it."""

    class Hand(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, upstream):
            return backward(ctx.saved_tensors[0], upstream)

    return Hand.apply


RIGHT = {
    "dense": lambda: (nn.Linear(3, 4), table()),
    "convolution": lambda: (nn.Conv2d(2, 3, 3), torch.randn(2, 2, 6, 6)),
    "batch norm in training": lambda: (nn.BatchNorm1d(3), table()),
    "layer norm of small numbers": lambda: (nn.LayerNorm(3), table() * 1e-3),
    "sigmoid": lambda: (nn.Sigmoid(), table()),
    "saturated tanh": lambda: (nn.Tanh(), table() * 100),
    "elu": lambda: (nn.ELU(), table()),
    "softmax": lambda: (nn.Softmax(dim=1), table()),
    "deep": lambda: (
        nn.Sequential(*[part for _ in range(4) for part in (nn.Linear(3, 3), nn.BatchNorm1d(3), nn.ReLU())]),
        table(),
    ),
    "recurrent, several outputs": lambda: (nn.LSTM(3, 2), torch.randn(3, 2, 3)),
    "the input itself": lambda: (nn.Identity(), table()),
    "a view of the input": lambda: (nn.Flatten(0), table()),
    "a steep wave": lambda: (lambda x: torch.sin(100 * x), table()),
    "large and small numbers": lambda: (lambda x: x * 1e8 + x.square() * 1e-8, table()),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_gradient_is_right(name):
    report = gradient_check(*RIGHT[name](), samples=20)
    assert report.verdict == "right", report.sentence
    assert report.error <= 1e-7


@pytest.mark.parametrize("seed", range(12))
def test_right_networks_give_no_false_alarm(seed):
    torch.manual_seed(seed)
    act = (nn.ReLU, nn.Tanh, nn.ELU, nn.LeakyReLU)[seed % 4]
    net = nn.Sequential(nn.Linear(3, 6), act(), nn.Linear(6, 6), nn.BatchNorm1d(6), act(), nn.Linear(6, 3))
    x = table(seed) * 10.0 ** (seed % 5 - 2)
    report = gradient_check(net, x, loss=lambda out: F.cross_entropy(out, LABELS), samples=8, seed=seed)
    assert report.verdict == "right", report.sentence


WRONG = {
    "a forgotten factor": (torch.square, lambda x, up: up * x, "2 times as large"),
    "a turned sign": (torch.tanh, lambda x, up: -up * (1 - x.tanh() ** 2), "Every sign is turned round"),
    "nothing at all": (torch.sigmoid, lambda x, up: up * 0, "is written"),
    "a gradient where there is none": (lambda x: x * 0, lambda x, up: up, "Every slope should be 0"),
    "a forgotten term": (lambda x: x * x.exp(), lambda x, up: up * x.exp(), "measured"),
    "the upstream gradient left out": (torch.exp, lambda x, up: x.exp(), "measured"),
    "a ReLU that lets all through": (torch.relu, lambda x, up: up, "measured"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_gradient_is_wrong_and_says_how(name):
    forward, backward, hint = WRONG[name]
    report = gradient_check(written(forward, backward), table())
    assert report.verdict == "wrong"
    assert hint in report.sentence
    (found,) = report.tensors
    assert found.written != pytest.approx(found.measured)


def test_a_slightly_wrong_gradient_is_doubtful():
    report = gradient_check(written(torch.exp, lambda x, up: up * x.exp() * (1 + 1e-5)), table())
    assert report.verdict == "doubtful"
    assert report.error == pytest.approx(1e-5, rel=1e-2)


def test_one_wrong_number_among_right_ones_is_found_at_its_place():
    def backward(x, up):
        grad = 2 * x * up
        grad[3, 1] *= 1.5
        return grad

    (found,) = gradient_check(written(torch.square, backward), table()).tensors
    assert found.verdict == "wrong"
    assert found.at == (3, 1)
    assert found.written == pytest.approx(1.5 * found.measured)
    assert found.factor is None


def test_only_the_wrong_tensor_is_named():
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, scale):
            ctx.save_for_backward(x, scale)
            return x * scale

        @staticmethod
        def backward(ctx, up):
            x, scale = ctx.saved_tensors
            return up * scale, (up * x).mean(0)  # a mean where the sum belongs

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.randn(3))

        def forward(self, x):
            return Scale.apply(x, self.scale)

    report = gradient_check(Layer(), table())
    assert {tensor.name: tensor.verdict for tensor in report.tensors} == {"input x": "right", "scale": "wrong"}
    assert "scale" in report.sentence
    assert "input x" not in report.sentence
    assert report.tensors[1].factor == pytest.approx(5.0)


def test_an_error_that_cancels_in_a_plain_sum_is_seen():
    softmax = written(lambda x: x.softmax(1), lambda x, up: torch.zeros_like(x))
    assert gradient_check(softmax, table()).verdict == "wrong"


def test_a_relu_at_0_is_a_kink_and_no_fault():
    (found,) = gradient_check(torch.relu, torch.tensor([0.0, 1.0, -1.0])).tensors
    assert (found.verdict, found.places, found.kinks) == ("right", 3, 1)


def test_a_number_that_no_side_of_a_kink_has_is_a_fault():
    (found,) = gradient_check(written(torch.relu, lambda x, up: 2 * up * (x >= 0)), torch.tensor([0.0])).tensors
    assert (found.verdict, found.kinks) == ("wrong", 0)


def test_a_kink_nearby_is_stepped_around():
    (found,) = gradient_check(torch.relu, torch.tensor([2e-7, -2e-7, 3e-6])).tensors
    assert (found.verdict, found.kinks) == ("right", 0)


def test_where_every_place_is_a_kink_nothing_is_claimed():
    report = gradient_check(torch.relu, torch.zeros(4))
    assert report.verdict == "unchecked"
    assert report.sentence == (
        "The gradient could not be checked: no slope could be judged (4 at kinks left out). Try other inputs."
    )


def test_slopes_too_small_to_measure_are_left_out_and_counted():
    (found,) = gradient_check(written(torch.sigmoid, lambda x, up: up * 1e-15), torch.tensor([40.0, 41.0])).tensors
    assert (found.verdict, found.small) == ("unchecked", 2)


def test_a_loss_is_checked_with_its_labels_handed_on():
    logits = table()
    report = gradient_check(F.cross_entropy, (logits, LABELS))
    assert [tensor.name for tensor in report.tensors] == ["input"]
    assert report.verdict == "right"


def test_a_backward_written_as_a_plain_function_is_checked():
    def dense(x, weight, bias):
        return x @ weight.T + bias

    def back(upstream, x, weight, bias):
        return upstream @ weight, upstream.T @ x, upstream.sum(0)

    def wrong(upstream, x, weight, bias):
        return upstream @ weight, upstream.T @ x, upstream.mean(0)

    inputs = (table(), table(1, 4, 3), table(2, 1, 4)[0])
    right = gradient_check(dense, inputs, backward=back)
    assert [tensor.verdict for tensor in right.tensors] == ["right"] * 3
    report = gradient_check(dense, inputs, backward=wrong, loss=lambda out: out.square().mean())
    assert {t.name: t.verdict for t in report.tensors}["input bias"] == "wrong"


def test_a_backward_may_leave_inputs_out():
    report = gradient_check(lambda x, k: x * k, (table(), table(1)), backward=lambda up, x, k: (up * k, None))
    assert [tensor.name for tensor in report.tensors] == ["input x"]


@pytest.mark.parametrize(
    ("backward", "says"),
    [
        (lambda up, x: (up, up), "one gradient for each of 1 inputs; it returned 2"),
        (lambda up, x: up.sum(), r"shape \(5, 3\); it has \(\)"),
        (lambda up, x: None, "no gradient"),
    ],
)
def test_a_backward_of_another_shape_is_refused(backward, says):
    with pytest.raises(NetError, match=says):
        gradient_check(torch.exp, table(), backward=backward)


def test_large_tensors_are_sampled_the_same_places_each_time():
    net, x = nn.Linear(50, 40), torch.randn(2, 50)
    report, again = (gradient_check(net, x, samples=7) for _ in range(2))
    assert report == again
    assert [tensor.places for tensor in report.tensors] == [7, 7, 7]


def test_the_module_and_the_inputs_stay_as_they_were():
    net, x = nn.BatchNorm1d(3), table()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    gradient_check(net, x)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert torch.equal(x, table())
    assert net.weight.dtype == torch.float32
    assert net.weight.grad is None


def test_a_function_that_is_random_is_refused():
    with pytest.raises(NetError, match="another output each time"):
        gradient_check(nn.Dropout(0.5), table())
    assert gradient_check(nn.Dropout(0.5).eval(), table()).verdict == "right"


def test_a_function_that_leaves_float64_is_refused():
    with pytest.raises(NetError, match="float64 all the way; the output came as float32"):
        gradient_check(lambda x: x.float() * 2, table())


def test_a_cut_way_back_is_refused():
    with pytest.raises(NetError, match="way back to the inputs is cut"):
        gradient_check(lambda x: x.detach() * 2, table())


def test_an_output_that_is_not_finite_is_refused():
    with pytest.raises(NetError, match="not finite"):
        gradient_check(torch.log, torch.zeros(3))


def test_nothing_to_check_is_refused():
    with pytest.raises(NetError, match="nothing to check"):
        gradient_check(lambda x: x, torch.tensor([1, 2]))


def test_a_loss_that_is_no_single_number_is_refused():
    with pytest.raises(NetError, match="one number"):
        gradient_check(nn.Linear(3, 2), table(), loss=lambda out: out.square())


def test_an_input_that_nothing_reads_has_slope_0():
    report = gradient_check(lambda x, unread: x * 2, (table(), table()))
    assert report.verdict == "right"


def test_a_gradient_that_is_not_finite_is_wrong_and_can_be_written_as_json():
    report = gradient_check(written(torch.exp, lambda x, up: up * float("nan")), table())
    assert report.verdict == "wrong"
    text = json.dumps(report.as_json(), allow_nan=False)
    assert json.loads(text)["tensors"][0]["written"] == "NaN"


def test_the_report_is_as_bad_as_its_worst_tensor():
    def tensor(error, kinks=0):
        return TensorGradient("w", (2,), 2, kinks, 0, error, (0,), 1.0, 1.0)

    assert GradientReport((tensor(0.0), tensor(1e-5))).verdict == "doubtful"
    assert GradientReport((tensor(1.0), tensor(1e-5))).verdict == "wrong"
    assert GradientReport((tensor(0.0), tensor(0.0, kinks=2))).verdict == "right"
    assert str(GradientReport((tensor(0.0),))).startswith("The gradient is right: 1 tensor, 2 slopes, error 0.0e+00")


def test_the_example_holds():
    assert doctest.testmod(module).failed == 0
