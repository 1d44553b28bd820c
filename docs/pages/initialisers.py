"""The page of the initial weights: what each draws, its other names, and which one goes with which activation."""

from __future__ import annotations

from pages.markdown import bullets, code, page, table
from pages.plan import IMAGES

from netsitter.nn.activations import ACTIVATIONS
from netsitter.nn.initialise import OUTPUT_GAIN
from netsitter.nn.initialisers import ALIASES, INITIALISERS, Initialiser
from netsitter.plan.choose import choose
from netsitter.plan.plan import Plan, changed


def initialisers_page() -> str:
    numbers = [f"{entry.means} ({code(name)})" for name, entry in INITIALISERS.items() if entry.number is not None]
    return page(
        "# Initial weights",
        "A plan names one as `net.init`. Biases begin at 0. The gain is that of the [activation](activations.md) "
        f"behind the layer; the last layer's is 1. Where weights follow the size of the layer, the last one's are made "
        f"{OUTPUT_GAIN:g} times as large, so that the network starts undecided.",
        table(("Name", "What it draws", "By layer size", "Needs a batch"), map(_row, INITIALISERS.values())),
        f"The number behind the colon is {', '.join(numbers)}; the table shows the one used when none is given.",
        "## Chosen when nothing is said",
        table(("Activation", "Initial weights"), [(code(act), code(_chosen_for(act))) for act in ACTIVATIONS]),
        "## Other names",
        table(("Name", "Is"), [(code(alias), code(name)) for alias, name in ALIASES.items()]),
        "## Sources",
        bullets(f"{code(name)}: {entry.source}" for name, entry in INITIALISERS.items() if entry.source),
    )


def _row(entry: Initialiser) -> tuple[str, ...]:
    number = "" if entry.number is None else f":{entry.number:g}"
    return (
        code(entry.name + number),
        entry.sentence,
        "yes" if entry.scaled else "no",
        "yes" if entry.data_driven else "no",
    )


def _chosen_for(act: str) -> str | None:
    plan, _ = choose(changed(Plan(), {"net.act": act}), IMAGES)
    return plan.net.init
