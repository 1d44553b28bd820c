"""The page of the commands, read from the command line's own definition rather than from its printed help."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import cleandoc
from typing import Any

from pages.markdown import block, code, page, table
from typer.main import get_command

from netsitter.cli.main import app
from netsitter.cli.verdict import CLEAN, FOUND, MISUSE, RESUMABLE

EXIT_CODES = {
    f"{CLEAN}": "clean: no finding as grave as `--fail-on`",
    f"{FOUND}": "findings as grave as `--fail-on`, or the loss is no longer a number",
    f"{MISUSE}": "misuse or bad input; nothing is written",
    f"{RESUMABLE}": "stopped by an error; the work is saved and can be resumed",
    "128 + n": "stopped by signal n, as 130 is by Ctrl-C; the work is saved and can be resumed",
}


def commands_page() -> str:
    group: Any = get_command(app)
    return page(
        "# Commands",
        group.help,
        *(_section(name, command) for name, command in group.commands.items()),
        "## Before any command",
        "As in `netsitter --debug fit digits`.",
        _options(group.params),
        "## Exit codes",
        table(("Code", "Meaning"), EXIT_CODES.items()),
    )


def _section(name: str, command: Any) -> str:
    params = [param for param in command.params if not param.hidden]
    arguments = [param for param in params if param.param_type_name == "argument"]
    options = [param for param in params if param.param_type_name == "option"]
    must = [_spelled(param) for param in options if param.required]
    panels = dict.fromkeys(param.rich_help_panel for param in options)
    return page(
        f"## {name}",
        block([" ".join(("netsitter", name, *map(_metavar, arguments), *must, "[OPTIONS]"))]),
        cleandoc(command.help),
        table(("Argument", "Meaning"), [(code(_metavar(param)), param.help) for param in arguments])
        if arguments
        else "",
        *(_panel(panel, [param for param in options if param.rich_help_panel == panel]) for panel in panels),
    )


def _panel(panel: str | None, options: list[Any]) -> str:
    return page(f"{panel}:" if panel else "", _options(options))


def _options(options: Iterable[Any]) -> str:
    return table(("Option", "Meaning"), [(code(_spelled(option)), _meaning(option)) for option in options])


def _spelled(option: Any) -> str:
    names = ", ".join((*option.opts, *option.secondary_opts))
    return names if option.is_flag else f"{names} {_metavar(option)}"


def _metavar(param: Any) -> str:
    name = param.metavar or param.name.upper()
    optional = param.param_type_name == "argument" and not param.required and not name.startswith("[")
    return f"[{name}]" if optional else name


def _meaning(option: Any) -> str:
    default = option.default
    if isinstance(default, bool) or not isinstance(default, str | int | float):
        return option.help
    return f"{option.help}; {code(default)} when it is not given"
