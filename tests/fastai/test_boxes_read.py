"""Annotations: the same two images in COCO's, VOC's, YOLO's and plain lines; and what is wrong in a file is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spoton.errors import DataError, SpotonError, UsageError
from spoton.fastai import Annotations, BoxRecord, read_boxes_csv, read_coco, read_voc, read_yolo

# edges: a cat of the pixels 4 to 15 and 8 to 23, a dog in the corner, another cat; the last image is empty
BOXES = {"a.png": [(4, 8, 16, 24, "cat"), (60, 44, 64, 48, "dog")], "b.png": [(0, 0, 8, 16, "cat")], "c.png": []}
SIZES = {"a.png": (64, 48), "b.png": (32, 16), "c.png": (16, 16)}
CLASSES = ["cat", "dog"]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for name, size in SIZES.items():
        Image.new("RGB", size).save(folder / name)
    return folder


def expected(images: Path) -> Annotations:
    records = []
    for name, things in BOXES.items():
        boxes, labels = [thing[:4] for thing in things], [CLASSES.index(thing[4]) + 1 for thing in things]
        records.append(BoxRecord(images / name, SIZES[name], boxes, labels))
    return Annotations(records, CLASSES)


def coco(tmp_path: Path, **changes: Any) -> Path:
    rows = [
        {"id": i, "file_name": name, "width": SIZES[name][0], "height": SIZES[name][1]}
        for i, name in enumerate(BOXES, 7)
    ]
    things = [(i, thing) for i, name in enumerate(BOXES, 7) for thing in BOXES[name]]
    content = {
        "images": rows,
        "categories": [{"id": 30, "name": "dog"}, {"id": 3, "name": "cat"}],
        "annotations": [
            {"id": 100 + k, "image_id": i, "category_id": {"cat": 3, "dog": 30}[n], "bbox": [x, y, r - x, b - y]}
            for k, (i, (x, y, r, b, n)) in enumerate(things)
        ],
    } | changes
    file = tmp_path / "coco.json"
    file.write_text(json.dumps(content))
    return file


def voc(tmp_path: Path, head: str = "", name: str = "", box: str = "") -> Path:
    folder = tmp_path / "voc"
    folder.mkdir(exist_ok=True)
    for image, things in BOXES.items():
        objects = ""
        for left, top, right, bottom, label in things:
            sides = f"<xmin>{left + 1}</xmin><ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax>"
            objects += f"<object><name>{label}</name><bndbox>{sides}</bndbox></object>"
        width, height = SIZES[image]
        size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
        extra = f"<object><name>{name or 'cat'}</name><bndbox>{box}</bndbox></object>" if name or box else ""
        text = f"{head}<annotation><filename>{image}</filename>{size}{objects}{extra}</annotation>"
        (folder / image).with_suffix(".xml").write_text(text)
    return folder


def yolo(tmp_path: Path, more: str = "") -> Path:
    folder = tmp_path / "yolo"
    folder.mkdir(exist_ok=True)
    for image, things in BOXES.items():
        width, height = SIZES[image]
        lines = [
            f"{CLASSES.index(n)} {(x + r) / 2 / width} {(y + b) / 2 / height} {(r - x) / width} {(b - y) / height}"
            for x, y, r, b, n in things
        ]
        if lines:  # an image without objects needs no file
            (folder / image).with_suffix(".txt").write_text("\n".join([*lines, more]))
    return folder


def table(tmp_path: Path, more: str = "") -> Path:
    lines = ["image,left,top,right,bottom,label"]
    for image, things in BOXES.items():
        lines += [",".join(map(str, (image, *thing))) for thing in things] or [f"{image},,,,,"]
    file = tmp_path / "boxes.csv"
    file.write_text("\n".join([*lines, more]))
    return file


def test_four_formats_say_the_same(tmp_path: Path, images: Path) -> None:
    same = expected(images)
    assert read_coco(coco(tmp_path), images) == same
    assert read_voc(voc(tmp_path), images) == same
    assert read_yolo(yolo(tmp_path), images, CLASSES) == same
    assert read_boxes_csv(table(tmp_path), images) == same
    assert repr(same) == "Annotations(3 images, 3 objects, 0 keypoints: cat, dog)"
    assert same[1] != same[0]
    assert same[0] != "a"
    assert same != Annotations(same.records, ["dog", "cat"])


def test_to_coco_and_back(tmp_path: Path, images: Path) -> None:
    record = BoxRecord(
        images / "a.png",
        (64, 48),
        [(4, 8, 16, 24), (0, 0, 64, 48)],
        [2, 1],
        [[[5.5, 9.5, 2], [0, 0, 0]], [[1, 1, 1], [2, 2, 2]]],
        [100.0, 3000.0],
        [False, True],
    )
    one = Annotations([record, BoxRecord(images / "c.png", (16, 16), [], [])], CLASSES)
    written = one.to_coco()
    assert written["annotations"][0] == {
        "id": 1,
        "image_id": 1,
        "category_id": 2,
        "bbox": [4.0, 8.0, 12.0, 16.0],
        "area": 100.0,
        "iscrowd": 0,
        "keypoints": [5.5, 9.5, 2.0, 0.0, 0.0, 0.0],
        "num_keypoints": 1,
    }
    file = tmp_path / "again.json"
    file.write_text(json.dumps(written))
    assert read_coco(file, images) == one
    moved = read_coco(file, images, keypoint_shift=0.5)[0].keypoints
    assert moved[0].tolist() == [[6, 10, 2], [0, 0, 0]]  # what is not labelled stands nowhere
    assert one.subset([1]).classes == CLASSES
    assert one.subset([1]).paths == [images / "c.png"]
    assert one[1:] == one.subset([1])
    with pytest.raises(UsageError, match="from 0 to 1, not 2 to 2"):
        one.subset([2])


def test_keypoints_of_yolo(tmp_path: Path, images: Path) -> None:
    folder = tmp_path / "poses"
    folder.mkdir()
    (folder / "b.txt").write_text("1 0.5 0.5 0.25 0.5 0.5 0.25 2 0 0 0\n")
    found = read_yolo(folder, images, CLASSES, keypoints=(2, 3))
    assert found[1].keypoints.tolist() == [[[16, 4, 2], [0, 0, 0]]]
    assert found[1].boxes.tolist() == [[12, 4, 20, 12]]
    (folder / "b.txt").write_text("1 0.5 0.5 0.25 0.5 0.5 0.25\n")
    assert read_yolo(folder, images, CLASSES, keypoints=(1, 2))[1].keypoints.tolist() == [[[16, 4, 2]]]
    with pytest.raises(DataError, match=r"b\.txt, line 1: 5 numbers are expected, there are 7; for keypoints"):
        read_yolo(folder, images, CLASSES)
    with pytest.raises(UsageError, match=r"\(P, 2\) or \(P, 3\)"):
        read_yolo(folder, images, CLASSES, keypoints=(1, 4))


def coco_with(key: str, **changes: Any) -> Any:
    """A change of the first row of a table."""

    def write(tmp_path: Path) -> Path:
        content = json.loads(coco(tmp_path).read_text())
        content[key][0] |= changes
        return coco(tmp_path, **content)

    return write


WRONG_COCO = [
    (lambda p: coco(p, images=3), r"coco\.json has no list called 'images'"),
    (coco_with("images", file_name="z.png"), r"coco\.json, image 7: the image .*z\.png is missing"),
    (coco_with("images", id=8), "the id 8 comes twice in images"),
    (coco_with("images", id=None), "number 0 of images has the id None"),
    (coco_with("annotations", id=101), "the id 101 comes twice in annotations"),
    (coco_with("annotations", image_id=1), "annotation 100: no image has the id 1"),
    (coco_with("annotations", category_id=4), "annotation 100: no category has the id 4, they are 3, 30"),
    (coco_with("annotations", bbox=[1, 2, 3]), "annotation 100, bbox: 4 numbers are expected"),
    (coco_with("annotations", bbox=["a", 2, 3, 4]), "annotation 100, bbox: numbers are expected"),
    (coco_with("annotations", bbox=[1, 2, 0, 4]), r"annotation 100: the box has no area, it is \(1, 2, 1, 6\)"),
    (coco_with("annotations", bbox=[60, 2, 9, 4]), "annotation 100: the box lies outside of its image, 64 pixels wide"),
    (coco_with("annotations", bbox=[float("nan"), 2, 9, 4]), "annotation 100: the box is NaN or infinite"),
    (coco_with("annotations", keypoints=[1, 2]), "keypoints are x, y, v"),
    (coco_with("categories", name="cat"), r"each once, they are \['cat', 'cat'\]"),
]


@pytest.mark.parametrize(("write", "said"), WRONG_COCO, ids=[said[:40] for _, said in WRONG_COCO])
def test_what_is_wrong_in_coco(tmp_path: Path, images: Path, write: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_coco(write(tmp_path), images)


def test_no_json_and_no_file(tmp_path: Path, images: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"images": [\n}')
    with pytest.raises(DataError, match=r"x\.json, line 2: this is no JSON"):
        read_coco(file, images)
    with pytest.raises(DataError, match="cannot be read as text"):
        read_coco(tmp_path / "none.json", images)
    (tmp_path / "c.bin").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(DataError, match="cannot be read as text"):
        read_boxes_csv(tmp_path / "c.bin", images)
    with pytest.raises(UsageError, match="refuse, drop"):
        read_coco(coco(tmp_path), images, bad="keep")


def test_bad_boxes_can_be_dropped(tmp_path: Path, images: Path) -> None:
    flat = coco_with("annotations", bbox=[1, 2, 0, 4])(tmp_path)
    assert [len(record) for record in read_coco(flat, images, bad="drop")] == [1, 1, 0]
    wide = coco_with("annotations", bbox=[60, 2, 9, 4])(tmp_path)
    assert read_coco(wide, images, bad="drop")[0].boxes[0].tolist() == [60, 2, 64, 6]
    # by rounding alone
    near = coco_with("annotations", bbox=[60.2, 2, 4, 4])(tmp_path)
    assert read_coco(near, images)[0].boxes[0].tolist() == [60.2, 2, 64, 6]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
SIDES = "<xmin>{}</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax>"


def test_what_is_wrong_in_voc(tmp_path: Path, images: Path) -> None:
    with pytest.raises(DataError, match=r"a\.xml: it has a DOCTYPE"):
        read_voc(voc(tmp_path, head=BOMB), images)
    for path in voc(tmp_path).glob("*.xml"):  # in another encoding too
        path.write_bytes((BOMB + path.read_text()).encode("utf-16"))
    with pytest.raises(DataError, match=r"a\.xml: it has a DOCTYPE"):
        read_voc(tmp_path / "voc", images)
    with pytest.raises(DataError, match=r"a\.xml, object 3: no class is called 'cow'.*"):
        read_voc(voc(tmp_path, "", "cow", SIDES.format(1)), images, CLASSES)
    with pytest.raises(DataError, match=r"a\.xml, object 3, bndbox: numbers are expected"):
        read_voc(voc(tmp_path, box="<xmin>1</xmin>"), images)
    with pytest.raises(DataError, match=r"a\.xml, object 3: the box lies outside .* \(-1, 0, 9, 9\)"):
        read_voc(voc(tmp_path, box=SIDES.format(0)), images)  # counted from 0, as no VOC file does
    (voc(tmp_path) / "a.xml").write_text("<annotation><object>")
    with pytest.raises(DataError, match=r"a\.xml: this is no XML"):
        read_voc(tmp_path / "voc", images)
    (tmp_path / "voc" / "a.xml").write_text("<page/>")
    with pytest.raises(DataError, match="holds an 'annotation', this one a 'page'"):
        read_voc(tmp_path / "voc", images)
    (tmp_path / "voc" / "a.xml").write_text("<annotation><filename>q.png</filename></annotation>")
    with pytest.raises(DataError, match=r"a\.xml: the image .*q\.png is missing"):
        read_voc(tmp_path / "voc", images)
    with pytest.raises(DataError, match="has no XML files"):
        read_voc(images, images)
    with pytest.raises(DataError, match="is no folder"):
        read_voc(tmp_path / "nowhere", images)


def test_sizes_of_voc_are_read_from_the_image_where_they_are_missing(tmp_path: Path, images: Path) -> None:
    same = read_voc(voc(tmp_path), images)
    for path in (tmp_path / "voc").glob("*.xml"):
        path.write_text(path.read_text().replace("<width>64", "<width>0").replace("<depth>3</depth>", ""))
    assert read_voc(tmp_path / "voc", images) == same


def test_what_is_wrong_in_yolo(tmp_path: Path, images: Path) -> None:
    for line, said in (
        ("2 0.5 0.5 0.1 0.1", "there are 2 classes, counted from 0, and no class 2"),
        ("0.5 0.5 0.5 0.1 0.1", "no class 0.5"),
        ("0 0.5 0.5 0.1", "5 numbers are expected, there are 4"),
        ("cat 0.5 0.5 0.1 0.1", "numbers are expected"),
        ("0 1.5 0.5 0.1 0.1", "the box lies outside"),
        ("0 0.5 0.5 0 0.1", "the box has no area"),
        ("0 nan 0.5 0.1 0.1", "the box is NaN"),
    ):
        with pytest.raises(DataError, match=rf"a\.txt, line 3: .*{said}"):
            read_yolo(yolo(tmp_path, line), images, CLASSES)
    (yolo(tmp_path) / "q.txt").write_text("")
    with pytest.raises(DataError, match=r"q\.txt: the image .* is missing"):
        read_yolo(tmp_path / "yolo", images, CLASSES)
    (tmp_path / "yolo" / "q.txt").unlink()
    Image.new("RGB", (4, 4)).save(images / "a.jpg")
    with pytest.raises(DataError, match="two images called a"):
        read_yolo(tmp_path / "yolo", images, CLASSES)
    (images / "a.jpg").write_text("no image")
    (images / "a.png").unlink()
    with pytest.raises(DataError, match=r"a\.jpg cannot be read as an image"):
        read_yolo(tmp_path / "yolo", images, CLASSES)


def test_what_is_wrong_in_lines(tmp_path: Path, images: Path) -> None:
    for line, said in (
        ("a.png,1,2,3,4,cow", "no class is called 'cow'"),
        ("a.png,1,2,x,4,cat", "numbers are expected"),
        ("a.png,1,2,,4,cat", "numbers are expected"),
        ("q.png,1,2,3,4,cat", r"the image .*q\.png is missing"),
        ("a.png,1,2,1,4,cat", "the box has no area"),
    ):
        with pytest.raises(DataError, match=rf"boxes\.csv, line 6: .*{said}"):
            read_boxes_csv(table(tmp_path, line), images, CLASSES)
    file = tmp_path / "other.csv"
    file.write_text("image,x,y\na.png,1,2\n")
    with pytest.raises(DataError, match="lacks the columns left, top, right, bottom, label"):
        read_boxes_csv(file, images)
    file.write_text("image,left,top,right,bottom,label\nc.png,,,,,\n")
    with pytest.raises(DataError, match="has no labels"):
        read_boxes_csv(file, images)
    assert [len(record) for record in read_boxes_csv(file, images, CLASSES)] == [0]


WRONG_RECORDS: list[tuple[dict[str, Any], str]] = [
    ({"boxes": [(1, 2, 3)]}, r"boxes have the shape \('k', 4\), not \(1, 3\)"),
    ({"boxes": "box"}, "boxes have to be numbers"),
    ({"labels": [1, 1]}, "has 1 boxes and 2 labels"),
    ({"boxes": [(1, 2, np.inf, 4)]}, "the boxes of object 1 are NaN or infinite"),
    ({"boxes": [(3, 2, 1, 4)]}, "the box of object 1 has no area"),
    ({"boxes": [(1, 2, 3, 40)]}, "the box of object 1 lies outside"),
    ({"keypoints": [[1, 2]]}, r"keypoints are \(k, P, 2 or 3\) for k = 1 boxes"),
    ({"keypoints": [[[1, np.nan]]]}, "the keypoints of object 1 are NaN"),
    ({"areas": [np.nan]}, "the areas of object 1 are NaN"),
]


@pytest.mark.parametrize(("change", "said"), WRONG_RECORDS, ids=[said[:30] for _, said in WRONG_RECORDS])
def test_what_is_wrong_in_a_record(change: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=f"^a.png.*{said}"):
        BoxRecord(**{"path": Path("a.png"), "size": (10, 10), "boxes": [(1, 2, 3, 4)], "labels": [1], **change})


def test_what_is_wrong_among_records() -> None:
    def one(name: str, label: int = 1, keypoints: Any = None) -> BoxRecord:
        return BoxRecord(Path(name), (10, 10), [(1, 2, 3, 4)], [label], keypoints)

    for records, classes, said in (
        ([one("a"), one("a")], CLASSES, "a comes twice"),
        ([one("a", 3)], CLASSES, "the label of object 1 is 3, and there are 2 classes"),
        ([one("a", 0)], CLASSES, "the label of object 1 is 0"),
        ([one("a"), one("b", 1, [[[1, 2]]])], CLASSES, r"the same number of keypoints, there are \[0, 1\]"),
        ([], [], "classes are one name or more"),
    ):
        with pytest.raises(SpotonError, match=said):
            Annotations(records, classes)
