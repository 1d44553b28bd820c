"""How bad inputs come about: each function returns what makes one in an empty folder and hands back the arguments."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.data.made import cifar_python, idx_folder, image_folder

from .command import archive

Build = Callable[[Path], list[object]]
Spoil = Callable[[Path], object]


@dataclass(frozen=True)
class Row:
    """One row of the catalogue.

    words: what must be told: the place, the value, and the way out.
    """

    name: str
    build: Build
    words: tuple[str, ...]


def row(name: str, build: Build, *words: str) -> Row:
    return Row(name, build, words)


def options(*given: str, **files: str) -> Build:
    """`fit` on good data with these options. files: what else lies in the folder, as mine="..." for mine.py."""

    def build(folder: Path) -> list[object]:
        archive(folder / "good.npz")
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        return ["fit", "good.npz", *given]

    return build


def arrays(*given: str, **held: object) -> Build:
    """`fit` on an archive that holds these arrays; x and y of 40 good rows where they are not given."""

    def build(folder: Path) -> list[object]:
        good = {"x": np.random.default_rng(0).normal(size=(40, 3)), "y": np.arange(40) % 2}
        np.savez(folder / "bad.npz", **{name: value for name, value in {**good, **held}.items() if value is not None})
        return ["fit", "bad.npz", *given]

    return build


def labels(**changes: float) -> np.ndarray:
    """40 real labels 0 and 1, some of them changed: labels(row7=5)."""
    y = np.arange(40, dtype=np.float64) % 2
    for name, value in changes.items():
        y[int(name.removeprefix("row"))] = value
    return y


def holed(value: float, *sides: int) -> np.ndarray:
    """40 rows of ones; one value of them, in the row that holds number 20, is another."""
    x = np.ones((40, *sides))
    x.flat[20] = value
    return x


def pictures(spoil: Spoil | None = None, *given: str) -> Build:
    """`fit` on a folder of pictures of cats and dogs, 6 wide and 4 high, spoilt."""

    def build(folder: Path) -> list[object]:
        image_folder(folder / "pets", each=4)
        if spoil is not None:
            spoil(folder / "pets")
        return ["fit", "pets", *given]

    return build


def idx(spoil: Spoil) -> Build:
    """`fit` on a folder of IDX files, spoilt."""

    def build(folder: Path) -> list[object]:
        spoil(idx_folder(folder / "idx"))
        return ["fit", "idx"]

    return build


def plan(text: str | bytes, name: str = "plan.toml") -> Build:
    """`fit` on good data with this plan file."""

    def build(folder: Path) -> list[object]:
        archive(folder / "good.npz")
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return ["fit", "good.npz", "--plan", name]

    return build


def typed(*arguments: object, make: Spoil | None = None) -> Build:
    """The arguments as they are, after `make` has put something into the folder."""

    def build(folder: Path) -> list[object]:
        if make is not None:
            make(folder)
        return list(arguments)

    return build


def cut(path: Path, share: float = 0.51) -> None:
    """Cuts a file short."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def bomb(path: Path) -> None:
    """A black picture of 15,000 x 11,000 pixels in 20 kB."""
    width, height = 15_000, 11_000
    packed = zlib.compress((b"\0" + b"\0" * (width // 8)) * height, 9)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in parts]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def lying_header(folder: Path) -> list[object]:
    """An array that claims 8e11 bytes and has 8."""
    head = str({"descr": "<f8", "fortran_order": False, "shape": (10**11,)}).encode().ljust(118) + b"\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + b"\0" * 8
    with zipfile.ZipFile(folder / "bad.npz", "w") as packed:
        packed.writestr("x.npy", content)
        packed.writestr("y.npy", content)
    return ["fit", "bad.npz"]


def zip_bomb(folder: Path) -> list[object]:
    np.savez_compressed(folder / "bad.npz", x=np.zeros((40, 2**19)), y=np.arange(40) % 2)
    return ["fit", "bad.npz"]


def hostile_pickle(folder: Path) -> None:
    cifar_python(folder / "cifar")
    (folder / "cifar" / "data_batch_1").write_bytes(b"cos\nsystem\n(S'touch PWNED'\ntR.")


def circle(pets: Path) -> None:
    """A class folder that is a link to the folder above it."""
    (pets / "cat").rename(pets / "real")
    (pets / "cat").symlink_to(pets)
