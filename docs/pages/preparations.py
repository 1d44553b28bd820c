"""The page of the preparations: what each does to a row is seen by trying it."""

from __future__ import annotations

import torch
from pages.markdown import code, page, table

from netsitter.data.preparation.table import PIXELS, PREPARATIONS, preparation
from netsitter.data.preparation.whitening import MOST_FEATURES, SHARE
from netsitter.plan.plan import Plan, field_at

ROWS, EXAMPLE = 100, (3, 4, 4)
"""The random images that each is tried on."""


def preparations_page() -> str:
    kept = [code(name) for name, entry in PREPARATIONS.items() if entry.keeps]
    return page(
        "# Preparations",
        "A plan names one as `data.prepare`. It is fitted on the training part alone, applied to every part, and saved "
        "with the model.",
        table(("Name", "What it does", "For", "A prepared row", "Undone"), map(_row, PREPARATIONS)),
        f"What {', '.join(kept)} keep stands behind the colon: `zca:0.95` keeps 95 % of the variance, `pca:50` fifty "
        f"directions, `pca:1.0` all of them; without a number {SHARE:g} of the variance is kept. Undone, a row comes "
        f"as near as what was kept can tell. These three take up to {MOST_FEATURES:,} features.",
        f"`data.epsilon` is {field_at('data.epsilon').description}; without one it is {Plan().data.epsilon:g}.",
        "## Pixels",
        "8-bit pixels are divided first, as `data.pixels` says; floating point is left as it is.",
        table(("`data.pixels`", "Divided by"), [(code(name), f"{divisor:g}") for name, divisor in PIXELS.items()]),
    )


def _row(name: str) -> tuple[str, ...]:
    entry = PREPARATIONS[name]
    x = torch.rand(ROWS, *EXAMPLE, generator=torch.Generator().manual_seed(0))
    fitted = preparation(name).fit(x)
    exact = torch.allclose(fitted.undo(fitted.apply(x)), x, atol=1e-4)
    return (
        code(name + ":SHARE" * entry.keeps),
        entry.says,
        "images" if entry.images else "all",
        "keeps its shape" if fitted.prepared_example == EXAMPLE else "is flat",
        "exactly" if exact else "nearly",
    )
