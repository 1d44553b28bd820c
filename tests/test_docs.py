"""The reference pages are what the code says, every rule has one and a figure, and no relative link leads nowhere."""

from __future__ import annotations

import re
import sys
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from netsitter.cli.main import app
from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.registry import rules
from netsitter.diagnose.rule import Case
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
def figure_pages(generate: Any) -> Any:
    from pages import figures

    return figures


@pytest.fixture(scope="module")
def differences(generate: Any) -> Any:
    from pages import differences

    return differences


@pytest.fixture(scope="module")
def svg(generate: Any) -> Any:
    from pages import svg

    return svg


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


SVG = "{http://www.w3.org/2000/svg}"


def figures(made: dict[str, str]) -> dict[str, Any]:
    """The figures as trees, by the rule's code and slug. Raises ParseError for one that is no XML."""
    return {
        f"{rule.code}-{rule.slug}": ElementTree.fromstring(made[f"rules/{rule.code}-{rule.slug}.svg"])
        for rule in rules()
    }


def test_every_rule_has_a_figure_of_both_cases_and_its_page_shows_it(made):
    drawn = figures(made)
    assert {f"rules/{name}.svg" for name in drawn} == {name for name in made if name.endswith(".svg")}
    for name, tree in drawn.items():
        assert tree.tag == f"{SVG}svg"
        assert {"sick", "well"} <= {text.text for text in tree.iter(f"{SVG}text")}, name
        [alt] = re.findall(rf"!\[([^\]]+)\]\({name}\.svg\)", made[f"rules/{name}.md"])
        assert " ".join(alt.split()) == alt
        assert tree.findtext(f"{SVG}desc").replace("[", "(").replace("]", ")") == alt


def test_a_figure_shows_other_marks_or_another_limit_for_sick_than_for_well(figure_pages):
    for rule in rules():
        picture = figure_pages.picture_of(rule)
        assert picture.sick.marks, rule.slug
        assert picture.well.marks, rule.slug
        sick, well = ((side.marks, side.limit) for side in (picture.sick, picture.well))
        assert sick != well, rule.slug


def test_where_one_bar_is_held_against_one_number_sick_and_well_lie_on_two_sides_of_it(figure_pages):
    held = 0
    for rule in rules():
        picture = figure_pages.picture_of(rule)
        marks = [side.marks for side in picture.sides]
        if picture.sick.limit is None or any(len(some) != 1 or hasattr(some[0], "points") for some in marks):
            continue
        apart = [some[0].value - side.limit for some, side in zip(marks, picture.sides, strict=True)]
        assert apart[0] * apart[1] <= 0, rule.slug
        assert apart[0] != apart[1], rule.slug
        held += 1
    assert held >= 10


def test_no_entry_of_the_table_of_figures_is_for_a_rule_that_is_gone(figure_pages):
    assert set(figure_pages.DRAWN) <= {rule.slug for rule in rules()}


def test_everything_in_a_figure_lies_on_its_card(made):
    for name, tree in figures(made).items():
        width, height = float(tree.get("width")), float(tree.get("height"))
        for shape in tree.iter():
            for key, end in (("x", width), ("x1", width), ("x2", width), ("cx", width), ("y", height), ("y1", height)):
                assert 0 <= float(shape.get(key, 0)) <= end, f"{name}: {shape.tag} {key}"
        for text in tree.iter(f"{SVG}text"):
            left, top, right, bottom = box_of(text)
            assert left >= 0, f"{name}: {text.text!r}"
            assert top >= 0, f"{name}: {text.text!r}"
            assert right <= width, f"{name}: {text.text!r}"
            assert bottom <= height, f"{name}: {text.text!r}"


def test_no_two_texts_of_a_figure_overlap(made):
    for name, tree in figures(made).items():
        boxes = [(box_of(text), text.text) for text in tree.iter(f"{SVG}text") if text.text]
        for (one, said), (other, also) in combinations(boxes, 2):
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, f"{name}: {said!r} and {also!r}"


