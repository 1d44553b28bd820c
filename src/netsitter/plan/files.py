"""Plans as files: TOML for people, JSON and its schema for programs."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from netsitter.errors import PlanError
from netsitter.plan.field import extra
from netsitter.plan.plan import Plan, paths, plan_of, value_at

MAX_PLAN_BYTES = 1_000_000
"""A plan is a page; what is larger is another kind of file."""

LINE = 100
"""Where a comment is wrapped, in characters."""


def read_plan(path: str | Path) -> Plan:
    """The plan in a `.toml` or `.json` file. Raises PlanError."""
    path = Path(path)
    return plan_of(_values(path), where=str(path))


def write_plan(plan: Plan) -> str:
    """The plan as TOML, with only what is set."""
    values = {section: _present(part) for section, part in plan.model_dump(mode="json").items()}
    return tomli_w.dumps(values)


def commented_plan(plan: Plan) -> str:
    """The plan as TOML in which every option stands with its meaning, unit and bounds; unset ones as comments."""
    lines = [
        "# A netsitter plan. Delete what you do not care about: an option that is left out is chosen",
        "# from the data, and said.",
    ]
    section = ""
    for path, info in paths().items():
        head, _, name = path.partition(".")
        if head != section:
            section = head
            lines += ["", f"[{section}]"]
        facts = [fact for fact in (extra(info, "unit"), _bounds(info)) if fact]
        lines += _wrapped(info.description + (f" ({', '.join(facts)})" if facts else ""))
        value = plain(value_at(plan, path))
        lines.append(f"# {name} = ..." if value is None else tomli_w.dumps({name: value}).strip())
    return "\n".join(lines) + "\n"


def plan_schema() -> dict[str, Any]:
    """JSON Schema of a plan, for editors."""
    return Plan.model_json_schema()


def parsed(text: str) -> Any:
    """A value as it would be read from a plan file, or the text itself: "1e-3" is a number, "adam" a name."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def plain(value: Any) -> Any:
    """The value in types that TOML knows."""
    return list(value) if isinstance(value, tuple) else value


def _values(path: Path) -> dict[str, Any]:
    """What a plan file holds."""
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_PLAN_BYTES + 1)
        if len(content) > MAX_PLAN_BYTES:
            raise PlanError(f"{path} is too large for a plan", code="P03", allowed=f"up to {MAX_PLAN_BYTES:,} bytes")
        text = content.decode("utf-8-sig")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise PlanError(
            f"the plan {path} cannot be read: {error.strerror}", code="P04", fix="netsitter init FILE writes one"
        ) from None
    except (ValueError, RecursionError) as error:
        raise PlanError(
            f"the plan {path} is not {'JSON' if path.suffix == '.json' else 'TOML'}: {error}",
            code="P05",
            fix="netsitter init FILE writes one to begin with",
        ) from None
    if not isinstance(values, dict):
        raise PlanError(
            f"the plan {path} must be a table of sections; got {type(values).__name__}",
            code="P05",
            allowed="data, net, optim, loop and rules",
        )
    return values


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _bounds(info: Any) -> str:
    """The field's bounds as people write them: "from 0, below 1"."""
    words = {"ge": "from {}", "gt": "above {}", "le": "to {}", "lt": "below {}"}
    said = [
        words[kind].format(f"{getattr(bound, kind):.10g}")
        for bound in info.metadata
        for kind in words
        if getattr(bound, kind, None) is not None
    ]
    return ", ".join(said)


def _wrapped(text: str) -> list[str]:
    lines, line = [], "#"
    for word in text.split():
        if len(line) + len(word) >= LINE:
            lines.append(line)
            line = "#"
        line += " " + word
    return [*lines, line]
