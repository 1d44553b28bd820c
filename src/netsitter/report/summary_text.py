"""A network's summary as a table of plain text."""

from __future__ import annotations

from netsitter.errors import printable
from netsitter.record.net_facts import LayerFacts, Summary

HEAD = ("layer", "type", "output", "parameters", "multiply-adds", "memory", "sees")
"""The columns; the first two are words, the others end on the right."""

WORDS = 2


def summary_text(summary: Summary) -> str:
    """The table, its sums, what they mean, and the warnings.

    Images are written as people do, height x width x channels.
    """
    rows = [_row(layer) for layer in summary.layers]
    parameters, products = f"{summary.parameters:,}", f"{summary.multiply_adds:,}"
    total = ("all", "", "", parameters, products, size(summary.output_bytes), "")
    wide = [max(len(row[column]) for row in [HEAD, *rows, total]) for column in range(len(HEAD))]
    rule = "  ".join("-" * width for width in wide)
    lines = [_line(HEAD, wide), rule, *(_line(row, wide) for row in rows), rule, _line(total, wide), ""]
    frozen = summary.parameters - summary.trainable
    lines.append(
        f"input {shape(summary.example)}; {parameters} parameters"
        + (f" ({frozen:,} of them frozen)" if frozen else "")
        + f" take {size(summary.parameter_bytes)}; outputs and multiply-adds are those of one example."
    )
    if any(not layer.calls for layer in summary.layers):
        lines.append("A layer without output never ran by itself: another one uses its weights, or none does.")
    lines += [printable(f"warning: {warning}") for warning in summary.warnings]
    return "\n".join(lines)


def shape(sides: tuple[int, ...]) -> str:
    """ "32 x 32 x 3" of (3, 32, 32); "100" of (100,)."""
    turned = (*sides[1:], sides[0]) if len(sides) == 3 else sides
    return " x ".join(map(str, turned)) or "1"


def size(count: int) -> str:
    """Bytes in the unit that leaves up to four digits."""
    number = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:,.1f} TiB"


def _row(layer: LayerFacts) -> tuple[str, ...]:
    times = f" x{layer.calls}" if layer.calls > 1 else ""
    return (
        printable(layer.name or "(the net itself)") + times,
        printable(layer.type),
        shape(layer.output) if layer.output is not None else "-",
        f"{layer.parameters:,}" if layer.parameters else "-",
        f"{layer.multiply_adds:,}" if layer.multiply_adds else "-",
        size(layer.output_bytes) if layer.output_bytes else "-",
        " x ".join(map(str, layer.field)) if layer.field is not None else "-",
    )


def _line(cells: tuple[str, ...], wide: list[int]) -> str:
    left = [f"{cell:<{width}}" for cell, width in zip(cells[:WORDS], wide[:WORDS], strict=True)]
    right = [f"{cell:>{width}}" for cell, width in zip(cells[WORDS:], wide[WORDS:], strict=True)]
    return "  ".join([*left, *right]).rstrip()
