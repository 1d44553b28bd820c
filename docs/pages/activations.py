"""The page of the activations: the fact sheet, computed, and each one's formula and source."""

from __future__ import annotations

from pages.markdown import block, bullets, code, page, sentence, source, table

from netsitter.nn.activations import ACTIVATIONS, Activation
from netsitter.nn.fact_sheet import CENTRED, FLAT, REACH, Facts, fact_sheet


def activations_page() -> str:
    return page(
        "# Activations",
        "A plan names one as `net.act`. Every figure is computed from the function itself; `netsitter activations` "
        "computes them anew, and with `--measure` also what each costs on your machine.",
        table(("Name", "Range", "Centred", "Flat", "Slope", "Dies", "Gain"), map(_row, fact_sheet())),
        bullets(
            (
                "**Range**: of the outputs.",
                f"**Centred**: the mean output is within {CENTRED:g} of 0 for inputs from N(0, 1); else which it is.",
                f"**Flat**: where the slope stays under {FLAT:g}, as far as {REACH:g} to each side.",
                "**Slope**: the largest, without its sign.",
                "**Dies**: whether one side has a slope of exactly 0, from which a unit may not come back.",
                "**Gain**: what [initial weights](initialisers.md) are multiplied by, so that signals keep their size.",
            )
        ),
        *(_section(name, entry) for name, entry in ACTIVATIONS.items()),
    )


def _row(facts: Facts) -> tuple[str, ...]:
    low = "-∞" if facts.low is None else f"{facts.low:.3g}"
    high = "∞" if facts.high is None else f"{facts.high:.3g}"
    flat = [f"below {facts.flat_below:.3g}"] if facts.flat_below is not None else []
    flat += [f"above {facts.flat_above:.3g}"] if facts.flat_above is not None else []
    return (
        f"[{facts.name}](#{facts.name})",
        f"{low} to {high}",
        "yes" if facts.zero_centred else f"{facts.mean:.2f}",
        ", ".join(flat) or "nowhere",
        f"{facts.largest_slope:.3g}",
        "yes" if facts.dies else "no",
        # The gain is computed to three places only.
        f"{facts.gain:.3f}",
    )


def _section(name: str, entry: Activation) -> str:
    number = ""
    if entry.number is not None:
        bounds = "" if entry.least == float("-inf") else f", {'a whole number ' * entry.whole}from {entry.least:g}"
        number = f"Its number is {entry.means}{bounds}; without one it is {code(f'{name}:{entry.number:g}')}."
    return page(f"## {name}", sentence(entry.sentence), block([entry.formula]), number, source(entry.source))
