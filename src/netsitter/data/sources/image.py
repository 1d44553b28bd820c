"""One image file: its header read without decoding, and its pixels as (C, Y, X)."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM")
"""Formats that are opened, by content and never by the file's ending."""

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif", ".webp", ".ppm", ".pgm", ".pbm", ".pnm"})
"""Endings of files that claim to be images. What else lies in a class folder is left out, and said."""

MAX_PIXELS = 2**26
"""Largest image, in pixels: 8192 × 8192. Below the size at which Pillow starts to warn of decompression bombs."""

GREY, COLOUR, SIXTEEN = "L", "RGB", "I;16"
"""The three modes that files are decoded to."""

GREY_MODES = ("1", "L", "LA", "La")
COLOUR_MODES = ("P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB", "HSV")
SIXTEEN_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I")
TRANSPARENT_MODES = ("RGBA", "LA", "PA", "RGBa", "La")

BACKDROP = 255
"""What transparent pixels are laid over: white."""

ORIENTATION = 0x0112
"""EXIF tag that says how the camera was held; 5 to 8 swap the sides."""

TAIL = 64
"""Bytes at the end of a file in which its end mark is looked for: cameras append a little."""

END_MARKS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9", "GIF": b"\0;"}

OWN_STARTS = (b"\x89PNG", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"\xff\xd8\xff\xdb", b"GIF8", b"RIFF")
"""How files of the formats that we read begin."""

OTHER_STARTS = {
    b"%PDF": "a PDF",
    b"%!PS": "PostScript",
    b"8BPS": "a Photoshop file",
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"<svg": "an SVG",
    b"<?xm": "XML",
    b"<htm": "HTML",
    b"<!do": "HTML",
    b"<hea": "HTML",
    b"PK\3\4": "a zip archive",
    b"vers": "a Git LFS pointer",
}
"""What is often found under the name of an image, by its first four bytes in lower case."""


class UnreadableImage(ValueError):
    """Says what is wrong with an image file, to be read after its name: "is empty (0 bytes)". Carries a code."""

    def __init__(self, what: str, code: str = "D59") -> None:
        super().__init__(what)
        self.code = code


@dataclass(frozen=True)
class Header:
    """What a file says of its image before it is decoded.

    size: (width, height) in pixels, as it is to be looked at (after turning).
    kind: the mode it is decoded to on its own: "L", "RGB" or "I;16".
    special: what needs handling: "transparent", "cmyk", "palette", "turned", "animated".
    """

    size: tuple[int, int]
    kind: str
    special: frozenset[str]


def header_of(path: str | Path) -> Header:
    """The header of an image file. Raises UnreadableImage. A file whose end mark is missing is decoded, to be sure."""
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise UnreadableImage("is not a regular file", "D76")
        if not found.st_size:
            raise UnreadableImage("is empty (0 bytes)", "D58")
        with open(path, "rb") as file:
            image = _opened(file)
            header = _header(image)
            if not _ends_well(file, found.st_size, str(image.format)):
                _load(image)
    except OSError as fault:
        raise UnreadableImage(f"cannot be read: {fault.strerror or fault}", "D58") from fault
    return header


def _header(image: Image.Image) -> Header:
    special = set()
    if "transparency" in image.info or image.mode in TRANSPARENT_MODES:
        special.add("transparent")
    if image.mode == "CMYK":
        special.add("cmyk")
    if image.mode in ("P", "PA"):
        special.add("palette")
    if getattr(image, "is_animated", False):
        special.add("animated")
    turn = _orientation(image)
    if turn > 1:
        special.add("turned")
    width, height = image.size
    return Header((height, width) if turn >= 5 else (width, height), _kind(image.mode), frozenset(special))


