"""`read_voc`: annotations as the XML files of PASCAL VOC have them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from spoton.errors import DataError
from spoton.fastai._box_data import Annotations
from spoton.fastai._box_files import (
    bytes_of,
    folder_of,
    image_of,
    label_of,
    listed,
    numbers,
    record_of,
    size_from,
    size_of,
)

SIDES = ("xmin", "ymin", "xmax", "ymax")


def read_voc(
    annotations: str | Path, images: str | Path, classes: Sequence[str] | None = None, *, bad: str = "refuse"
) -> Annotations:
    """Annotations of a folder of PASCAL VOC files, one an image.

    VOC counts pixels from 1, and the last pixel is part of the box. So xmin = 4, xmax = 6 are the pixels 3 to 5 of an
    image, whose edges are 3 and 6.

    Args:
        annotations: the folder of the XML files, read in the order of their names.
        images: the folder of the images, which `filename` names.
        classes: the names of the classes; by default those in the files, sorted.
        bad: `refuse` boxes without area or outside of the image; or `drop` them, and clip what stands out.

    Returns:
        Annotations. Objects that VOC calls difficult are objects as others; parts and poses are not read.

    Raises:
        DataError: no XML or no VOC file, a DOCTYPE (whose entities can fill the memory), a missing image, a class that
            is not in `classes`, a box that is refused; the message names the file and the number of the object.
        UsageError: another word as `bad`.

    Example:
        >>> birds = read_voc("VOC2012/Annotations", "VOC2012/JPEGImages")  # doctest: +SKIP
    """
    files = listed(folder_of(annotations), "*.xml")
    if not files:
        raise DataError(f"{annotations} has no XML files; give the folder of the annotations")
    trees = [_tree(file) for file in files]
    found = {name for tree in trees for thing in tree.findall("object") if (name := _text(thing, "name"))}
    names = sorted(found) if classes is None else list(classes)
    labels = {name: i for i, name in enumerate(names, 1)}
    records = []
    for file, tree in zip(files, trees, strict=True):
        path = image_of(str(file), images, _text(tree, "filename"))
        declared = [_text(tree, f"size/{side}") for side in ("width", "height")]
        # some programs write 0 where they do not know
        known = all(text not in ("", "0") for text in declared)
        size = size_from(f"{file}, size", declared) if known else size_of(path)
        objects = []
        for i, thing in enumerate(tree.findall("object"), 1):
            where = f"object {i}"
            sides = numbers(f"{file}, {where}, bndbox", [_text(thing, f"bndbox/{side}") for side in SIDES], 4)
            objects.append(
                {
                    "where": where,
                    "box": (sides[0] - 1, sides[1] - 1, sides[2], sides[3]),
                    "label": label_of(f"{file}, {where}", _text(thing, "name"), labels),
                }
            )
        records.append(record_of(str(file), path, size, objects, bad))
    return Annotations(records, names)


def _text(tree: Any, path: str) -> str:
    return (tree.findtext(path) or "").strip()


class _NoDoctype(ElementTree.TreeBuilder):
    """Entities can be declared in a DOCTYPE alone: expat tells of it before it reads any."""

    def doctype(self, *_: Any) -> None:
        raise DataError("it has a DOCTYPE, which no VOC file needs and whose entities can fill the memory; take it out")


def _tree(file: Path) -> Any:
    content = bytes_of(file)
    try:
        tree = ElementTree.fromstring(content, ElementTree.XMLParser(target=_NoDoctype()))
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # the latter two: a coding that is not known
        raise DataError(f"{file}: this is no XML ({error}); leave out the file") from error
    if tree.tag != "annotation":
        raise DataError(f"{file}: a VOC file holds an 'annotation', this one a '{tree.tag}'; leave out the file")
    return tree
