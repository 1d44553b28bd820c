"""Every error that netsitter raises on purpose.

    NetsitterError
    ├── PlanError           an option or a plan file asks for something that cannot be
    ├── DataError           the data cannot be trained on as it is
    ├── NetError            the network does not fit the data, or itself
    ├── RunError            a run folder, checkpoint or model file is missing, torn or of another run
    ├── DeviceError         the device is not there, or has too little memory
    └── MissingExtra        an optional library is not installed

Each tells six things, in this order: what is wrong (with a fixed code), where, what came, what is
allowed and why, how to mend it, and the state of the work. All of them are the user's to read, so a
message is never a traceback; `--debug` shows that too.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

NOTHING_WRITTEN = "nothing was written."


class NetsitterError(Exception):
    """What went wrong, told so that the reader can mend it.

    what: one plain sentence without a full stop.
    code: a letter and a number that never change their meaning, as "D39".
    where: file, row, layer or option.
    allowed: the rule that was broken, and where it comes from.
    fix: what to type or change.
    state: what became of the work.
    """

    def __init__(
        self,
        what: str,
        *,
        code: str = "",
        where: str = "",
        allowed: str = "",
        fix: str = "",
        state: str = NOTHING_WRITTEN,
    ) -> None:
        super().__init__(what)
        self.what, self.code, self.where = what, code, where
        self.allowed, self.fix, self.state = allowed, fix, state

    def __str__(self) -> str:
        lines = [f"{self.what} [{self.code}]" if self.code else self.what]
        lines += [f"  {self.where}"] if self.where else []
        lines += [f"  allowed: {self.allowed}"] if self.allowed else []
        lines += [f"  fix: {self.fix}"] if self.fix else []
        lines += [f"  {self.state}"] if self.state else []
        return printable("\n".join(lines))

    def as_json(self) -> dict[str, Any]:
        parts = ("what", "code", "where", "allowed", "fix", "state")
        return {"kind": type(self).__name__, **{part: getattr(self, part) for part in parts}}


class PlanError(NetsitterError, ValueError):
    """An option or a plan file asks for something that cannot be."""


class DataError(NetsitterError, ValueError):
    """The data cannot be trained on as it is."""


class NetError(NetsitterError, ValueError):
    """The network does not fit the data, or itself."""


class RunError(NetsitterError, RuntimeError):
    """A run folder, a checkpoint or a model file is missing, torn, or of another run."""


class DeviceError(NetsitterError, RuntimeError):
    """The device is not there, or has too little memory."""


class MissingExtra(NetsitterError, ImportError):
    """An optional library is not installed."""


def closest(name: str, known: Iterable[str]) -> str:
    """`" Did you mean 'relu'?"` for the nearest of the known names, else `""`."""
    folded = {each.lower(): each for each in known}
    near = get_close_matches(str(name).lower(), list(folded), n=1, cutoff=0.6)
    return f" Did you mean {folded[near[0]]!r}?" if near else ""


def shown(value: object, limit: int = 80) -> str:
    """A value as it was given, by `repr`, cut at `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def printable(text: str) -> str:
    """The text with control characters escaped, so that a name from a file cannot steer the terminal."""
    return "".join(c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)
