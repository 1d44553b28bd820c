"""The page of the optimisers and schedules: formulas, the numbers each reads, sources."""

from __future__ import annotations

from pages.markdown import block, bullets, code, page, sentence, source, table

from netsitter.optim.methods import OPTIMISERS, Optimiser
from netsitter.optim.schedules import SCHEDULES, lr_factor
from netsitter.plan.choose import LEARNING_RATES
from netsitter.plan.plan import Plan, changed

EPOCHS, EPOCH_STEPS = 10, 100
"""The run that the schedules are shown over."""

PLACES = {"start": 0.0, "1/4": 0.25, "1/2": 0.5, "3/4": 0.75, "last step": 1.0}


def optimisers_page() -> str:
    return page(
        "# Optimisers and schedules",
        "A plan names an optimiser as `optim.kind` and a schedule as `optim.schedule`.",
        table(("Name", "In a sentence", "Reads", "Rate"), map(_row, OPTIMISERS.values())),
        bullets(
            (
                "**Reads**: the numbers of [`optim`](plan.md#optim) that it uses; the others of them have no effect.",
                "**Rate**: the learning rate when none is given.",
            )
        ),
        "In the formulas w is a weight, g its gradient, t the step from 1; all else begins at 0. Before them "
        "`optim.l2` adds l2 · w to the gradient, and then `optim.clip` shortens it. `optim.decay` shrinks the weight "
        "itself: w ← (1 - lr · decay) · w.",
        *map(_section, OPTIMISERS.values()),
        "## Schedules",
        table(("Name", "What it does"), [(code(name), schedule.sentence) for name, schedule in SCHEDULES.items()]),
        f"What `optim.lr` is multiplied by in a run of {EPOCHS} epochs of {EPOCH_STEPS} steps:",
        table(("Name", *PLACES), [(code(name), *_factors(name)) for name in SCHEDULES]),
        "`optim.warmup` goes before any of them: the rate rises in equal steps to the schedule's start, and the "
        "schedule has the steps that are left.",
        bullets(f"{code(name)}: {schedule.source}" for name, schedule in SCHEDULES.items() if schedule.source),
    )


def _row(entry: Optimiser) -> tuple[str, ...]:
    rate = f"{LEARNING_RATES[entry.name]:g}"
    return f"[{entry.name}](#{entry.name})", entry.sentence, ", ".join(map(code, entry.uses)), rate


def _section(entry: Optimiser) -> str:
    kept = f"Kept of each weight: {', '.join(entry.slots)}." if entry.slots else ""
    return page(
        f"## {entry.name}", sentence(entry.sentence), block(entry.formula.split("; ")), kept, source(entry.source)
    )


def _factors(name: str) -> list[str]:
    optim = changed(Plan(), {"optim.schedule": name}).optim
    steps = EPOCHS * EPOCH_STEPS
    places = [min(int(share * steps), steps - 1) for share in PLACES.values()]
    return [f"{lr_factor(optim, step=step, steps=steps, steps_per_epoch=EPOCH_STEPS):.2g}" for step in places]
