"""Annotations in COCO's, VOC's, YOLO's and plain lines."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hostile import changed, codings, damaged, encoded, inputs, numbers, survives, texts
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spoton.fastai._box_coco import read_coco
from spoton.fastai._box_data import Annotations
from spoton.fastai._box_text import read_boxes_csv, read_yolo
from spoton.fastai._box_voc import read_voc

NAMES = (
    *(
        "a.png",
        "b.png",
        "sub/c.png",
        "./a.png",
        "text.png",
        "link.png",
        "pipe.png",
        "sub",
        "../outside.png",
        "nothing.png",
    ),
    *(
        "/etc/passwd",
        "/dev/zero",
        "../../elsewhere/secret.png",
        "linked/secret.png",
        "",
        "\0",
        "z" * 300,
        "../images/a.png",
    ),
)
bads = st.sampled_from(["refuse", "drop"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("boxes")
    images = base / "given" / "images"
    (images / "sub").mkdir(parents=True)
    (base / "elsewhere").mkdir()
    for file in ("a.png", "b.png", "sub/c.png", "../outside.png", "../../elsewhere/secret.png"):
        Image.new("L", (32, 16)).save(images / file)
    (images / "text.png").write_text("no image")
    (images / "link.png").symlink_to(base / "elsewhere" / "secret.png")
    (images / "linked").symlink_to(base / "elsewhere")
    os.mkfifo(images / "pipe.png")
    (base / "given" / "lines").mkdir()
    return base / "given"


def _use(found: Annotations | None) -> None:
    if found is None:
        return
    json.dumps(found.to_coco(), allow_nan=False)
    for record in found:
        width, height = record.size
        assert (record.boxes[:, :2] >= 0).all()
        assert (record.boxes[:, 2:] <= (width, height)).all()
        assert (record.boxes[:, 2:] >= record.boxes[:, :2]).all()


COCO: dict[str, Any] = {
    "images": [
        {"id": 1, "file_name": "a.png", "width": 32, "height": 16},
        {"id": 2, "file_name": "b.png"},
        {"id": 3, "file_name": "sub/c.png", "width": None, "height": None},
    ],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 8, 4], "area": 32.0, "iscrowd": 0},
        {"id": 2, "image_id": 2, "category_id": 2, "bbox": [0, 0, 32, 16], "keypoints": [1, 2, 2, 0, 0, 0]},
    ],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
}
coco_values = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(
        [[1, 2, 3, 4], [1, 2], {}, [], [[1]], [1, 2, 2], 5, "5", [1e308] * 4, [1, 2, float("inf"), 4], 2**40]
    ),
    st.lists(st.integers(-5, 40), min_size=4, max_size=4),
)


@inputs(50)
@given(data=st.data())
def test_coco(place: Path, data: st.DataObject) -> None:
    from hostile import json_values

    tree = data.draw(changed(COCO, coco_values | json_values))
    text = json.dumps(tree, ensure_ascii=data.draw(st.booleans()))
    raw = data.draw(
        damaged(encoded(text, data.draw(codings)), [b"[", b"]", b"{", b"}", b'"', b"9" * 400, b"null", b"NaN"])
    )
    (place / "coco.json").write_bytes(raw)
    bad = data.draw(bads)
    shift = data.draw(st.sampled_from([0.0, 0.5]))
    _use(
        survives("COCO", lambda: read_coco(place / "coco.json", place / "images", keypoint_shift=shift, bad=bad), place)
    )


def _voc(name: str, label: str, sides: list[str], size: list[str], head: str) -> str:
    box = "".join(
        f"<{side}>{text}</{side}>" for side, text in zip(("xmin", "ymin", "xmax", "ymax"), sides, strict=True)
    )
    whole = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    thing = f"<object><name>{label}</name><bndbox>{box}</bndbox></object>"
    return f"{head}<annotation><filename>{name}</filename>{whole}{thing}</annotation>"


HEADS = (
    *("",) * 6,
    *('<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-16"?>', '<?xml version="1.0" encoding="nonsense"?>'),
    *(
        '<?xml version="1.0" encoding="utf-7"?>',
        '<?xml version="1.0" encoding="shift_jis"?>',
        "<!-- -->",
        "\ufeff",
        "<a/>",
    ),
    '<?xml version="1.0"?><!DOCTYPE annotation [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    '<!DOCTYPE annotation SYSTEM "/etc/passwd">',
    '<!DOCTYPE annotation [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<?xml-stylesheet href="../outside.png"?>',
)


@inputs(50)
@given(data=st.data())
def test_voc(place: Path, data: st.DataObject) -> None:
    folder = place / "lines"
    for path in folder.iterdir():
        path.unlink()
    odd = data.draw(st.booleans())
    for i in range(data.draw(st.integers(1, 2))):
        name = data.draw(st.sampled_from(NAMES) | texts) if odd else ("a.png", "b.png")[i]
        label = data.draw(st.sampled_from(["cat", "&b;", "&x;", "<![CDATA[x]]>", ""]) | texts) if odd else "cat"
        sides = [data.draw(numbers | st.integers(0, 33).map(str)) for _ in range(4)] if odd else ["1", "2", "9", "9"]
        size = [data.draw(numbers | st.just("32")) for _ in range(2)] if odd else ["32", "16"]
        text = _voc(name, label, sides, size, data.draw(st.sampled_from(HEADS)) if odd else "")
        tokens = [b"<", b">", b"&", b"<a>", b"</annotation>", b"<object>", b"&#0;", b"&#xffff;", b"]]>", b"\xff"]
        (folder / f"{i}.xml").write_bytes(data.draw(damaged(encoded(text, data.draw(codings)), tokens)))
    bad, classes = data.draw(bads), data.draw(st.sampled_from([None, None, ["cat"], ["dog", "cat"], []]))
    _use(survives("VOC", lambda: read_voc(folder, place / "images", classes, bad=bad), place))


@inputs(50)
@given(data=st.data())
def test_yolo(place: Path, data: st.DataObject) -> None:
    folder, images = place / "lines", place / "yolo"
    images.mkdir(exist_ok=True)
    for path in [*folder.iterdir(), *images.iterdir()]:
        path.unlink()
    Image.new("L", (32, 16)).save(images / "a.png")
    if data.draw(st.integers(0, 5)) == 0:
        (images / "b.png").symlink_to(data.draw(st.sampled_from(["../outside.png", "/dev/zero", "a.png", "b.png"])))
    keypoints = data.draw(st.sampled_from([None, None, (1, 2), (1, 3), (2, 3), (0, 2), (1, 9)]))
    width = 5 + (keypoints[0] * keypoints[1] if keypoints else 0)
    lines = []
    for _ in range(data.draw(st.integers(0, 3))):
        good = data.draw(st.booleans())
        cells = ["0", "0.5", "0.5", "0.25", "0.5"] if good else [data.draw(numbers) for _ in range(5)]
        lines.append(" ".join([*cells, *(data.draw(numbers) for _ in range(width - 5))]))
    raw = data.draw(
        damaged(encoded("\n".join(lines), data.draw(codings)), [b" ", b"\n", b"\0", b"nan", b"\xff", b"1e999"])
    )
    (folder / data.draw(st.sampled_from(["a.txt", "a.txt", "b.txt", "classes.txt"]))).write_bytes(raw)
    bad = data.draw(bads)
    _use(survives("YOLO", lambda: read_yolo(folder, images, ["cat", "dog"], keypoints=keypoints, bad=bad), place))


@inputs(50)
@given(data=st.data())
def test_csv_of_boxes(place: Path, data: st.DataObject) -> None:
    heads = ["image,left,top,right,bottom,label"] * 5 + [
        "image,left,left,top,right,bottom,label",
        "label,image",
        "",
        "a",
    ]
    good = data.draw(st.booleans())
    lines = [heads[0] if good else data.draw(st.sampled_from(heads))]
    for _ in range(data.draw(st.integers(0, 4))):
        cells = [data.draw(st.sampled_from(NAMES[:4])), "1", "2", "9", "8", "cat"]
        if not good:
            cells = [data.draw(st.sampled_from(NAMES) | texts), *(data.draw(numbers) for _ in range(4))]
            cells.append(data.draw(st.sampled_from(["cat", "dog", ""]) | texts))
        lines.append(",".join(cells))
    raw = encoded(data.draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines), data.draw(codings))
    (place / "boxes.csv").write_bytes(
        data.draw(damaged(raw, [b",", b'"', b"\0", b"\n", b"\xff", b'"' + b"x" * 140_000]))
    )
    bad, classes = data.draw(bads), data.draw(st.sampled_from([None, ["cat"], ["cat", "cat"], []]))
    _use(
        survives("CSV of boxes", lambda: read_boxes_csv(place / "boxes.csv", place / "images", classes, bad=bad), place)
    )
