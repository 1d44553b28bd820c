"""Times as people write them: 90s, 10min, 1.5h."""

from __future__ import annotations

import re

from netsitter.errors import PlanError, shown

UNITS = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "": 1.0}
"""Seconds of each unit; a bare number is seconds."""


def seconds_of(text: str | float, name: str) -> float:
    """The seconds that a text such as "10min" stands for. name: what the time is for, in messages.

    Raises PlanError for what is no time, and for none at all.

    >>> seconds_of("1.5h", "--budget")
    5400.0
    """
    read = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(text).lower())
    seconds = float(read[1]) * UNITS[read[2]] if read and read[2] in UNITS else 0.0
    if not 0 < seconds < float("inf"):
        raise PlanError(f"{name} must be a time; got {shown(text)}", code="P86", allowed="90s, 10min, 1.5h")
    return seconds
