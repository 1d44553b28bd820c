"""Names of arrays are read as people write them."""

import pytest

from netsitter.data.sources.names import named_parts


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["x", "y"], {"train": ("x", "y")}),
        (["X", "y"], {"train": ("X", "y")}),
        (["data", "target"], {"train": ("data", "target")}),
        (["x_train", "y_train", "x_test", "y_test"], {"train": ("x_train", "y_train"), "test": ("x_test", "y_test")}),
        (["xtr", "ytr", "xte", "yte"], {"train": ("xtr", "ytr"), "test": ("xte", "yte")}),
        (
            ["train_images", "train_labels", "val_images", "val_labels"],
            {"train": ("train_images", "train_labels"), "val": ("val_images", "val_labels")},
        ),
        (["X-Train", "y.Train"], {"train": ("X-Train", "y.Train")}),
        (["x_train", "y_test", "extra"], {}),
        (["weights", "bias"], {}),
    ],
)
def test_examples_and_labels_are_paired_by_part(names, expected):
    assert named_parts(names) == expected
