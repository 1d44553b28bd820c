"""One image file: what its header says, and its pixels."""

import struct
import zlib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from netsitter.data.sources.image import Header, UnreadableImage, decoded, header_of
from tests.data.made import write_image

NOISE = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)


def saved(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path


def png_of(width, height, *, depth=1, colour=0, chunks=()):
    """A PNG with this header whose rows are all zero bytes, never held in memory unpacked."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + b"".join(chunk(*c) for c in chunks)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def opened(path):
    """The pixels, after the header has passed."""
    header = header_of(path)
    return decoded(path, header.size, header.kind)


def test_pixels_are_planes_of_red_green_and_blue(tmp_path):
    pixels = decoded(saved(tmp_path / "a.png", NOISE), (6, 4), "RGB")
    assert_array_equal(pixels, NOISE.transpose(2, 0, 1))
    assert decoded(saved(tmp_path / "g.png", NOISE[..., 0]), (6, 4), "L").shape == (1, 4, 6)


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "gif", "webp", "ppm"])
def test_every_format_is_read_by_its_content(tmp_path, ending):
    path = write_image(tmp_path / f"a.{ending}")
    path.rename(tmp_path / "wrong.jpg")
    assert header_of(tmp_path / "wrong.jpg").size == (6, 4)
    assert decoded(tmp_path / "wrong.jpg", (6, 4), "RGB").shape == (3, 4, 6)


def test_sixteen_bits_are_scaled_and_keep_their_levels(tmp_path):
    deep = np.arange(24, dtype=np.uint16).reshape(4, 6) * 2850
    path = saved(tmp_path / "a.png", deep)
    assert header_of(path).kind == "I;16"
    assert_allclose(decoded(path, (6, 4), "I;16")[0], deep / 65535, atol=1e-6)


def test_a_turned_image_is_turned_back_and_its_sides_are_told_so(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "a.png", NOISE, exif=exif)
    header = header_of(path)
    assert header == Header((4, 6), "RGB", frozenset({"turned"}))
    assert_array_equal(decoded(path, header.size, "RGB"), np.rot90(NOISE, -1).transpose(2, 0, 1))


def test_transparent_pixels_are_white(tmp_path):
    clear = np.dstack([NOISE, np.zeros((4, 6), np.uint8)])
    path = saved(tmp_path / "a.png", clear)
    assert header_of(path).special == {"transparent"}
    assert (decoded(path, (6, 4), "RGB") == 255).all()
    assert (decoded(saved(tmp_path / "b.png", clear[..., 2:]), (6, 4), "L") == 255).all()


def test_a_palette_gives_colours_not_numbers(tmp_path):
    image = Image.new("P", (6, 4), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    image.save(tmp_path / "a.png")
    assert header_of(tmp_path / "a.png").special == {"palette"}
    assert_array_equal(decoded(tmp_path / "a.png", (6, 4), "RGB")[:, 0, 0], [10, 200, 30])


def test_cmyk_is_made_rgb(tmp_path):
    Image.new("CMYK", (6, 4), (0, 0, 0, 0)).save(tmp_path / "a.jpg")
    assert header_of(tmp_path / "a.jpg").special == {"cmyk"}
    assert (decoded(tmp_path / "a.jpg", (6, 4), "RGB") > 250).all()


def test_one_bit_and_grey_become_rgb_where_asked(tmp_path):
    Image.new("1", (6, 4), 1).save(tmp_path / "a.png")
    assert header_of(tmp_path / "a.png").kind == "L"
    assert (decoded(tmp_path / "a.png", (6, 4), "RGB") == 255).all()


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.new("RGB", (6, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert "animated" in header_of(tmp_path / "a.gif").special
    assert_array_equal(decoded(tmp_path / "a.gif", (6, 4), "RGB")[:, 0, 0], [255, 0, 0])


def test_resizing_keeps_the_mean_of_an_image(tmp_path):
    path = saved(tmp_path / "a.png", np.full((40, 60, 3), 77, np.uint8))
    small = decoded(path, (5, 3), "RGB", resize=True)
    assert small.shape == (3, 3, 5)
    assert (small == 77).all()


BROKEN = {
    "empty": (b"", "is empty (0 bytes)", "D58"),
    "html": (b"  <!DOCTYPE html><html>404", "is HTML", "D60"),
    "tiff": (b"II*\0" + bytes(200), "is a TIFF", "D60"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", "is PostScript", "D60"),
    "photoshop": (b"8BPS\0\1" + bytes(200), "is a Photoshop file", "D60"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG", "D60"),
    "text": (b"hello", "is no readable image", "D60"),
    "bomb": (png_of(15_000, 11_000), "15000x11000", "D73"),
    "huge bomb": (png_of(50_000, 50_000), "more than 67,108,864 pixels", "D73"),
    "text bomb": (
        png_of(4, 4, chunks=[(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000)))]),
        "is cut short or damaged",
        "D59",
    ),
    "no pixels": (png_of(4, 4), "is cut short or damaged", "D59"),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("content", "words", "code"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_image_is_told_by_what_it_is(tmp_path, content, words, code):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadableImage) as caught:
        opened(tmp_path / "a.png")
    assert words in str(caught.value)
    assert caught.value.code == code


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "gif", "webp", "ppm"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_cut_short_is_found_at_its_header(tmp_path, ending, share):
    path = write_image(tmp_path / f"a.{ending}", (60, 40))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UnreadableImage, match="cut short"):
        header_of(path)


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "webp", "bmp"])
def test_a_little_after_the_end_is_no_fault(tmp_path, ending):
    path = write_image(tmp_path / f"a.{ending}", (60, 40))
    path.write_bytes(path.read_bytes() + b"camera")
    assert header_of(path).size == (60, 40)


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    import os

    os.mkfifo(tmp_path / "a.png")
    for path in (tmp_path / "a.png", tmp_path):
        with pytest.raises(UnreadableImage, match="not a regular file"):
            header_of(path)
    with pytest.raises(UnreadableImage, match="cannot be read"):
        header_of(tmp_path / "none.png")
