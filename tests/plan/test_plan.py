"""Plans: what is refused, what is said, and that files give back what was written."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsitter.errors import PlanError
from netsitter.plan.choose import DataShape, choose
from netsitter.plan.files import commented_plan, parsed, plan_schema, read_plan, write_plan
from netsitter.plan.plan import Plan, by_trial, changed, differing, paths, plan_of, value_at
from netsitter.plan.short import SHORT, with_options

IMAGES = DataShape(True, (3, 32, 32), 45_000, "classify", 10)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *(("optim.lr", value) for value in (0, -1e-3, float("nan"), float("inf"), 1e300, "fast", "no")),
        *(("optim.momentum", value) for value in (1.0, 1.5, -0.1)),
        *(("optim.l2", value) for value in (-1, float("nan"))),
        *(("net.dropout", value) for value in (1.0, 1.5)),
        *(("loop.batch", value) for value in (0, -1, 10**9)),
        *(("loop.epochs", value) for value in (0, 1.5)),
        *(("loop.seed", value) for value in (-1, 2**70)),
        *(("data.validation", value) for value in (0, 1.5)),
        *(("data.resize", value) for value in ("32", "axb")),
        *(("net", value) for value in ("mlp:1,x", "nothing:5")),
        ("optim.beta2", 1.0),
        ("optim.kind", "adma"),
        ("net.sizes", (0,)),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_its_name(path, value):
    with pytest.raises(PlanError) as error:
        changed(Plan(), {path: value})
    assert path.partition(".")[0] in str(error.value)
    assert "nothing was written" in str(error.value)


def test_numbers_as_text_are_numbers():
    assert changed(Plan(), {"optim.lr": "1e-3", "loop.epochs": "5"}).optim.lr == 1e-3


def test_all_faults_are_told_in_one_pass_with_their_values():
    with pytest.raises(PlanError) as error:
        plan_of({"optim": {"lr": -1, "momentum": 2}, "loop": {"batch": 0}, "data": {"soruce": "x"}})
    told = str(error.value)
    assert all(
        word in told
        for word in ("4 options", "optim.lr = -1", "optim.momentum = 2", "loop.batch = 0", "data.soruce", "data.source")
    )


@pytest.mark.parametrize(
    ("typed", "near"), [("optim.lrr", "optim.lr"), ("lr", "optim.lr"), ("net.activation", "net.act")]
)
def test_an_unknown_name_gets_the_nearest_known_one(typed, near):
    with pytest.raises(PlanError, match=f"Did you mean '{near}'"):
        changed(Plan(), {typed: 1})


def test_short_names_all_lead_to_fields():
    known = paths()
    assert all(path in known or path == "net" for targets in SHORT.values() for path in targets)
    plan = with_options(Plan(), {"seed": "7", "net": "mlp:30,20", "lr": None})
    assert (plan.data.seed, plan.loop.seed, plan.net.sizes, plan.optim.lr) == (7, 7, (30, 20), None)
    with pytest.raises(PlanError, match="Did you mean 'epochs'"):
        with_options(Plan(), {"epoch": 3})


def test_a_plan_file_gives_back_the_plan(tmp_path):
    plan, _ = choose(changed(Plan(), {"net": "mlp:50", "data.source": 'a "quoted" \\ path\n'}), IMAGES)
    file = tmp_path / "plan.toml"
    file.write_text(write_plan(plan))
    assert read_plan(file) == plan
    (tmp_path / "plan.json").write_text(plan.model_dump_json())
    assert read_plan(tmp_path / "plan.json") == plan


def test_a_commented_plan_names_every_field_and_is_the_plan(tmp_path):
    text = commented_plan(changed(Plan(), {"optim.lr": 0.5}))
    file = tmp_path / "plan.toml"
    file.write_text(text)
    assert read_plan(file).optim.lr == 0.5
    assert all(
        f"\n{path.partition('.')[2]} = " in text or f"\n# {path.partition('.')[2]} = " in text for path in paths()
    )
    assert max(map(len, text.splitlines())) <= 110
    assert tomllib.loads(text)["data"]["source"] == ""


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"[data", b"data = 3", b"{" * 5000, b"[data]\nsource = 1\nsource = 2"]
)
def test_a_file_that_is_no_plan_is_refused_by_name(tmp_path, content):
    file = tmp_path / "plan.toml"
    file.write_bytes(content)
    with pytest.raises(PlanError, match=r"plan\.toml"):
        read_plan(file)
    with pytest.raises(PlanError, match="missing"):
        read_plan(tmp_path / "missing.toml")


def test_a_given_value_is_never_chosen_over():
    plan, choices = choose(with_options(Plan(), {"lr": 0.5, "net": "mlp:7", "prepare": "zca:0.9"}), IMAGES)
    assert (plan.optim.lr, plan.net.sizes, plan.data.prepare) == (0.5, (7,), "zca:0.9")
    assert not {choice.path for choice in choices} & {"optim.lr", "net.sizes", "net.kind", "data.prepare"}


@given(
    st.booleans(),
    st.integers(1, 64),
    st.integers(1, 10**6),
    st.sampled_from(["classify", "regress"]),
    st.integers(1, 1000),
)
def test_after_choosing_nothing_that_training_needs_is_open(image, side, rows, task, outputs):
    example = (3, side, side) if image else (side,)
    plan, choices = choose(Plan(), DataShape(image, example, rows, task, outputs))
    needed = (
        "data.prepare",
        "data.task",
        "net.kind",
        "net.sizes",
        "net.norm",
        "net.init",
        "optim.lr",
        "optim.schedule",
        "loop.epochs",
        "loop.batch",
        "loop.loss",
    )
    assert all(value_at(plan, path) is not None for path in needed)
    assert all(value_at(plan, choice.path) == choice.value and choice.reason for choice in choices)


def test_images_are_centred_only_and_tables_standardised():
    assert choose(Plan(), IMAGES)[0].data.prepare == "center"
    assert choose(Plan(), DataShape(False, (10,), 400, "regress", 1))[0].data.prepare == "standardise"


def test_differing_names_what_differs_and_who_may():
    one, two = Plan(), changed(Plan(), {"optim.l2": 1.0, "loop.batch": 3})
    assert differing([one, two]) == {"optim.l2": [0.0, 1.0], "loop.batch": [None, 3]}
    assert by_trial("optim.l2")
    assert not by_trial("loop.batch")


def test_values_are_read_as_a_plan_file_would():
    assert [parsed(text) for text in ("1e-3", "5", "true", "adam", '"5"', "[1, 2]")] == [
        1e-3,
        5,
        True,
        "adam",
        "5",
        [1, 2],
    ]


def test_the_schema_names_every_section():
    assert set(plan_schema()["properties"]) == {"data", "net", "optim", "loop", "rules"}
