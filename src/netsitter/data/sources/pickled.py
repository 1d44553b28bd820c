"""The one reader of pickles, for the batches of CIFAR-10's Python version: a small machine that can only build data.

A pickle is a program. This machine knows the few instructions that such a file needs (protocols 2 to 4) and
three names, for which it hands out stand-ins of its own: nothing is imported, no function is called, no object
of another class is made. Dictionary keys must be text and nothing else is ever hashed, so that nested tuples cannot
exhaust the stack; memory is bounded by the size of the file. Python's own `pickle` module is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from netsitter.errors import shown

MARK = object()
RECONSTRUCT, NDARRAY, DTYPE, ENCODE = "reconstruct", "ndarray", "dtype", "encode"

NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): RECONSTRUCT,
    ("numpy", "ndarray"): NDARRAY,
    ("numpy", "dtype"): DTYPE,
    # How Python 3 writes bytes in protocol 2: text with its encoding.
    ("_codecs", "encode"): ENCODE,
}
"""The names that a file may ask for; each becomes a stand-in."""

BYTE_TYPE = (b"u1", "u1")
MOST_STACK = 1_000_000


class UnsafePickle(ValueError):
    """Says what a file asked for that such data never needs, to be read after the file's name."""


class _Name:
    """A stand-in for one of the known names. It can be named in an instruction, and nothing else."""

    __slots__ = ("role",)

    def __init__(self, role: str) -> None:
        self.role = role


class _Array:
    """An array that the file is about to fill; `array` is there once it has been."""

    __slots__ = ("array",)

    def __init__(self) -> None:
        self.array: np.ndarray | None = None


class _ByteType:
    """The type uint8, the only one that arrays may have."""

    __slots__ = ()


def unpickled(content: bytes) -> Any:
    """The data in a pickle: dict, list, tuple, text, bytes, int, bool, None, and uint8 arrays.

    Text of Python 2 is handed out as bytes.
    Raises UnsafePickle for anything else, a torn file and a wrong order of instructions.
    """
    try:
        return _Machine(content).run()
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, AttributeError) as fault:
        if isinstance(fault, UnsafePickle):
            raise
        raise UnsafePickle("is damaged or cut short") from fault


