"""Every preparation of the table passes the kit; names that are none are refused."""

from __future__ import annotations

import pytest
import torch

from netsitter.data.preparation.fitted import Preparation
from netsitter.data.preparation.scaling import Center
from netsitter.data.preparation.table import PREPARATIONS, preparation, restore
from netsitter.errors import DataError, PlanError, RunError
from netsitter.testing.preparation_kit import PreparationKit

SPECS = [
    f"{name}{kept}"
    for name, entry in PREPARATIONS.items()
    for kept in (("", ":0.8", ":1.0", ":3") if entry.keeps else ("",))
]


def pictures(rows: int = 60) -> torch.Tensor:
    """8-bit pictures (N, 2, 3, 3) whose pixels depend on each other."""
    generator = torch.Generator().manual_seed(0)
    mixed_ND = torch.randn(rows, 18, generator=generator) @ torch.randn(18, 18, generator=generator)
    return (128 + 12 * mixed_ND).clamp(0, 255).to(torch.uint8).reshape(rows, 2, 3, 3)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("pixels", ["0..1", "0..255"])
class TestPictures(PreparationKit):
    @pytest.fixture(autouse=True)
    def _given(self, spec, pixels):
        self.spec, self.pixels = spec, pixels
        self.exact = not PREPARATIONS[spec.partition(":")[0]].keeps or spec.endswith(":1.0")

    def preparation(self) -> Preparation:
        return preparation(self.spec, pixels=self.pixels)

    def rows(self) -> torch.Tensor:
        return pictures()


@pytest.mark.parametrize("spec", [spec for spec in SPECS if not PREPARATIONS[spec.partition(":")[0]].images])
class TestTables(PreparationKit):
    @pytest.fixture(autouse=True)
    def _given(self, spec):
        self.spec = spec
        self.exact = not PREPARATIONS[spec.partition(":")[0]].keeps or spec.endswith(":1.0")

    def preparation(self) -> Preparation:
        return preparation(self.spec)

    def rows(self) -> torch.Tensor:
        return pictures().flatten(1)[:, :7].to(torch.float32) / 50


@pytest.mark.parametrize(("pixels", "expected"), [("0..1", [0.0, 128 / 255, 1.0]), ("0..255", [0.0, 128.0, 255.0])])
def test_8_bit_pixels_are_scaled_as_the_plan_says(pixels, expected):
    x = torch.tensor([[0, 128, 255]], dtype=torch.uint8)
    found = preparation("none", pixels=pixels).fit(x).apply(x)
    assert torch.equal(found, torch.tensor([expected]))


@pytest.mark.parametrize("pixels", ["0..1", "0..255"])
def test_floating_point_is_not_divided_whatever_the_pixels(pixels):
    x = torch.tensor([[0.0, 0.5, 200.0]])
    assert torch.equal(preparation("none", pixels=pixels).fit(x).apply(x), x)


def test_the_mean_image_is_subtracted_and_channels_share_one_mean():
    x = pictures()
    scaled = x.float() / 255
    centred = preparation("center").fit(x).apply(x)
    by_channel = preparation("channel").fit(x).apply(x)
    torch.testing.assert_close(centred, scaled - scaled.mean(0))
    torch.testing.assert_close(by_channel, scaled - scaled.mean((0, 2, 3), keepdim=True))
    assert preparation("center").fit(x).arrays()["shift"].shape == (2, 3, 3)
    assert preparation("channel").fit(x).arrays()["shift"].numel() == 2


@pytest.mark.parametrize(
    ("spec", "shape"), [("pca:4", (4,)), ("whiten:4", (4,)), ("zca:4", (2, 3, 3)), ("center", (2, 3, 3))]
)
def test_the_shape_of_a_prepared_row_is_known_without_preparing_one(spec, shape):
    assert preparation(spec).fit(pictures()).prepared_example == shape


def test_the_object_itself_is_taken_where_a_name_is():
    x = pictures()
    assert torch.equal(preparation(Center()).fit(x).apply(x), preparation("center").fit(x).apply(x))


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("centre", "Did you mean 'center'"),
        ("", "known preparation"),
        ("center:0.5", "takes no number"),
        ("pca:", "what is kept"),
        ("pca:0", "what is kept"),
        ("pca:1.5", "what is kept"),
        ("pca:-3", "what is kept"),
        ("zca:nan", "what is kept"),
        ("zca:lots", "what is kept"),
    ],
)
def test_what_is_no_preparation_is_refused(spec, says):
    with pytest.raises(PlanError, match=says):
        preparation(spec)


def test_pixels_that_are_not_known_are_refused():
    with pytest.raises(PlanError, match=r"data\.pixels"):
        preparation("none", pixels="-1..1")  # type: ignore[arg-type]


def test_rows_of_another_shape_are_refused_with_both_shapes():
    fitted = preparation("center").fit(pictures())
    with pytest.raises(DataError, match=r"\(2, 3, 3\) were expected; got \(2, 3, 4\)"):
        fitted.apply(torch.zeros(5, 2, 3, 4))


def test_a_preparation_for_pictures_refuses_a_table():
    with pytest.raises(PlanError, match="'channel' is for images"):
        preparation("channel").fit(torch.zeros(4, 3))


@pytest.mark.parametrize("spec", ["none", "center", "pca"])
def test_no_rows_are_refused(spec):
    with pytest.raises(DataError, match="no row"):
        preparation(spec).fit(torch.zeros(0, 3))


@pytest.mark.parametrize("spec", ["center", "whiten"])
def test_a_value_that_is_not_finite_is_refused_by_feature(spec):
    x = torch.ones(4, 3)
    x[2, 1] = torch.inf
    with pytest.raises(DataError, match=r"1 of 3 features.*\n.*features 1"):
        preparation(spec).fit(x)


@pytest.mark.parametrize(
    "change",
    [
        lambda config, arrays: config.pop("kind"),
        lambda config, arrays: config.update(kind="cooked"),
        lambda config, arrays: config.update(example=[5]),
        lambda config, arrays: config.update(example="x"),
        lambda config, arrays: config.update(pixels="0..9"),
        lambda config, arrays: arrays.clear(),
        lambda config, arrays: arrays.update({name: array.reshape(-1)[:1] for name, array in arrays.items()}),
    ],
)
@pytest.mark.parametrize("spec", ["center", "standardise", "zca"])
def test_a_changed_model_file_is_refused(spec, change):
    fitted = preparation(spec).fit(pictures())
    config, arrays = fitted.config(), fitted.arrays()
    change(config, arrays)
    with pytest.raises(RunError, match="preparation cannot be read"):
        restore(config, arrays)
