from __future__ import annotations

import numpy as np
import pytest

from spoton import ink
from spoton.tasks import _variants, get_task
from spoton.tasks._digits import embedded
from spoton.tasks._qnist import KIND_OF_DIGIT
from spoton.tasks._variants import Look


def test_the_two_images_recorded_in_2020() -> None:
    """Training images 7 and 7030 of MNIST: top, bottom (exclusive then), pixel sum, top-left ink."""
    seed = embedded("seed")
    assert seed.index[:2].tolist() == [7, 7030]
    values = {name: get_task(f"pnist/{name}").data().y.iloc[:2].to_numpy().tolist() for name in
              ("top", "bottom", "pxsum", "topleft", "box")}  # fmt: skip
    assert values["top"] == [[5], [4]]
    assert values["bottom"] == [[24], [23]]
    assert values["pxsum"] == [[35867], [29717]]
    assert values["topleft"] == [[11, 5], [9, 4]]


def test_the_seed_set_is_mnist_tiny() -> None:
    seed = embedded("seed")
    assert np.bincount(seed.labels).tolist() == [0, 0, 0, 346, 0, 0, 0, 363]
    assert all(str(i)[0] in "789" for i in seed.index)
    # threes, then sevens, each by file name
    assert seed.index.tolist() == sorted(
        seed.index.tolist(), key=lambda i: (seed.labels[list(seed.index).index(i)], str(i))
    )


def test_embedded_sizes() -> None:
    assert np.bincount(embedded("train").labels).tolist() == [600] * 10
    assert len(embedded("test").labels) == 2000
    data, test = get_task("pnist/topleft?digits=all").data(), get_task("pnist/topleft?digits=all").test()
    assert (len(data), len(test)) == (6000, 2000)  # type: ignore[arg-type]
    assert get_task("pnist/topleft").test() is None


def test_both_holds_topleft_and_center() -> None:
    both = get_task("pnist/both").data()
    assert both.points == (("topleft_x", "topleft_y"), ("center_x", "center_y"))
    for name in ("topleft", "center"):
        single = get_task(f"pnist/{name}").data().y
        assert both.y[list(single.columns)].equals(single)


def test_center_is_the_floored_middle_of_the_box_x_first() -> None:
    box, center = get_task("pnist/box").data().y, get_task("pnist/center").data().y
    assert ((box["left"] + box["right"] + 1) // 2).equals(center["center_x"])
    assert ((box["top"] + box["bottom"] + 1) // 2).equals(center["center_y"])
    # a digit is higher than it is wide, so its middle varies more in x: swapped columns would be seen here
    spread = box["right"] - box["left"]
    assert (box["bottom"] - box["top"]).mean() > spread.mean()


def test_qnist_asks_each_digit_for_its_kind() -> None:
    data = get_task("qnist/all").data()
    assert sorted(KIND_OF_DIGIT) == list(range(10))
    assert len(set(KIND_OF_DIGIT.values())) == 10
    mask = ink.ink_of(data.X)  # type: ignore[arg-type]
    for digit, kind in KIND_OF_DIGIT.items():
        rows = data.labels == digit
        assert np.array_equal(data.y.to_numpy()[rows], ink.point(mask[rows], kind))
    two = get_task("qnist/if37").data()
    threes = two.labels == 3
    assert two.y[threes].to_numpy().tolist() == get_task("pnist/topleft").data().y[threes].to_numpy().tolist()
    assert two.y[~threes].to_numpy().tolist() == get_task("pnist/center").data().y[~threes].to_numpy().tolist()


def test_targets_share_images_and_splits() -> None:
    a, b = get_task("pnist/topleft?shift=5&size=40"), get_task("pnist/center?shift=5&size=40")
    assert np.array_equal(a.data().X, b.data().X)
    assert a.split(3).hash() == b.split(3).hash()


def test_size_moves_points_by_the_margin() -> None:
    plain, large = get_task("pnist/topleft").data(), get_task("pnist/topleft?size=56").data()
    assert (large.y - plain.y == 14).all(axis=None)
    assert np.array_equal(large.X[:, :, 14:42, 14:42], plain.X)  # type: ignore[call-overload]


def test_shift_reaches_its_limit_and_keeps_all_ink() -> None:
    plain, moved = (
        get_task("pnist/topleft?size=100").data(),
        get_task("pnist/topleft?size=100&shift=20").data(),
    )
    step = (moved.y - plain.y).to_numpy()
    assert (step.min(), step.max()) == (-20, 20)
    assert abs(step.mean()) < 1.5
    assert np.array_equal(np.sort(plain.X.reshape(709, -1)), np.sort(moved.X.reshape(709, -1)))  # type: ignore[union-attr]


def test_specks_are_lone_and_haze_stays_below_ink() -> None:
    clean = _variants.place(embedded("seed").images, Look(specks=0.05, haze=40), "data")
    X = _variants.dress(clean, Look(specks=0.05, haze=40), "data")
    bright, digit = X[:, 0] > 40.5 / 255, clean > 0
    specks = bright & ~digit
    share = specks.mean() / (~digit).mean()
    assert 0.02 < share < 0.05  # thinned, as documented
    assert np.array_equal(ink.isolated(bright), specks)
    assert bright[digit].all()
    fog = X[:, 0][~digit & ~specks] * 255
    assert fog.min() == 0
    assert fog.max() == pytest.approx(40)
    assert np.abs(fog.mean() - 20) < 0.2


@pytest.mark.parametrize("blur", [0.5, 1.0, 1.7])
def test_blur_widens_ink_by_its_radius_on_every_side(blur: float) -> None:
    look = Look(blur=blur)
    clean = _variants.place(embedded("train").images[:500], look, "data")
    sharp, soft = ink.extents(clean > 0), ink.extents(_variants.dress(clean, look, "data")[:, 0] > 0)
    for side, sign in (("left", -1), ("top", -1), ("right", 1), ("bottom", 1)):
        assert (soft[side] - sharp[side] == sign * look.radius).all()


def test_a_blur_too_wide_for_the_image_says_so() -> None:
    assert get_task("pnist/topleft?blur=1.7").ceiling == ""
    assert "pushes ink over the border" in get_task("pnist/topleft?blur=3").ceiling
    assert get_task("pnist/topleft?blur=3&size=56").ceiling == ""


def test_noise_on_the_answers_is_what_it_says() -> None:
    clean, noisy = (
        get_task("pnist/topleft?digits=all").data().y,
        get_task("pnist/topleft?digits=all&ynoise=0.5").data().y,
    )
    difference = (noisy - clean).to_numpy()
    assert difference.std() == pytest.approx(0.5, rel=0.03)
    assert abs(difference.mean()) < 0.02
    assert "mse of 0.25" in get_task("pnist/topleft?ynoise=0.5").ceiling


def test_train_takes_exactly_so_many_rows() -> None:
    split = get_task("pnist/topleft?digits=all&train=5000").split(0)
    assert (len(split.train), len(split.valid)) == (5000, 1000)