def decoded(path: str | Path, size: tuple[int, int], mode: str, *, resize: bool = False) -> np.ndarray:
    """The pixels of an image file as (C, Y, X): uint8, or float32 from 0 to 1 for mode "I;16".

    Turned as its EXIF tag says, transparent pixels over white, the first frame of an animation.
    size: (width, height) it must have, or is scaled to (bilinear over the area) when `resize` is set.
    Raises UnreadableImage.
    """
    try:
        with open(path, "rb") as file:
            image = _opened(file)
            _load(image)
    except OSError as fault:
        raise UnreadableImage(f"cannot be read: {fault.strerror or fault}", "D58") from fault
    if _orientation(image) > 1:
        image = ImageOps.exif_transpose(image)
    if (_kind(image.mode) == SIXTEEN) != (mode == SIXTEEN):
        raise UnreadableImage(f"has mode {image.mode} now; another when it was checked")
    image = image.convert("I") if mode == SIXTEEN else _converted(image, mode)
    if image.size != size:
        if not resize:
            raise UnreadableImage(f"is {told_size(image.size)} now; {told_size(size)} when it was checked")
        image = resized(image.convert("F") if mode == SIXTEEN else image, size)
    pixels = np.asarray(image)
    if mode == SIXTEEN:
        return (pixels.astype(np.float32) / np.float32(65535))[None]
    return pixels[None] if mode == GREY else pixels.transpose(2, 0, 1)


def resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The image scaled to (width, height), each new pixel a weighted mean of those it covers."""
    return image.resize(size, Image.Resampling.BILINEAR)


def told_size(size: tuple[int, int]) -> str:
    """`"32x24"`: width, then height."""
    return f"{size[0]}x{size[1]}"


def _opened(file: BinaryIO) -> Image.Image:
    """The image in an open file, not yet decoded. Raises UnreadableImage."""
    try:
        image = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise UnreadableImage(f"has more than {MAX_PIXELS:,} pixels", "D73") from fault
    # A decoder fed with a hostile file may raise anything; whatever it is, the file cannot be read.
    except Exception as fault:
        raise _guessed(file) from fault
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableImage(f"is {told_size(image.size)}, more than {MAX_PIXELS:,} pixels", "D73")
    return image


def _load(image: Image.Image) -> None:
    """Decodes the image. Raises UnreadableImage."""
    try:
        image.load()
    except Exception as fault:
        raise UnreadableImage("is cut short or damaged", "D59") from fault


def _guessed(file: BinaryIO) -> UnreadableImage:
    """What a file is that cannot be opened as an image."""
    file.seek(0)
    head = file.read(256)
    if head[:4] in OWN_STARTS:
        return UnreadableImage("is cut short or damaged", "D59")
    start = head.lstrip()[:4].lower()
    found = next((what for mark, what in OTHER_STARTS.items() if start == mark.lower()), "")
    if found:
        return UnreadableImage(f"is {found}, not an image of a known format", "D60")
    return UnreadableImage(f"is no readable image ({', '.join(FORMATS)})", "D60")


def _kind(mode: str) -> str:
    """The mode that an image of this mode is decoded to on its own. Raises UnreadableImage."""
    for kind, modes in ((GREY, GREY_MODES), (COLOUR, COLOUR_MODES), (SIXTEEN, SIXTEEN_MODES)):
        if mode in modes:
            return kind
    raise UnreadableImage(f"has pixels of mode {mode}, which are not known", "D65")


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """The image in this mode, laid over white where it is transparent."""
    if "transparency" in image.info or image.mode in TRANSPARENT_MODES:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (BACKDROP,) * 3 + (255,)), image)
    return image if image.mode == mode else image.convert(mode)


def _orientation(image: Image.Image) -> int:
    """1 (upright) to 8, as EXIF numbers them; 1 where nothing or nonsense is said."""
    try:
        turn = image.getexif().get(ORIENTATION, 1)
    except Exception:
        return 1
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def _ends_well(file: BinaryIO, size: int, form: str) -> bool:
    """Whether the file's end looks whole; where it does not, only decoding tells."""
    if form in ("WEBP", "BMP"):
        file.seek(0)
        head = file.read(8)
        claimed = int.from_bytes(head[4:8], "little") + 8 if form == "WEBP" else int.from_bytes(head[2:6], "little")
        return size >= claimed > 8
    if form not in END_MARKS:
        return False
    file.seek(max(0, size - TAIL))
    return END_MARKS[form] in file.read()
