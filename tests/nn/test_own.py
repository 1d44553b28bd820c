"""The user's own function: found, called with what it asks for, seeded, and every fault told."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from netsitter.errors import NetError
from netsitter.nn.build import build
from netsitter.nn.own import built_by, load_builder
from netsitter.plan.sections import NetPlan


def file_of(folder, text: str, name: str = "mine.py") -> str:
    path = folder / name
    path.write_text("from torch import nn\n" + text)
    return str(path)


def test_a_function_of_a_file_builds_the_net(tmp_path):
    place = file_of(tmp_path, "def small(inputs, classes): return nn.Linear(inputs, classes)\n") + ":small"
    net = build(NetPlan(kind="own", own=place), example=(4,), outputs=3)
    assert net.weight.shape == (3, 4)


def test_without_a_name_the_function_is_build(tmp_path):
    builder = load_builder(file_of(tmp_path, "def build(): return nn.Identity()\n"))
    assert isinstance(builder(), nn.Identity)


def test_the_plans_seed_decides_its_weights_and_the_global_numbers_go_on_untouched(tmp_path):
    own = NetPlan(kind="own", own=file_of(tmp_path, "def build(outputs): return nn.Linear(4, outputs)\n") + ":build")
    state = torch.random.get_rng_state()
    first, again, other = (
        build(own, example=(4,), outputs=3, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_it_gets_those_arguments_that_it_names():
    seen = {}

    def builder(example, *, outputs, hidden=5, **rest):
        seen.update(example=example, outputs=outputs, hidden=hidden, rest=rest)
        return nn.Sequential(nn.Flatten(), nn.Linear(6, outputs))

    built_by(builder, example=(2, 3), outputs=4)
    assert seen == {"example": (2, 3), "outputs": 4, "hidden": 5, "rest": {}}


def test_a_class_of_nets_is_a_builder_too():
    class Net(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.out = nn.Linear(inputs, outputs)

        def forward(self, x):
            return self.out(x)

    assert built_by(Net, example=(2,), outputs=4).out.weight.shape == (4, 2)


def test_its_neighbours_can_be_imported_and_the_search_path_is_as_before(tmp_path):
    file_of(tmp_path, "def layer(): return nn.Linear(2, 2)\n", "neighbour_of_mine.py")
    before = list(sys.path)
    builder = load_builder(file_of(tmp_path, "from neighbour_of_mine import layer\ndef build(): return layer()\n"))
    assert built_by(builder, example=(2,), outputs=2).weight.shape == (2, 2)
    assert sys.path == before


def test_trying_it_changes_neither_modes_nor_running_statistics():
    net = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 2))
    net[0].eval()
    built_by(lambda: net, example=(2,), outputs=2)
    assert [layer.training for layer in net] == [False, True]
    assert int(net[0].num_batches_tracked) == 0


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("def build(): return 3\n", "build", "must return a torch.nn.Module; it returned 3"),
        ("def build(): nn.Identity()\n", "build", "it returned None"),
        ("def build(): return nn.Linear(4, 7)\n", "build", r"must return \(2, 3\) for 2 rows; it returned \(2, 7\)"),
        ("def build(): return nn.Linear(5, 3)\n", "build", "expects 5 numbers and gets 4"),
        ("def build(): raise KeyError('x')\n", "build", "failed while it built the net: KeyError: 'x'"),
        ("def build(depth): return nn.Identity()\n", "build", "asks for depth, which netsitter does not know"),
        ("def built(): return nn.Identity()\n", "build", r"no function 'build'\. Did you mean 'built'"),
        ("build = 3\n", "build", "must be a function"),
        ("import no_such_thing\n", "build", "cannot be run: ModuleNotFoundError"),
        ("def build(:\n", "build", "cannot be run: SyntaxError"),
        (
            "class Pair(nn.Linear):\n  def forward(self, x): return x, x\ndef build(): return Pair(4, 3)\n",
            "build",
            "for 2 rows",
        ),
        (
            "class Odd(nn.Module):\n  def forward(self, x): return x.nothing\ndef build(): return Odd()\n",
            "build",
            "nothing",
        ),
    ],
)
def test_every_fault_of_it_is_told(tmp_path, text, name, says):
    place = file_of(tmp_path, text) + f":{name}"
    with pytest.raises(NetError, match=says) as caught:
        build(NetPlan(kind="own", own=place), example=(4,), outputs=3)
    assert caught.value.code


def test_the_line_of_the_users_file_is_named(tmp_path):
    place = file_of(tmp_path, "def build():\n    return inner()\ndef inner():\n    return 1 / 0\n") + ":build"
    with pytest.raises(NetError) as caught:
        build(NetPlan(kind="own", own=place), example=(4,), outputs=3)
    assert caught.value.where.endswith(f"mine.py, line {5}")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(NetError, match="there is no file"):
        load_builder(str(tmp_path / "none.py") + ":build")


def test_a_file_that_stops_python_does_not_stop_us(tmp_path):
    with pytest.raises(NetError, match="cannot be run: SystemExit"):
        load_builder(file_of(tmp_path, "import sys\nsys.exit(3)\n"))
