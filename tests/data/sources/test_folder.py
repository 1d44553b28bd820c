"""Image folders, in order and in disorder."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from netsitter.data.sources.folder import has_class_folders, open_folder
from tests.data.made import image_folder, refused, write_image


def test_sub_folders_are_the_classes_in_order(tmp_path):
    source = open_folder(image_folder(tmp_path, ("dog", "cat", "ant")))
    assert source.classes == ("ant", "cat", "dog")
    assert_array_equal(source.parts["train"].y, np.repeat([0, 1, 2], 3))
    assert source.example == (3, 4, 6)
    assert not source.parts["train"].x.in_memory
    pixels = source.parts["train"].x.take(np.array([3]))[0]
    assert_array_equal(pixels, np.asarray(Image.open(tmp_path / "cat" / "0.png")).transpose(2, 0, 1))


@pytest.mark.parametrize(
    "words", [("train", "val", "test"), ("Training", "valid", "testing"), ("train", "validation", None)]
)
def test_parts_on_top_are_read_by_any_of_their_names(tmp_path, words):
    for word in filter(None, words):
        image_folder(tmp_path / word)
    assert list(open_folder(tmp_path).parts) == [
        name for name, word in zip(("train", "val", "test"), words, strict=True) if word
    ]


def test_parts_without_one_to_train_on_are_refused(tmp_path):
    image_folder(tmp_path / "val")
    image_folder(tmp_path / "test")
    with refused("D54", "test, val without a train folder"):
        open_folder(tmp_path)


def test_two_folders_for_one_part_are_refused(tmp_path):
    for name in ("train", "val", "valid"):
        image_folder(tmp_path / name)
    with refused("D76", "valid and val are both the val part"):
        open_folder(tmp_path)


def test_a_class_that_is_called_train_is_a_class(tmp_path):
    assert open_folder(image_folder(tmp_path, ("plane", "train"))).classes == ("plane", "train")


def test_the_fingerprint_does_not_depend_on_the_place(tmp_path):
    one, other = open_folder(image_folder(tmp_path / "a")), open_folder(image_folder(tmp_path / "b"))
    assert one.fingerprint == other.fingerprint


def test_litter_is_ignored_and_other_files_are_said(tmp_path):
    image_folder(tmp_path)
    for litter in (".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "dog/desktop.ini"):
        (tmp_path / litter).write_bytes(b"x")
    assert open_folder(tmp_path).notes == ()
    (tmp_path / "README.txt").write_bytes(b"x")
    (tmp_path / "cat" / "notes.txt").write_bytes(b"x")
    (note,) = open_folder(tmp_path).notes
    assert "2 entries left out" in note
    assert "README.txt" in note
    assert "cat/notes.txt" in note


def test_what_lies_beside_the_parts_is_said(tmp_path):
    image_folder(tmp_path / "train")
    write_image(tmp_path / "test" / "unlabelled.png")
    source = open_folder(tmp_path)
    assert list(source.parts) == ["train"]
    assert "1 entry left out" in source.notes[0]
    assert "test" in source.notes[0]


def test_grey_images_among_colours_are_made_rgb_and_counted(tmp_path):
    image_folder(tmp_path)
    write_image(tmp_path / "cat" / "grey.png", mode="L")
    source = open_folder(tmp_path)
    assert source.example[0] == 3
    assert "1 image of grey were made RGB (first: cat/grey.png)" in source.notes
    assert source.parts["train"].x.take(np.arange(len(source.parts["train"]))).shape[1] == 3


def test_grey_images_alone_stay_grey(tmp_path):
    assert open_folder(image_folder(tmp_path, mode="L")).example == (1, 4, 6)


def test_sixteen_bit_images_are_float_and_it_is_said(tmp_path):
    source = open_folder(image_folder(tmp_path, mode="I;16"))
    assert source.parts["train"].x.dtype == np.float32
    assert "16 bits" in source.notes[0]
    write_image(tmp_path / "cat" / "flat.png", mode="L")
    with refused("D62", "cat/0.png", "6 of 7"):
        open_folder(tmp_path)


def test_sizes_that_differ_are_told_as_a_table_and_can_be_resized(tmp_path):
    image_folder(tmp_path)
    write_image(tmp_path / "dog" / "large.png", (9, 7))
    with refused("D67", "6x4: 6, 9x7: 1", "dog/large.png", "--resize 6x4"):
        open_folder(tmp_path)
    source = open_folder(tmp_path, resize="5x3")
    assert source.example == (3, 3, 5)
    assert source.parts["train"].x.take(np.arange(7)).shape == (7, 3, 3, 5)
    assert "7 images were resized to 5x3" in source.notes[0]
    with refused("D67", "WIDTHxHEIGHT"):
        open_folder(tmp_path, resize="5")


def test_every_fault_of_a_folder_is_told_at_once(tmp_path):
    image_folder(tmp_path)
    (tmp_path / "cat" / "empty.png").write_bytes(b"")
    (tmp_path / "cat" / "page.jpg").write_bytes(b"<html>404</html>")
    torn = write_image(tmp_path / "dog" / "torn.jpg", (60, 40))
    torn.write_bytes(torn.read_bytes()[:-100])
    (tmp_path / "eel").mkdir()
    (tmp_path / "fox" / "young").mkdir(parents=True)
    with pytest.raises(ValueError, match="5 faults") as caught:
        open_folder(tmp_path)
    for words in (
        "cat/empty.png is empty (0 bytes)",
        "cat/page.jpg is HTML",
        "dog/torn.jpg is cut short",
        "eel is a class folder without images",
        "fox/young is a folder within a class folder",
    ):
        assert words in str(caught.value)


def test_only_the_first_faults_are_listed_and_the_rest_counted(tmp_path):
    image_folder(tmp_path)
    for number in range(30):
        (tmp_path / "cat" / f"e{number:02}.png").write_bytes(b"")
    with refused("D58", "30 faults", "(and 10 more)"):
        open_folder(tmp_path)


def test_a_bomb_is_refused_and_not_decoded(tmp_path):
    from tests.data.sources.test_image import png_of

    (image_folder(tmp_path) / "cat" / "bomb.png").write_bytes(png_of(15_000, 11_000))
    with refused("D73", "cat/bomb.png"):
        open_folder(tmp_path)


def test_links_in_a_circle_are_refused(tmp_path):
    (image_folder(tmp_path) / "loop").symlink_to(tmp_path)
    with refused("D76", "loop is a link to a folder above it"):
        open_folder(tmp_path)


def test_links_to_themselves_and_broken_ones_do_no_harm(tmp_path):
    image_folder(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "cat" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    with refused("D58", "cat/gone.png cannot be read"):
        open_folder(tmp_path)


def test_a_class_that_only_the_test_has_is_refused(tmp_path):
    image_folder(tmp_path / "train")
    image_folder(tmp_path / "test", ("cat", "dog", "eel"))
    with refused("D48", "'eel'"):
        open_folder(tmp_path)


def test_twins_of_class_names_are_said(tmp_path):
    assert "'Cat', 'cat'" in open_folder(image_folder(tmp_path, ("Cat", "cat", "dog"))).notes[0]


def test_one_class_is_refused(tmp_path):
    with refused("D36", "'cat'"):
        open_folder(image_folder(tmp_path, ("cat",)))


def test_names_with_line_breaks_and_other_scripts_are_read_and_escaped(tmp_path):
    image_folder(tmp_path, ("katze ü", "犬"))
    (tmp_path / "犬" / "a\nb.png").write_bytes(b"")
    with refused("D58", "a\\nb.png"):
        open_folder(tmp_path)


def test_folders_without_class_folders_are_told_apart(tmp_path):
    assert has_class_folders(image_folder(tmp_path / "plain"))
    image_folder(tmp_path / "parts" / "train")
    assert has_class_folders(tmp_path / "parts")
    assert not has_class_folders(tmp_path)
    assert not has_class_folders(tmp_path / "plain" / "cat")


@pytest.mark.slow
def test_cifar10_as_images_is_read(cifar10):
    folder = cifar10.parent / "cifar-10-images"
    if not folder.is_dir():
        pytest.skip("no CIFAR-10 as image folders beside the binary version")
    source = open_folder(folder)
    assert (len(source.parts["train"]), len(source.parts["test"])) == (50_000, 10_000)
    assert source.example == (3, 32, 32)
    assert source.notes == ()
