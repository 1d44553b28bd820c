"""Writes the reference pages and figures under docs/reference/ from the code itself, so that they say nothing else.

python docs/generate.py writes them; with --check it writes nothing, names those that are out of date and exits 1.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from pages.activations import activations_page
from pages.commands import commands_page
from pages.figures import figure_of, rule_figure
from pages.initialisers import initialisers_page
from pages.optimisers import optimisers_page
from pages.plan import plan_page
from pages.preparations import preparations_page
from pages.report_figures import report_figures_page
from pages.rules import file_of, rule_page, rules_index

from netsitter.diagnose.registry import rules

REFERENCE = Path(__file__).parent / "reference"

MARK = "<!-- Generated from the code by `python docs/generate.py`. Change the code, not this page. -->"
"""The first line of every generated page and figure, a comment in both; a file without it is never deleted."""

KINDS = ("*.md", "*.svg")
"""The files that may be generated."""

SINGLE: dict[str, Callable[[], str]] = {
    "activations.md": activations_page,
    "commands.md": commands_page,
    "figures.md": report_figures_page,
    "initialisers.md": initialisers_page,
    "optimisers.md": optimisers_page,
    "plan.md": plan_page,
    "preparations.md": preparations_page,
    "rules/index.md": rules_index,
}


def main(arguments: Sequence[str], folder: Path = REFERENCE) -> int:
    """What the command line does; returns its exit code."""
    if list(arguments) not in ([], ["--check"]):
        print(f"docs/generate.py takes --check or nothing; got {' '.join(arguments)}", file=sys.stderr)
        return 2
    # Sums that several threads share may differ in their last bits, and on a busy machine they wait for each other.
    torch.set_num_threads(1)
    made = pages()
    wrong = out_of_date(made, folder)
    if not arguments:
        write(made, folder)
        print(f"{len(wrong)} of {len(made)} files changed")
        return 0
    for name in wrong:
        print(f"out of date: docs/{folder.name}/{name}", file=sys.stderr)
    if wrong:
        print("make docs writes them anew", file=sys.stderr)
    return 1 if wrong else 0


def pages() -> dict[str, str]:
    """Every generated page and figure, by its path under docs/reference/."""
    made = {name: page() for name, page in SINGLE.items()}
    made |= {f"rules/{file_of(rule)}": rule_page(rule) for rule in rules()}
    made |= {f"rules/{figure_of(rule)}": rule_figure(rule) for rule in rules()}
    return {name: f"{MARK}\n\n{text.strip()}\n" for name, text in made.items()}


def out_of_date(made: dict[str, str], folder: Path) -> list[str]:
    """The pages that are missing, that differ, or that nothing stands behind any more."""
    there = generated(folder)
    return sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))


def write(made: dict[str, str], folder: Path) -> None:
    """Writes every page, and deletes generated ones that nothing stands behind any more."""
    for name in generated(folder).keys() - made.keys():
        (folder / name).unlink()
    for name, text in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def generated(folder: Path) -> dict[str, str]:
    """The generated pages and figures that are there now."""
    # Bytes, so that line ends which git or an editor changed are seen.
    there = {path.relative_to(folder).as_posix(): path.read_bytes() for kind in KINDS for path in folder.rglob(kind)}
    return {name: text.decode() for name, text in there.items() if text.startswith(MARK.encode())}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
