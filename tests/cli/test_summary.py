"""`netsitter summary` and `netsitter activations` from the command line."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from netsitter.cli.activations import activations
from netsitter.cli.summary import example_of, summary
from netsitter.errors import NetError, PlanError


def ran(*words: str) -> str:
    app = typer.Typer()
    app.command()(summary)
    app.command()(activations)
    result = CliRunner().invoke(app, list(words), catch_exceptions=True)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_lenet_has_its_shapes_and_parameters():
    lines = ran("summary", "--net", "lenet", "--input", "32x32x1").splitlines()
    shapes = [" ".join(line.split()[2:7]) for line in lines if line.startswith(("conv", "pool"))]
    assert shapes == ["28 x 28 x 6", "14 x 14 x 6", "10 x 10 x 16", "5 x 5 x 16"]
    assert any(line.startswith("all") and "61,706" in line for line in lines)


def test_json_is_one_object_with_every_layer():
    values = json.loads(
        ran("summary", "--net", "mlp:50", "--input", "32x32x3", "--outputs", "7", "--norm", "none", "--json")
    )
    assert values["schema"] == 1
    assert values["summary"]["parameters"] == 3072 * 50 + 50 + 50 * 7 + 7
    assert [layer["name"] for layer in values["summary"]["layers"]] == ["flatten", "dense1", "act1", "output"]


def test_without_a_net_the_one_that_suits_the_input_is_shown():
    assert "Conv2d" in ran("summary", "--input", "32x32x3")
    assert "Conv2d" not in ran("summary", "--input", "12")


def test_a_net_that_does_not_fit_is_an_error():
    with pytest.raises(NetError, match="lenet reads images"):
        ran("summary", "--net", "lenet", "--input", "20x20x1")


def test_a_net_of_the_users_own_is_shown_with_its_own_names(tmp_path):
    file = tmp_path / "net.py"
    file.write_text(
        "from collections import OrderedDict\n"
        "from torch import nn\n"
        "def build(inputs, outputs):\n"
        "    return nn.Sequential(OrderedDict(mine=nn.Linear(inputs, outputs)))\n"
    )
    assert "mine   Linear" in ran("summary", "--net", str(file), "--input", "4")


def test_shapes_are_read_as_people_write_them():
    read = {text: example_of(text) for text in ("32x20x3", "28X28", "100", "32, 20, 3")}
    assert list(read.values()) == [(3, 32, 20), (1, 28, 28), (100,), (3, 32, 20)]


@pytest.mark.parametrize("text", ["", "3y", "0x3", "1x2x3x4", "-4", "4.5"])
def test_what_is_no_shape_is_refused(text):
    with pytest.raises(PlanError, match="is no shape"):
        example_of(text)


def test_the_fact_sheet_shows_the_quarter_of_the_sigmoid():
    (line,) = [line for line in ran("activations").splitlines() if line.startswith("sigmoid")]
    assert " 0.25 " in line
    assert "0 .. 1" in line


def test_the_fact_sheet_of_some_as_json():
    values = json.loads(ran("activations", "leaky_relu:0.2", "tanh", "--json"))
    assert [facts["name"] for facts in values["activations"]] == ["leaky_relu", "tanh"]
    assert values["activations"][0]["cost"] is None


def test_measured_costs_stand_in_the_last_column(monkeypatch):
    monkeypatch.setattr("netsitter.nn.fact_sheet.COST_ROUNDS", 1)
    lines = ran("activations", "relu", "--measure").splitlines()
    assert lines[0].split()[-1] == "cost"
    assert float(lines[1].split()[-1]) > 0
