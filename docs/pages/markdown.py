"""The few pieces of Markdown that the generated pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def page(*parts: str) -> str:
    """The parts that say something, with an empty line between them."""
    return "\n\n".join(part for part in parts if part)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell is escaped. Raises ValueError for a row that is longer or shorter than the head."""
    lines = [head, ["---"] * len(head), *rows]
    wrong = [line for line in lines if len(line) != len(head)]
    if wrong:
        raise ValueError(f"a row of {len(head)} cells was expected; got {wrong[0]!r}")
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def block(lines: Iterable[str]) -> str:
    """Lines that stand as they are."""
    return "\n".join(("```text", *lines, "```"))


def code(text: object) -> str:
    return f"`{text}`"


def sentence(text: str) -> str:
    """The text on one line, with a capital first and a full stop last."""
    text = " ".join(text.split())
    return text and text[0].upper() + text[1:] + "." * (text[-1] not in ".!?:")


def source(text: str) -> str:
    return f"Source: {text}." if text else ""


def plain(value: object) -> str:
    """A value as it is typed in a plan or an option."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
