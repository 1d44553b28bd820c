"""`CannotMeasure`: why a measurement of the start was not made."""

from __future__ import annotations


class CannotMeasure(Exception):
    """Something cannot be measured on this network; the sentence says why. Told, never fatal."""
