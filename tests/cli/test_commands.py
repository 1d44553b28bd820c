"""Each command as it is typed: what it prints, what it leaves on disk, and its exit code."""

from __future__ import annotations

import csv
import io
import tomllib

import numpy as np
import pytest
from PIL import Image

import netsitter as ns

from .command import QUICK, archive, inside, only_run


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to stand in, with one data set."""
    monkeypatch.chdir(tmp_path)
    archive(tmp_path / "table.npz")
    return tmp_path


def test_fit_tells_each_epoch_the_result_and_where_the_run_is(folder):
    told = inside("fit", "table.npz", *QUICK)
    assert told.code == 0
    assert told.err == ""
    run = only_run(folder)
    for words in ("Finished epoch 2 / 2: cost", "Result: ", f"The run: runs/{run.name}", "netsitter predict runs/"):
        assert words in told.out
    assert all(len(line) < 240 for line in told.out.splitlines())


def test_fit_json_prints_one_object_and_nothing_else(folder):
    told = inside("fit", "table.npz", *QUICK, "--json")
    assert told.out.count("\n") == 1
    assert told.err == ""
    assert told.json["schema"] == 1
    assert told.json["outcome"] == "finished"
    assert told.json["run"] == f"runs/{only_run(folder).name}"
    assert told.json["plan"]["net"]["sizes"] == [8]
    assert len(told.json["history"]) == 2
    assert 0 <= told.json["metrics"]["test"]["score"] <= 1


def test_fit_quiet_prints_one_line():
    told = inside("fit", "table.npz", *QUICK, "--quiet")
    assert told.out.count("\n") == 1
    assert "finished" in told.out


def test_options_reach_the_plan(folder):
    text = "--act tanh --lr 3e-3 --l2 1e-4 --optim nesterov --batch 16 --seed 7 --norm none --init xavier --dropout 0.1"
    text += " --schedule constant --prepare none --set optim.clip=1.5 --set loop.keep=last --name mine --quiet"
    inside("fit", "table.npz", *QUICK, *text.split())
    plan = ns.open_run(only_run(folder)).plan
    assert (plan.net.act, plan.net.sizes, plan.net.norm, plan.net.init, plan.net.dropout) == (
        "tanh",
        (8,),
        "none",
        "xavier",
        0.1,
    )
    assert (plan.optim.lr, plan.optim.l2, plan.optim.kind, plan.optim.clip) == (3e-3, 1e-4, "nesterov", 1.5)
    assert (plan.loop.batch, plan.loop.seed, plan.data.seed, plan.loop.keep) == (16, 7, 7, "last")
    assert (plan.optim.schedule, plan.data.prepare) == ("constant", "none")
    assert only_run(folder).name.endswith("-mine")


def test_a_plan_file_from_init_gives_the_same_run_as_its_options():
    assert inside("init", "mine.toml", "--net", "mlp:8", "--set", "loop.epochs=2").code == 0
    from_plan = inside("fit", "table.npz", "--plan", "mine.toml", "--json").json
    from_options = inside("fit", "table.npz", "--net", "mlp:8", "--epochs", "2", "--json").json
    assert from_plan["history"] == from_options["history"]


def test_data_may_stand_in_the_plan(folder):
    inside("init", "mine.toml", "--set", f"data.source={folder / 'table.npz'}", "--net", "mlp:8")
    assert inside("fit", "--plan", "mine.toml", "--epochs", "1", "--quiet").code == 0


def test_init_writes_over_nothing_unless_told(folder):
    (folder / "netsitter.toml").write_text("mine")
    assert inside("init").code == 2
    assert (folder / "netsitter.toml").read_text() == "mine"
    assert inside("init", "--force").code == 0
    assert inside("init", "-").out == (folder / "netsitter.toml").read_text()


def test_every_line_of_an_init_file_is_a_plan_that_can_be_read(folder):
    inside("init")
    lines = (folder / "netsitter.toml").read_text().splitlines()
    assert {"[data]", "[net]", "[optim]", "[loop]"} <= set(lines)
    assert inside("fit", "table.npz", "--plan", "netsitter.toml", *QUICK, "--quiet").code == 0


def test_predict_prints_a_table_that_agrees_with_python(folder):
    inside("fit", "table.npz", *QUICK, "--quiet")
    told = inside("predict", only_run(folder), "table.npz")
    head, *rows = csv.reader(io.StringIO(told.out))
    x = np.load("table.npz")["x"]
    assert head == ["row", "prediction", "p(0)", "p(1)", "p(2)"]
    assert [int(row[1]) for row in rows] == ns.open_run(only_run(folder)).predict(x).tolist()
    assert "labelled rows" in told.err


def test_predict_writes_a_file_or_json(folder):
    inside("fit", "table.npz", *QUICK, "--quiet")
    run = only_run(folder)
    printed = inside("predict", run, "table.npz").out
    assert inside("predict", run, "table.npz", "--out", "said.csv").code == 0
    assert (folder / "said.csv").read_text() == printed
    told = inside("predict", run, "table.npz", "--json").json
    assert len(told["predictions"]) == len(told["rows"]) == 120
    assert told["metrics"]["rows"] == 120


def test_predict_takes_an_image_and_a_folder_of_images(folder):
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    np.savez(
        "images.npz", x=rng.integers(0, 128, (80, 6, 6), dtype=np.uint8) + 100 * y[:, None, None].astype(np.uint8), y=y
    )
    inside("fit", "images.npz", *QUICK, "--epochs", "20", "--quiet")
    (folder / "new").mkdir()
    for name, grey in (("dark", 50), ("light", 190)):
        Image.new("L", (6, 6), grey).save(folder / "new" / f"{name}.png")
    told = inside("predict", only_run(folder), "new", "--json").json
    assert told["predictions"] == [0, 1]
    assert inside("predict", only_run(folder), "new/light.png", "--json").json["predictions"] == [1]


def test_check_writes_nothing_and_fails_on_what_it_is_told_to(folder):
    before = sorted(folder.rglob("*"))
    bad = ("check", "table.npz", "--net", "mlp:4", "--init", "zeros", "--norm", "none", "--set", "loop.threads=1")
    told = inside(*bad)
    assert told.code == 1
    assert "symmetric-units" in told.out
    assert inside(*bad, "--fail-on", "never", "--quiet").code == 0
    told = inside(*bad, "--json", "--fail-on", "never")
    assert told.code == 0
    assert {"tiny subset", "regularisation"} <= {
        one["check"] for one in told.json["checks"] if one["verdict"] == "warned"
    }
    assert sorted(folder.rglob("*")) == before


def test_fit_fails_on_what_it_is_told_to(folder):
    x = np.load("table.npz")["x"]
    np.savez("constant.npz", x=np.concatenate([x, np.ones((len(x), 1))], axis=1), y=np.load("table.npz")["y"])
    assert inside("fit", "constant.npz", *QUICK, "--quiet").code == 0
    assert inside("fit", "constant.npz", *QUICK, "--quiet", "--fail-on", "note").code == 1


def test_a_run_that_diverges_ends_with_one():
    told = inside("fit", "table.npz", *QUICK, "--optim", "sgd", "--lr", "1e12", "--norm", "none", "--fail-on", "never")
    assert told.code == 1
    assert "diverged" in told.out
    assert "--lr" in told.out


def test_code_of_a_run_is_run_only_when_it_is_named_again(folder):
    (folder / "mine.py").write_text(
        "from torch import nn\ndef build(inputs, outputs): return nn.Linear(inputs, outputs)"
    )
    told = inside("fit", "table.npz", *QUICK, "--net", "mine.py:build")
    assert told.code == 0, told.err
    command = told.out.strip().splitlines()[-1].partition("netsitter ")[2].replace("DATA", "table.npz").split()
    assert command[-2:] == ["--net", "mine.py:build"]
    assert inside(*command).code == 0
    refused = inside(*command[:-2])
    assert refused.code == 2
    assert "never run" in refused.err


def test_resume_says_that_a_run_is_over(folder):
    inside("fit", "table.npz", *QUICK, "--quiet")
    told = inside("resume", only_run(folder))
    assert told.code == 2
    assert "is over: finished" in told.err


def test_version_and_help_and_nothing():
    assert inside("--version").out == f"netsitter {ns.__version__}\n"
    assert inside("--help").code == 0
    nothing = inside()
    assert nothing.code == 2
    assert nothing.out == inside("--help").out


@pytest.mark.parametrize("command", ["fit", "check", "resume", "predict", "summary", "activations", "init"])
def test_every_command_has_help_that_names_its_options(command):
    told = inside(command, "--help")
    assert told.code == 0
    assert "Usage: netsitter" in told.out
    assert told.out.count("<bool>") == 1, "a switch looks as if it took a value (that of --help cannot be helped)"


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("fitt", "digits"), "'fit'"),
        (("fit", "digits", "--epoch", "3"), "'--epochs'"),
        (("fit", "digits", "--set", "optim.lrr=1"), "'optim.lr'"),
        (("fit", "digits", "--set", "lr_=1"), "'lr'"),
        (("fit", "digits", "--act", "rleu"), "'relu'"),
        (("fit", "tabel.npz"), "'table.npz'"),
        (("fit", "digit"), "'digits'"),
        (("activations", "sigmod"), "'sigmoid'"),
    ],
)
def test_a_slip_of_the_fingers_is_answered_with_what_was_meant(arguments, meant):
    told = inside(*arguments)
    assert told.code == 2
    assert f"Did you mean {meant}?" in told.err


def test_errors_come_as_json_too_and_still_on_standard_error():
    told = inside("fit", "nowhere", "--json")
    assert told.code == 2
    assert told.json["error"]["code"] == "D10"
    assert told.err.startswith("error: there is no 'nowhere'")
    assert inside("fit", "--jsn", "--json").json["error"]["kind"] == "PlanError"


def test_debug_shows_the_traceback_wherever_it_stands():
    for arguments in (("--debug", "fit", "nowhere"), ("fit", "nowhere", "--debug")):
        with pytest.raises(ns.NetsitterError, match="nowhere"):
            inside(*arguments)


def test_activations_are_listed_with_their_numbers():
    told = inside("activations", "relu", "sigmoid", "--json").json["activations"]
    assert [one["name"] for one in told] == ["relu", "sigmoid"]
    assert told[1]["largest_slope"] == pytest.approx(0.25)
    assert "relu" in inside("activations").out


def test_a_plan_of_a_run_says_all_that_was_decided(folder):
    inside("fit", "table.npz", *QUICK, "--quiet")
    plan = tomllib.loads((only_run(folder) / "plan.toml").read_text())
    assert plan["data"]["source"] == str(folder / "table.npz")
    assert {"lr", "schedule"} <= plan["optim"].keys()
    assert {"batch", "epochs", "loss", "threads"} <= plan["loop"].keys()
