"""A name with an optional number behind a colon, as activations and initialisers are written: "leaky_relu:0.1"."""

from __future__ import annotations

from math import isfinite

from netsitter.errors import PlanError, shown


def named(text: str, option: str) -> tuple[str, float | None]:
    """The name in lower case with "-" as "_", and the number or None.

    option: the dotted name of the option that the text came from.
    Raises PlanError when what follows the colon is not a finite number.
    """
    name, colon, tail = text.partition(":")
    try:
        number = float(tail) if colon else None
    except ValueError:
        number = float("nan")
    if number is not None and not isfinite(number):
        raise PlanError(
            f"{option} = {shown(text)}: what follows the colon must be a number",
            code="P42",
            allowed="NAME or NAME:NUMBER",
            fix=f"{option}={name}",
        )
    return name.strip().lower().replace("-", "_"), number
