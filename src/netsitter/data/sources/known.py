"""Data sets that are known by name: five that scikit-learn brings, and three that are looked for on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netsitter.data.faults import counted, named
from netsitter.data.source import Source
from netsitter.data.sources.arrays import source_of
from netsitter.data.sources.cifar import BINARY_FOLDER, PYTHON_FOLDER, cifar_version, open_cifar
from netsitter.data.sources.download import fetch
from netsitter.data.sources.idx import idx_files, open_idx
from netsitter.data.sources.npz import open_npz
from netsitter.errors import DataError
from netsitter.optional import optional

DATA_VARIABLE = "NETSITTER_DATA"
"""Environment variable that names a folder in which known data sets lie."""

DIGIT_LEVELS = 16
"""The darkest grey of scikit-learn's digits."""


@dataclass(frozen=True)
class Remote:
    """A published file. target: where it is put, below the data folder."""

    url: str
    target: str
    sha256: str
    size: int


@dataclass(frozen=True)
class OnDisk:
    """A data set that is looked for in folders.

    places: files and folders below a data folder where it may lie, by whatever tool brought it; absolute ones last.
    opens: the reader, if there is something to read at a place; else None.
    """

    title: str
    places: tuple[str, ...]
    remote: tuple[Remote, ...]
    opens: Callable[[Path, str, str | None], Source | None]


def open_known(name: str, *, data_dir: Path | None = None, download: bool = False, task: str | None = None) -> Source:
    """The data set of this name, one of KNOWN. Raises DataError that says which files to put where."""
    if name in BUNDLED:
        return BUNDLED[name](task)
    kind = ON_DISK[name]
    folders = data_folders(data_dir)
    for place in _places(kind, folders):
        source = kind.opens(place, name, task) if place.exists() else None
        if source is not None:
            return source
    home = folders[0] if len(folders) > 2 else cache_folder()
    if download:
        fetched = [fetch(file.url, home / file.target, sha256=file.sha256, size=file.size) for file in kind.remote]
        source = kind.opens(fetched[0] if len(fetched) == 1 else fetched[0].parent, name, task)
        if source is not None:
            return source
    raise DataError(
        f"{kind.title} is not on this machine",
        code="D10",
        where=f"looked in {', '.join(named(folder) for folder in folders)}",
        allowed=f"one of {', '.join(kind.places)} in one of these folders",
        fix=f"--download fetches {_told_size(kind)}; or yourself put "
        + ", ".join(f"{file.url} as {named(home / file.target)}" for file in kind.remote),
    )


def data_folders(data_dir: Path | None) -> list[Path]:
    """Where known data sets are looked for, in this order: the folder given, NETSITTER_DATA, ./data and the cache."""
    variable = os.environ.get(DATA_VARIABLE)
    first = [data_dir] if data_dir is not None else []
    return [*first, *([Path(variable)] if variable else []), Path("data"), cache_folder()]


def cache_folder() -> Path:
    return Path.home() / ".cache" / "netsitter"


def _places(kind: OnDisk, folders: list[Path]) -> Iterator[Path]:
    relative = [place for place in kind.places if not os.path.isabs(place)]
    yield from (folder / place for folder in folders for place in relative)
    yield from (Path(place) for place in kind.places if os.path.isabs(place))


def _told_size(kind: OnDisk) -> str:
    return f"{counted(len(kind.remote), 'file')} ({sum(file.size for file in kind.remote) / 1e6:.0f} MB)"


def _open_cifar(path: Path, name: str, task: str | None) -> Source | None:
    if path.is_dir() and not cifar_version(set(os.listdir(path))):
        return None
    return open_cifar(path, name=name, task=task)


def _open_mnist(path: Path, name: str, task: str | None) -> Source | None:
    if path.is_dir():
        return open_idx(path, name=name, task=task) if idx_files(path) else None
    return open_npz(path, task=task)


def _digits(task: str | None) -> Source:
    loaded = optional("sklearn.datasets", what_for="load the digits").load_digits()
    x_NYX = (loaded.images / DIGIT_LEVELS).astype(np.float32)
    return source_of(
        (x_NYX, loaded.target),
        name="digits",
        where="scikit-learn: digits",
        task=task,
        notes=[f"grey levels 0 to {DIGIT_LEVELS} were divided by {DIGIT_LEVELS}"],
    )


def _table(name: str, loader: str, task: str) -> Callable[[str | None], Source]:
    """A reader of one of scikit-learn's tables."""

    def read(asked: str | None) -> Source:
        datasets = optional("sklearn.datasets", what_for=f"load {name}")
        # As measured: scikit-learn's scaled form of diabetes has seen all rows, those of the test too.
        loaded = getattr(datasets, loader)(**({"scaled": False} if name == "diabetes" else {}))
        return source_of(
            (loaded.data, loaded.target),
            name=name,
            where=f"scikit-learn: {name}",
            task=asked or task,
            classes=list(map(str, loaded.target_names)) if task == "classify" and asked != "regress" else None,
            features=list(map(str, loaded.feature_names)),
        )

    return read


def _idx_remote(base: str, folder: str, files: dict[str, tuple[str, int]]) -> tuple[Remote, ...]:
    return tuple(Remote(f"{base}/{name}", f"{folder}/{name}", *facts) for name, facts in files.items())


BUNDLED: dict[str, Callable[[str | None], Source]] = {
    "digits": _digits,
    "diabetes": _table("diabetes", "load_diabetes", "regress"),
    "iris": _table("iris", "load_iris", "classify"),
    "breast-cancer": _table("breast-cancer", "load_breast_cancer", "classify"),
    "wine": _table("wine", "load_wine", "classify"),
}
"""Data sets that come with scikit-learn, with their readers."""

# SHA-256 of the files as published; sizes in bytes.
ON_DISK = {
    "cifar10": OnDisk(
        "CIFAR-10",
        (BINARY_FOLDER, PYTHON_FOLDER, "cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"),
        (
            Remote(
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                "cifar-10-binary.tar.gz",
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                170_052_171,
            ),
        ),
        _open_cifar,
    ),
    "mnist": OnDisk(
        "MNIST",
        ("mnist", "MNIST/raw", "MNIST", "mnist.npz"),
        _idx_remote(
            "https://storage.googleapis.com/cvdf-datasets/mnist",
            "mnist",
            {
                "train-images-idx3-ubyte.gz": (
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                    9_912_422,
                ),
                "train-labels-idx1-ubyte.gz": (
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                    28_881,
                ),
                "t10k-images-idx3-ubyte.gz": (
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                    1_648_877,
                ),
                "t10k-labels-idx1-ubyte.gz": (
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                    4_542,
                ),
            },
        ),
        _open_mnist,
    ),
    "fashion-mnist": OnDisk(
        "Fashion-MNIST",
        ("fashion-mnist", "FashionMNIST/raw", "FashionMNIST", "/usr/share/datasets/fashion-mnist"),
        _idx_remote(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
            "fashion-mnist",
            {
                "train-images-idx3-ubyte.gz": (
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    26_421_880,
                ),
                "train-labels-idx1-ubyte.gz": (
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                    29_515,
                ),
                "t10k-images-idx3-ubyte.gz": (
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    4_422_102,
                ),
                "t10k-labels-idx1-ubyte.gz": (
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                    5_148,
                ),
            },
        ),
        _open_mnist,
    ),
}
"""Data sets that are looked for on disk, and fetched when asked."""

KNOWN = (*BUNDLED, *ON_DISK)
"""Every name that is known."""
