"""The page of the plan: every field with its meaning, values and default, and what is chosen when it is left out."""

from __future__ import annotations

from inspect import cleandoc
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pages.markdown import code, page, plain, sentence, table

from netsitter.plan.choose import DataShape, choose
from netsitter.plan.field import extra
from netsitter.plan.plan import Plan, paths
from netsitter.plan.short import SHORT
from netsitter.report.text import shape

IMAGES = DataShape(image=True, example=(3, 32, 32), rows=45_000, task="classify", outputs=10)
TABLE = DataShape(image=False, example=(30,), rows=512, task="classify", outputs=2)
"""Data that choices are shown on: of the sizes of CIFAR-10, and of scikit-learn's breast-cancer set."""

CHOSEN = {choice.path for data in (IMAGES, TABLE) for choice in choose(Plan(), data)[1]}
"""The fields that are chosen from the data when they are left out."""

KINDS = {int: "whole number", float: "number", str: "text", bool: "`true`, `false`"}
BOUNDS = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}


def plan_page() -> str:
    return page(
        "# The plan",
        "Everything that decides a run. `netsitter init` writes a plan file with every option; `--set optim.lr=1e-3` "
        "sets one. A default that is *chosen* is chosen from the data, and said. **By trial**: whether trials that are "
        "trained side by side, in one cohort, may differ in it.",
        *map(_section, Plan.model_fields),
        "Names are listed under [activations](activations.md), [initial weights](initialisers.md), "
        "[preparations](preparations.md) and [optimisers and schedules](optimisers.md).",
        "## Short names",
        "In Python, as `ns.fit(data, lr=1e-3)`, and after `--set`:",
        table(("Short", "Sets"), [(code(name), ", ".join(map(code, long))) for name, long in SHORT.items()]),
        "## What is chosen",
        f"For {IMAGES.rows:,} training images of {shape(IMAGES.example, image=True)} in {IMAGES.outputs} classes:",
        _chosen(IMAGES),
        f"For {TABLE.rows:,} training rows of {shape(TABLE.example, image=False)} in {TABLE.outputs} classes:",
        _chosen(TABLE),
    )


def _section(name: str) -> str:
    about = cleandoc(Plan.model_fields[name].annotation.__doc__ or "")
    rows = [_row(path, info) for path, info in paths().items() if path.startswith(f"{name}.")]
    return page(f"## {name}", sentence(about), table(("Name", "Meaning", "Values", "Default", "By trial"), rows))


def _row(path: str, info: Any) -> tuple[str, ...]:
    unit = extra(info, "unit")
    values = [_kind(info.annotation), *_bounds(info), *([f"in {unit}"] if unit not in ("", "share") else [])]
    return code(path), info.description, ", ".join(values), _default(path, info.default), _yes(extra(info, "by_trial"))


def _kind(annotation: Any) -> str:
    """The values of a field in words."""
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(map(_kind, kinds))
    if get_origin(annotation) is Literal:
        return ", ".join(map(code, kinds))
    if get_origin(annotation) is tuple:
        return f"{_kind(kinds[0])}s with commas between"
    return KINDS[annotation]


def _bounds(info: Any) -> list[str]:
    found = [(word, getattr(bound, kind, None)) for bound in info.metadata for kind, word in BOUNDS.items()]
    return [f"{word} {_limit(limit)}" for word, limit in found if limit is not None]


def _limit(limit: float) -> str:
    if not isinstance(limit, int):
        return f"{limit:g}"
    whole_bits = limit > 2**31 and limit & (limit + 1) == 0
    return f"2^{limit.bit_length()} - 1" if whole_bits else f"{limit:,}"


def _default(path: str, default: Any) -> str:
    if default is None:
        return "*chosen*" if path in CHOSEN else "*not set*"
    return code(plain(default)) if default != "" else "*empty*"


def _yes(value: Any) -> str:
    return "yes" if value else "no"


def _chosen(data: DataShape) -> str:
    rows = [(code(choice.path), code(plain(choice.value)), choice.reason) for choice in choose(Plan(), data)[1]]
    return table(("Name", "Value", "Why"), rows)
