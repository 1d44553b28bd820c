"""The options that stand for fields of the plan: every command hands on each that it takes."""

from __future__ import annotations

import pytest
from typer.main import get_command

from netsitter.cli import options
from netsitter.cli.main import app
from netsitter.plan.short import SHORT

VALUES = {"select": ["ACT,DAT", "RUN001"], "ignore": ["SEA"]}


@pytest.mark.parametrize(("name", "least"), [("fit", 10), ("check", 10), ("search", 10), ("summary", 4), ("init", 1)])
def test_a_command_hands_on_every_option_of_the_plan(name, least):
    command = get_command(app).commands[name]
    taken = [param.name for param in command.params if param.name in SHORT]
    typed = [f"--{option}={value}" for option in taken for value in VALUES.get(option, [f"of-{option}"])]
    needed = ["--input", "32x32x3"] if name == "summary" else []
    sets = ["--set", "loop.threads=2", "--set", "rules.stop=false"]
    with command.make_context(name, [*needed, *typed, *sets]) as context:
        given = options.asked(context)
    assert len(taken) >= least
    wanted = {option: f"of-{option}" for option in taken}
    if "select" in taken:
        wanted |= {"select": ("ACT", "DAT", "RUN001"), "ignore": ("SEA",)}
    assert given == wanted | {"loop.threads": 2, "rules.stop": False}
    with command.make_context(name, needed) as context:
        assert set(options.asked(context).values()) == {None}