class _Machine:
    """Reads instructions one by one; each is a method of this class, by its code in INSTRUCTIONS."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        while True:
            code = self._bytes(1)
            if code == b".":
                return _finished(self.stack.pop())
            if code not in INSTRUCTIONS:
                raise UnsafePickle(f"uses the instruction {code!r}{self._asked(code)}, which data never needs")
            INSTRUCTIONS[code](self)
            if len(self.stack) > MOST_STACK:
                raise UnsafePickle("is nested too deeply")

    # Reading

    def _bytes(self, size: int) -> bytes:
        if size > len(self.content) - self.at:
            raise UnsafePickle("is cut short")
        self.at += size
        return self.content[self.at - size : self.at]

    def _number(self, size: int, signed: bool = False) -> int:
        return int.from_bytes(self._bytes(size), "little", signed=signed)

    def _line(self) -> str:
        end = self.content.index(b"\n", self.at)
        line = self.content[self.at : end]
        self.at = end + 1
        return line.decode()

    def _asked(self, code: bytes) -> str:
        """The name in an instruction of old that makes an object, for the message."""
        return f" for {shown('.'.join((self._line(), self._line())))}" if code == b"i" else ""

    def _since_mark(self) -> list[Any]:
        start = len(self.stack) - 1
        while self.stack[start] is not MARK:
            if not start:
                raise UnsafePickle("is damaged or cut short")
            start -= 1
        items = self.stack[start + 1 :]
        del self.stack[start:]
        return items

    # Instructions

    def protocol(self) -> None:
        if self._number(1) not in (2, 3, 4):
            raise UnsafePickle("is of another protocol than 2 (as published), 3 or 4")

    def frame(self) -> None:
        self._bytes(8)

    def put(self, size: int) -> None:
        self.memo[self._number(size)] = self.stack[-1]

    def memoise(self) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, size: int) -> None:
        self.stack.append(self.memo[self._number(size)])

    def text(self, size: int) -> None:
        self.stack.append(self._bytes(self._number(size)).decode("utf-8", "surrogatepass"))

    def octets(self, size: int) -> None:
        self.stack.append(self._bytes(self._number(size)))

    def integer(self, size: int, signed: bool = False) -> None:
        self.stack.append(self._number(size, signed))

    def tuple_of(self, size: int) -> None:
        items = self.stack[len(self.stack) - size :]
        if len(items) != size:
            raise UnsafePickle("is damaged or cut short")
        self.stack[len(self.stack) - size :] = [tuple(items)]

    def append(self) -> None:
        item = self.stack.pop()
        _as(self.stack[-1], list).append(item)

    def appends(self) -> None:
        items = self._since_mark()
        _as(self.stack[-1], list).extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = _as(self.stack[-1], dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) not in (bytes, str):
                raise UnsafePickle(f"has a key of type {type(key).__name__}")
            target[key] = value

    def set_item(self) -> None:
        value = self.stack.pop()
        self.set_items([self.stack.pop(), value])

    def name(self, module: str, name: str) -> None:
        if (module, name) not in NAMES:
            raise UnsafePickle(f"asks for {shown(f'{module}.{name}')}, which data never needs")
        self.stack.append(_Name(NAMES[module, name]))

    def stacked_name(self) -> None:
        name = self.stack.pop()
        self.name(_as(self.stack.pop(), str), _as(name, str))

    def reduce(self) -> None:
        arguments = _as(self.stack.pop(), tuple)
        self.stack.append(_made(_as(self.stack.pop(), _Name), arguments))

    def build(self) -> None:
        state = _as(self.stack.pop(), tuple)
        target = self.stack[-1]
        if isinstance(target, _Array):
            target.array = _filled(state)
        elif not isinstance(target, _ByteType):
            raise UnsafePickle("fills an object that is no array")


INSTRUCTIONS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _Machine.protocol,
    b"\x95": _Machine.frame,
    b"(": lambda m: m.stack.append(MARK),
    b"}": lambda m: m.stack.append({}),
    b"]": lambda m: m.stack.append([]),
    b")": lambda m: m.stack.append(()),
    b"N": lambda m: m.stack.append(None),
    b"\x88": lambda m: m.stack.append(True),
    b"\x89": lambda m: m.stack.append(False),
    b"q": lambda m: m.put(1),
    b"r": lambda m: m.put(4),
    b"\x94": _Machine.memoise,
    b"h": lambda m: m.get(1),
    b"j": lambda m: m.get(4),
    b"X": lambda m: m.text(4),
    b"\x8c": lambda m: m.text(1),
    b"U": lambda m: m.octets(1),
    b"T": lambda m: m.octets(4),
    b"C": lambda m: m.octets(1),
    b"B": lambda m: m.octets(4),
    b"K": lambda m: m.integer(1),
    b"M": lambda m: m.integer(2),
    b"J": lambda m: m.integer(4, signed=True),
    b"\x85": lambda m: m.tuple_of(1),
    b"\x86": lambda m: m.tuple_of(2),
    b"\x87": lambda m: m.tuple_of(3),
    b"t": lambda m: m.stack.append(tuple(m._since_mark())),
    b"a": _Machine.append,
    b"e": _Machine.appends,
    b"s": _Machine.set_item,
    b"u": lambda m: m.set_items(m._since_mark()),
    b"c": lambda m: m.name(m._line(), m._line()),
    b"\x93": _Machine.stacked_name,
    b"R": _Machine.reduce,
    b"b": _Machine.build,
}
"""What each instruction does. Not among them: making objects (i, o, \\x81, \\x92), extension codes, persistent ids."""


def _made(name: _Name, arguments: tuple[Any, ...]) -> Any:
    """What calling one of the known names would give; only with the arguments that a uint8 array needs."""
    if name.role == ENCODE and len(arguments) == 2 and arguments[1] in ("latin1", "latin-1"):
        return _as(arguments[0], str).encode("latin-1")
    if name.role == DTYPE and arguments and arguments[0] in BYTE_TYPE:
        return _ByteType()
    if name.role == RECONSTRUCT and len(arguments) == 3 and isinstance(arguments[0], _Name):
        kind, shape, code = arguments
        if kind.role == NDARRAY and shape == (0,) and code in (b"b", "b"):
            return _Array()
    raise UnsafePickle(f"asks for a {name.role} that is no array of bytes")


def _filled(state: tuple[Any, ...]) -> np.ndarray:
    """The array (N, ...) that an array's state describes: version, shape, type, column order, bytes."""
    _, shape, kind, columns_first, content = state
    if not isinstance(kind, _ByteType) or columns_first is not False:
        raise UnsafePickle("holds an array that is not of bytes in C order")
    if not all(type(side) is int and side >= 0 for side in _as(shape, tuple)):
        raise UnsafePickle("holds an array of no shape")
    return np.frombuffer(_as(content, bytes), dtype=np.uint8).reshape(shape)


def _finished(value: Any) -> Any:
    """The result, a dict, with arrays in place of what stood for them."""
    return {key: item.array if isinstance(item, _Array) else item for key, item in _as(value, dict).items()}


def _as(value: Any, kind: type) -> Any:
    """The value, if it is exactly of this type."""
    if type(value) is not kind:
        raise UnsafePickle(f"has {type(value).__name__} where {kind.__name__} must be")
    return value
