"""Faults of one pass over the data, collected so that they are told together and not one a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from netsitter.errors import DataError

MOST_PLACES = 20
"""Places told of one fault; more are counted."""


class Faults:
    """Collects faults; `refuse` raises one DataError that tells them all, if there are any."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def add(self, code: str, place: str) -> None:
        """place: where and what, as "cat/3.png is empty (0 bytes)"."""
        self.found.append((code, place))

    def refuse(self, what: str, *, allowed: str, fix: str) -> None:
        """Raises DataError with the code that most of the faults have."""
        if self.found:
            code = Counter(code for code, _ in self.found).most_common(1)[0][0]
            raise DataError(what, code=code, where=listed(place for _, place in self.found), allowed=allowed, fix=fix)


def listed(places: Iterable[object], separator: str = "; ") -> str:
    """The first places and how many more there are."""
    texts = [str(place) for place in places]
    more = f" (and {len(texts) - MOST_PLACES:,} more)" if len(texts) > MOST_PLACES else ""
    return separator.join(texts[:MOST_PLACES]) + more


def named(path: str | Path) -> str:
    """A path for a message; in quotes and escaped if a character in it could break the line."""
    text = str(path)
    return text if text.isprintable() else repr(text)


def counted(number: int, one: str, many: str = "") -> str:
    """`"1 image"`, `"1,200 images"`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