def box_of(text: Any) -> tuple[float, float, float, float]:
    """About what a text of 12 pixels covers: left, top, right, bottom."""
    x, y, wide = float(text.get("x")), float(text.get("y")), 6.0 * len(text.text)
    left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[text.get("text-anchor", "start")]
    return left, y - 9, left + wide, y + 2


def test_a_rule_that_the_table_does_not_know_is_drawn_from_what_its_cases_differ_in(figure_pages, differences):
    for rule in rules():
        picture = differences.differing(rule, "NEW001 new")
        sick, well = ((side.marks, side.limit) for side in (picture.sick, picture.well))
        assert sick != well, rule.slug
        assert ElementTree.fromstring(figure_pages.drawn(picture)).findtext(f"{SVG}title") == "NEW001 new"


@pytest.mark.parametrize(
    ("sick", "well", "shows"),
    [
        (table(duplicates=500), table(), {"duplicates"}),
        (run(val_loss=[0.5, 0.9]), run(val_loss=[0.5, 0.4]), {"train loss", "val loss"}),
        (run(epoch_series={"act/new": [(0.2,), (0.9,)]}), run(epoch_series={"act/new": [(0.2,), (0.1,)]}), {"1"}),
        (run(known={"loop": {"odd": 3}}), run(known={"loop": {"odd": 0}}), {"loop odd"}),
        (table(), table(), {"findings"}),
        (table(), run(), {"findings"}),
    ],
    ids=["a number", "a loss", "a series", "a fact of the loop", "nothing", "records of two kinds"],
)
def test_what_an_unknown_rules_cases_differ_in_is_found(differences, sick, well, shows):
    class Unknown:
        def __init__(self) -> None:
            self.sick, self.well = (Case("ill", sick),), (Case("sound", well),)

        def check(self, record: Any, plan: Any) -> list[Any]:
            return []

    assert {mark.name for mark in differences.differing(Unknown(), "NEW001 new").sick.marks} == shows


def test_a_coordinate_does_not_show_the_last_bits_of_a_number(svg):
    for value in (12.25, 0.05, 199.95, -0.04999):
        assert svg.place(value) == svg.place(value + 1e-12) == svg.place(value - 1e-12)
    assert svg.place(-0.01) == "0"


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [[1e-6, 0.3], [0.02, 3.0, 40.0], [5.0, 5.0], [1.0, 7.0]])
def test_an_axis_holds_its_values_in_order_and_has_a_few_ticks(svg, values, log):
    scale = svg.Scale(values, 0.0, 100.0, log=log)
    at = [scale.at(value) for value in values]
    assert at == sorted(at)
    assert (at[0] < at[-1]) == (values[0] < values[-1])
    assert 2 <= len(scale.ticks) <= 8
    assert scale.at(scale.ticks[0]) == pytest.approx(0.0)


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
    figure = tmp_path / "rules" / "FIT001-overfit.svg"
    figure.write_text(figure.read_text().replace("</svg>", "<g/></svg>"))
    (tmp_path / "rules" / "OLD001-gone.svg").write_text(f"{generate.MARK}\n\n<svg/>\n")
    (tmp_path / "by-hand.md").write_text("# Not generated\n")
    (tmp_path / "by-hand.svg").write_text("<svg/>\n")
    capsys.readouterr()
    assert generate.main(["--check"], tmp_path) == 1
    told = capsys.readouterr().err
    stale = ("/plan.md", "/commands.md", "/FIT001-overfit.svg", "/rules/OLD001-gone.md", "/rules/OLD001-gone.svg")
    assert [name in told for name in stale] == [True] * 5
    assert "by-hand" not in told
    assert "activations" not in told
    generate.main([], tmp_path)
    assert generate.main(["--check"], tmp_path) == 0
    assert (tmp_path / "by-hand.md").exists()
    assert (tmp_path / "by-hand.svg").exists()
    assert not list(tmp_path.rglob("OLD001*"))


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
