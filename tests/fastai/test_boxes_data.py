"""Batches of images with boxes: what the model gets, what a mirror does, and what is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from box_scenes import SHAPES, scenes
from PIL import Image

from spoton.errors import DataError, UsageError
from spoton.fastai import Annotations, BoxRecord, detection_dls, show_boxes
from spoton.fastai._box_dls import image_tensor, mirrored, target_of

matplotlib.use("Agg")


@pytest.fixture
def drawn(tmp_path: Path) -> Annotations:
    return scenes(tmp_path / "scenes", 10, points=True)


def test_a_batch(drawn: Annotations) -> None:
    dls = detection_dls(drawn, valid=[8, 9], bs=3, val_bs=1, num_workers=0)
    images, targets, rows = dls.train.one_batch()
    assert (len(images), len(targets), len(rows), len(dls.train), len(dls.valid)) == (3, 3, 3, 2, 2)
    assert dls.classes == list(SHAPES)
    for image, target, row in zip(images, targets, rows, strict=True):
        record = drawn[int(row)]
        assert image.dtype == torch.float32
        assert torch.equal(image, torch.tensor(np.array(Image.open(record.path))).permute(2, 0, 1) / 255)
        assert torch.equal(target["boxes"], torch.tensor(record.boxes, dtype=torch.float32))
        assert target["labels"].tolist() == record.labels.tolist()
        assert target["keypoints"].shape == (len(record), 2, 3)
    assert torch.equal(dls.valid.one_batch()[0][0], image_tensor(drawn[8].path))


def test_rows_are_held_out_by_a_seed(drawn: Annotations) -> None:
    held = [detection_dls(drawn, valid=0.3, seed=seed, bs=2).valid_ds.annotations.paths for seed in (0, 0, 1)]
    assert held[0] == held[1] != held[2]
    assert len(held[0]) == 3
    for options, said in (
        ({"bs": 9}, "there are 8 images to train on and bs=9; give a bs from 1 to 8"),
        ({"valid": 1.0}, "the share of rows to hold out"),
        ({"valid": [10]}, "valid has to be numbers of some of the 10 rows"),
        ({"flip": 2}, "flip is the share"),
        ({"flip_pairs": [(0, 2)]}, r"pairs of the 2 keypoints, from 0, not \(0, 2\)"),
    ):
        with pytest.raises(UsageError, match=said):
            detection_dls(drawn, **{"bs": 2, **options})


def test_images_of_several_sizes_and_crowds(tmp_path: Path) -> None:
    for name, size in (("a.png", (30, 20)), ("b.png", (12, 40))):
        Image.new("L", size, 128).save(tmp_path / name)
    two = Annotations(
        [
            BoxRecord(tmp_path / "a.png", (30, 20), [(0, 0, 9, 9), (5, 5, 30, 20)], [1, 1], crowds=[False, True]),
            BoxRecord(tmp_path / "b.png", (12, 40), [], []),
        ],
        ["a"],
    )
    images, targets, _ = detection_dls(two, valid=[0], bs=1, num_workers=0).train.one_batch()
    assert (images[0].shape, targets[0]["boxes"].shape) == ((3, 40, 12), (0, 4))
    target = target_of(two[0], 0)
    assert (target["boxes"].tolist(), target["crowd_boxes"].tolist()) == ([[0, 0, 9, 9]], [[5, 5, 30, 20]])

    wrong = Annotations([BoxRecord(tmp_path / "a.png", (20, 30), [], []), two[1]], ["a"])
    with pytest.raises(DataError, match="30 pixels wide and 20 high, and its annotations say 20 and 30"):
        detection_dls(wrong, valid=[1], bs=1, num_workers=0).train.one_batch()
    (tmp_path / "b.png").write_text("no image")
    with pytest.raises(DataError, match=r"b\.png cannot be read as an image"):
        detection_dls(two, valid=[0], bs=1, num_workers=0).train.one_batch()


def test_a_mirror_moves_boxes_and_points_with_their_pixels() -> None:
    image = torch.zeros(3, 5, 8)
    image[:, 1:3, 2:4] = 1
    record = BoxRecord(
        Path("a"), (8, 5), [(2, 1, 4, 3), (0, 0, 8, 5)], [1, 1], [[[2.5, 1.5, 2], [0, 0, 0]]] * 2, crowds=[False, True]
    )
    flipped, target = mirrored(image, target_of(record, 2), [(0, 1)])
    rows, columns = flipped[0].nonzero(as_tuple=True)
    edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert target["boxes"].tolist() == [[int(v) for v in edges]] == [[4, 1, 6, 3]]
    # the centre of the pixel in column 2 is that of column 5 now, and the two points have changed places
    assert target["keypoints"].tolist() == [[[0, 0, 0], [5.5, 1.5, 2]]]
    again = mirrored(flipped, target, [(0, 1)])
    assert torch.equal(again[0], image)
    assert all(torch.equal(again[1][name], value) for name, value in target_of(record, 2).items())


def test_torchvision_s_own_mirror_moves_keypoints_by_centres_of_pixels() -> None:
    """Why ours is our own: boxes go by edges there, and keypoints by centres."""
    v2 = pytest.importorskip("torchvision.transforms.v2", reason="torchvision has the new transforms")
    tensors = pytest.importorskip("torchvision.tv_tensors", reason="torchvision has tensors with a meaning")
    if not hasattr(tensors, "KeyPoints"):
        pytest.skip("this torchvision has no keypoints")
    box = tensors.BoundingBoxes([[2.0, 1, 4, 3]], format="XYXY", canvas_size=(5, 8))
    point = tensors.KeyPoints([[[3.0, 2.0]]], canvas_size=(5, 8))  # the middle of the box
    boxes, points = v2.functional.horizontal_flip(box), v2.functional.horizontal_flip(point)
    assert boxes.tolist() == [[4, 1, 6, 3]]
    assert points.tolist() == [[[4, 2]]], "keypoints are flipped by edges now: the docs can say so"


def test_validation_is_never_mirrored(drawn: Annotations) -> None:
    dls = detection_dls(drawn, valid=[0, 1], bs=2, flip=1.0, num_workers=0)
    plain = image_tensor(drawn[0].path)
    assert torch.equal(dls.valid_ds[0][0], plain)
    assert torch.equal(dls.train_ds[0][0], image_tensor(drawn[2].path).flip(-1))
    with dls.train_ds.set_split_idx(1):
        assert torch.equal(dls.train_ds[0][0], image_tensor(drawn[2].path))
    assert dls.train_ds.flip == 1


def test_what_an_image_is(tmp_path: Path) -> None:
    bytes_ = torch.arange(24, dtype=torch.uint8).reshape(1, 4, 6)
    picture = Image.fromarray(bytes_[0].numpy())
    picture.save(tmp_path / "a.png")
    for image in (bytes_, bytes_[0], bytes_.float() / 255, picture, tmp_path / "a.png", str(tmp_path / "a.png")):
        assert torch.equal(image_tensor(image), bytes_.float().expand(3, 4, 6) / 255)
    for wrong in (bytes_.float(), bytes_.long(), torch.zeros(2, 4, 6), torch.zeros(1, 3, 4, 6), -bytes_.float() / 255):
        with pytest.raises(DataError, match=r"an image is \(1 or 3, H, W\)"):
            image_tensor(wrong)
    for wrong in (tmp_path / "none.png", np.zeros((4, 6))):
        with pytest.raises(DataError, match="give a path, a PIL image or a tensor"):
            image_tensor(wrong)


def test_what_is_drawn(drawn: Annotations) -> None:
    from matplotlib import pyplot

    dls = detection_dls(drawn, valid=[8, 9], bs=4, num_workers=0)
    axes = dls.show_batch(max_n=2)
    assert len(axes) == 2
    pyplot.close("all")

    found: dict[str, Any] = {"boxes": torch.tensor([[1.0, 2, 5, 9], [0, 0, 3, 3]]), "labels": ["disc", "tent"]}
    found["scores"] = torch.tensor([0.9, 0.2])
    (ax,) = show_boxes(torch.zeros(3, 12, 16), found)
    (box,) = ax.patches  # the other one's score is too low
    assert (box.get_xy(), box.get_width(), box.get_height()) == ((1, 2), 4, 7)
    assert [text.get_text() for text in ax.texts] == ["disc 0.90"]
    assert ax.images[0].get_extent() == [0, 16, 12, 0]
    same = show_boxes([torch.zeros(3, 12, 16)], [found], score=0, axes=ax)
    assert len(same[0].patches) == 3
    pyplot.close("all")
    with pytest.raises(UsageError, match="1 images and 2 targets"):
        show_boxes([torch.zeros(3, 4, 4)], [found, found])
    with pytest.raises(UsageError, match="2 images and 1 axes"):
        show_boxes([torch.zeros(3, 4, 4)] * 2, [found, found], axes=ax)
