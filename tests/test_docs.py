"""The reference pages are what the code says, every rule has one, and no relative link leads nowhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from netsitter.cli.main import app
from netsitter.diagnose.registry import rules
from netsitter.nn.activations import ACTIVATIONS
from netsitter.nn.initialisers import INITIALISERS
from netsitter.optim.methods import OPTIMISERS
from netsitter.optim.schedules import SCHEDULES
from netsitter.plan.plan import paths

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)\s]+)\)")
"""The target of a Markdown link."""


@pytest.fixture(scope="module")
def generate() -> Any:
    """The generator, which is a script and no part of the package."""
    sys.path.insert(0, str(DOCS))
    try:
        import generate
    finally:
        sys.path.remove(str(DOCS))
    return generate


@pytest.fixture(scope="module")
def made(generate: Any) -> dict[str, str]:
    return generate.pages()


def test_the_pages_are_up_to_date(generate, made):
    assert generate.out_of_date(made, DOCS / "reference") == [], "make docs writes them anew"


def test_the_same_code_gives_the_same_pages(generate, made):
    assert generate.pages() == made


def test_every_page_begins_with_how_it_was_made(generate, made):
    assert "Generated" in generate.MARK
    assert "python docs/generate.py" in generate.MARK
    assert {text.splitlines()[0] for text in made.values()} == {generate.MARK}


def test_every_rule_has_a_page_and_a_line_in_the_index(made):
    for rule in rules():
        page = f"{rule.code}-{rule.slug}.md"
        assert f"({page})" in made["rules/index.md"]
        assert f"# {rule.code} {rule.slug}\n" in made[f"rules/{page}"]


def test_a_rules_page_shows_its_message_word_for_word(made):
    for rule in rules():
        for case in rule.sick:
            for finding in rule.check(case.record, case.plan):
                assert finding.seen in made[f"rules/{rule.code}-{rule.slug}.md"]


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("activations.md", ACTIVATIONS),
        ("initialisers.md", INITIALISERS),
        ("optimisers.md", [*OPTIMISERS, *SCHEDULES]),
        ("plan.md", paths()),
    ],
)
def test_a_page_lists_every_name_of_its_table(made, page, names):
    listed = set(re.findall(r"^\| (?:\[|`)([^\]`:]+)", made[page], flags=re.MULTILINE))
    assert set(names) <= listed


def test_the_fact_sheet_says_what_is_known_of_sigmoid_and_relu(made):
    assert (
        "| [sigmoid](#sigmoid) | 0 to 1 | 0.50 | below -6.9, above 6.9 | 0.25 | no | 1.000 |" in made["activations.md"]
    )
    assert "| [relu](#relu) | 0 to ∞ | 0.40 | below 0 | 1 | yes | 1.414 |" in made["activations.md"]


def test_each_command_has_the_options_that_its_help_shows(made):
    sections = re.findall(r"^netsitter (\w+)", made["commands.md"], flags=re.MULTILINE)
    assert sections == [command.callback.__name__ for command in app.registered_commands]
    for name in sections:
        section = made["commands.md"].split(f"## {name}\n")[1].split("\n## ")[0]
        listed = re.findall(r"^\| `(--[\w-]+)", section, flags=re.MULTILINE)
        # Where colours are forced, as on some build machines, the test's own output has them too.
        helped = re.sub(r"\x1b\[[\d;]*m", "", CliRunner().invoke(app, [name, "--help"]).output)
        shown = re.findall(r"^\W*(--[\w-]+)", helped, flags=re.MULTILINE)
        assert {*listed, "--help"} == set(shown), name


def test_no_table_has_a_row_that_is_too_long_or_too_short(made):
    for name, text in made.items():
        for lines in re.findall(r"(?:^\|.*\n?)+", text, flags=re.MULTILINE):
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines.splitlines()}
            assert len(widths) == 1, f"{name}: {lines.splitlines()[0]}"


def test_a_stale_a_missing_and_a_left_over_page_are_named_and_mended(generate, made, tmp_path, capsys):
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0
    (tmp_path / "plan.md").write_text(made["plan.md"] + "A word by hand.\n")
    (tmp_path / "commands.md").unlink()
    (tmp_path / "rules" / "OLD001-gone.md").write_text(f"{generate.MARK}\n\n# OLD001 gone\n")
    (tmp_path / "by-hand.md").write_text("# Not generated\n")
    capsys.readouterr()
    assert generate.main(["--check"], tmp_path) == 1
    told = capsys.readouterr().err
    assert [name in told for name in ("/plan.md", "/commands.md", "/rules/OLD001-gone.md")] == [True] * 3
    assert "by-hand" not in told
    assert "activations" not in told
    generate.main([], tmp_path)
    assert generate.main(["--check"], tmp_path) == 0
    assert (tmp_path / "by-hand.md").exists()
    assert not (tmp_path / "rules" / "OLD001-gone.md").exists()


def test_what_the_script_does_not_know_is_refused_and_nothing_is_written(generate, tmp_path):
    assert generate.main(["--chekc"], tmp_path) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda path: path.name)
def test_every_relative_link_leads_to_a_file_and_its_heading(path):
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{path.relative_to(ROOT)} links to {target}"
        if heading and there.suffix == ".md":
            assert heading in headings(there), f"{path.relative_to(ROOT)} links to {target}"


def headings(path: Path) -> set[str]:
    """The anchors that a forge makes of a page's headings."""
    lines = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).strip().replace(" ", "-") for line in lines}
