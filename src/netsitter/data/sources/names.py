"""Which of many named arrays are the examples and which the labels, part by part."""

from __future__ import annotations

import re
from collections.abc import Iterable

EXAMPLES = ("x", "data", "images", "image", "features", "inputs")
LABELS = ("y", "labels", "label", "target", "targets", "classes", "class")
PART_WORDS = {
    "train": ("train", "training", "tr"),
    "val": ("val", "valid", "validation", "va", "dev"),
    "test": ("test", "testing", "te"),
}
"""What the parts are called in files and folders; the first is what messages use."""

KNOWN_FORMS = "x and y, x_train and y_train (x_val, x_test), train_images and train_labels, data and target"
"""For messages."""

PARTS_BY_WORD = {word: part for part, words in PART_WORDS.items() for word in words}


def named_parts(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The names of examples and labels for each part; no part where either is missing.

    Read are a word for the role and a word for the part, in either order and however joined:
    "x_train", "X-Train", "train_images", "xtr", "testLabels"; without a word for the part, it is train.
    """
    found: dict[str, dict[str, str]] = {}
    for name in names:
        role, part = _read(name)
        if role:
            found.setdefault(part, {}).setdefault(role, name)
    return {part: (pair["x"], pair["y"]) for part, pair in found.items() if len(pair) == 2}


def _read(name: str) -> tuple[str, str]:
    """("x" or "y", part) that the name says, or ("", "")."""
    text = re.sub(r"[^a-z]", "", name.lower())
    for role, words in (("x", EXAMPLES), ("y", LABELS)):
        for word in words:
            if text == word:
                return role, "train"
            if text.startswith(word) and text[len(word) :] in PARTS_BY_WORD:
                return role, PARTS_BY_WORD[text[len(word) :]]
            if text.endswith(word) and text[: -len(word)] in PARTS_BY_WORD:
                return role, PARTS_BY_WORD[text[: -len(word)]]
    return "", ""
