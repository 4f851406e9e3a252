"""The body of a request, in any of the forms that are taken, as inputs of a model."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from spoton.data import Array
from spoton.models import Card
from spoton.serving._images import read_image
from spoton.serving._limits import Limits, Refusal

JSON, FORM = "application/json", "multipart/form-data"
RAW = ("image/", "application/octet-stream", "application/x-www-form-urlencoded")  # the last: what curl says by itself


@dataclass(frozen=True)
class Inputs:
    """What a request asks about.

    Attributes:
        X: images (n, C, H, W) or a table, as `Model.predict` takes it; or a list of images of several sizes.
        labels: of the rows, or None.
        files: names of files that were sent, or None.
    """

    X: Array | pd.DataFrame | list[Array]
    labels: Any = None
    files: list[str] | None = None


def read_body(body: bytes, kind: str, card: Card, limits: Limits) -> Inputs:
    """Inputs of a body.

    Args:
        body: all of it.
        kind: the header Content-Type.
        card: of the model.
        limits: of rows and pixels.

    Raises:
        Refusal: the body is not as it has to be.
    """
    media = kind.partition(";")[0].strip().lower()
    images = card.inputs["kind"] == "images"
    if media == JSON or media.endswith("+json"):
        return _json(body, card, limits)
    if not images:
        raise Refusal(415, f'this model takes tables: send {{"rows": [...]}} with the Content-Type {JSON}')
    if media == FORM:
        return _form(body, kind, card, limits)
    if not media or media.startswith(RAW):
        return Inputs(_stack([read_image(body, "the body", card, limits)], limits), _labels(None, 1, card))
    raise Refusal(
        415, f"{media[:80]!r} is not taken; send an image file as image/png or the like, files as {FORM}, or {JSON}"
    )


# -- JSON ----------------------------------------------------------------------------------------------------


def _json(body: bytes, card: Card, limits: Limits) -> Inputs:
    try:
        held = json.loads(body)
    except RecursionError:
        raise Refusal(400, "the JSON has lists within lists without an end; send an object with lists") from None
    except ValueError as error:  # also text that is no UTF-8, and numbers of thousands of digits
        raise Refusal(400, f"the body is no JSON ({' '.join(str(error).split())[:120]}); send an object") from None
    images = card.inputs["kind"] == "images"
    key = "images" if images else "rows"
    known = (key, "labels", *(("white",) if images else ()))
    if not isinstance(held, dict) or key not in held:
        raise Refusal(422, f'the JSON has to be an object with "{key}", as in {{"{key}": [...]}}')
    strange = next((name for name in held if name not in known), None)
    if strange is not None:
        raise Refusal(422, f"the JSON has a key {strange[:40]!r} that is not known; known: {', '.join(known)}")
    listed = held[key]
    if not isinstance(listed, list) or not listed:
        raise Refusal(422, f'"{key}" has to be a list of one or more {key}')
    _check_rows(len(listed), limits)
    labels = _labels(held.get("labels"), len(listed), card)
    if not images:
        return Inputs(_rows(listed, list(card.inputs["columns"])), labels)
    white = _white(held.get("white", 1))
    return Inputs(_stack([_image(one, i, white, card, limits) for i, one in enumerate(listed)], limits), labels)


def _white(value: Any) -> float | None:
    if value is not None and (type(value) not in (int, float) or not 0 < value < 1e30):
        raise Refusal(422, '"white" is the number that white pixels have, as 1 or 255, or null for numbers as they are')
    return None if value is None else float(value)


def _image(one: Any, i: int, white: float | None, card: Card, limits: Limits) -> Array:
    where = f"image {i} (they count from 0)"
    if isinstance(one, str):
        text = one.partition(",")[2] if one.startswith("data:") else one
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(422, f"{where} is a text and no base64; send a file in base64, or lists of numbers") from None
        return read_image(data, where, card, limits)
    found = _numbers(one, where)
    found = found[None] if found.ndim == 2 else found
    if found.ndim != 3 or 0 in found.shape:
        raise Refusal(422, f"{where} has the shape {found.shape}; send rows of pixels (H, W), or channels (C, H, W)")
    if white is not None:
        found = found / white
        if not ((found >= 0) & (found <= 1)).all():
            raise Refusal(422, f'{where} has pixels outside of 0 to {white:g}; say with "white" what white pixels have')
    with np.errstate(over="ignore"):
        return found.astype(np.float32)


def _numbers(value: Any, where: str) -> Array:
    """Lists of lists of numbers, all of one length, as float64."""
    if not isinstance(value, list):
        raise Refusal(422, f"{where} is a {type(value).__name__}; send lists of numbers, or a file in base64")
    try:
        # of objects: among numbers a long text would have NumPy make room for as many long ones
        found = np.array(value, dtype=object)
        kinds = set(map(type, found.ravel().tolist()))
        if list in kinds:
            raise Refusal(422, f"{where} has rows of unequal lengths, or too many axes; send rows of one length")
        if not kinds <= {int, float}:
            raise Refusal(422, f"{where} holds something that is no number; send numbers alone")
        return found.astype(np.float64)
    except (ValueError, RecursionError):
        raise Refusal(422, f"{where} has rows of unequal lengths, or too many axes; send rows of one length") from None
    except OverflowError:
        raise Refusal(422, f"{where} has a number that is too large for float64; send smaller ones") from None


def _rows(listed: list[Any], columns: list[str]) -> pd.DataFrame:
    if all(isinstance(row, dict) for row in listed):
        for i, row in enumerate(listed):
            missing = [name for name in columns if name not in row]
            if missing:
                raise Refusal(422, f"row {i} (they count from 0) has no {missing[0]!r}; send all columns of the fit")
        listed = [[row[name] for name in columns] for row in listed]
    for i, row in enumerate(listed):
        if not isinstance(row, list) or len(row) != len(columns):
            came = f"{len(row)} values" if isinstance(row, list) else f"a {type(row).__name__}"
            raise Refusal(
                422,
                f"row {i} (they count from 0) is {came}, and the model takes {len(columns)} columns; send all rows as "
                "lists of so many numbers, or as objects with the names of the columns",
            )
        for name, value in zip(columns, row, strict=True):
            if type(value) not in (int, float):
                raise Refusal(422, f"row {i}, column {name!r}: {str(value)[:40]!r} is no number; send numbers alone")
    try:
        return pd.DataFrame(np.array(listed, dtype=np.float64).reshape(len(listed), len(columns)), columns=columns)
    except OverflowError:
        raise Refusal(422, "a number is too large for float64; send smaller ones") from None


def _labels(given: Any, n: int, card: Card) -> Any:
    if not card.learner["uses_labels"]:
        if given is not None:
            raise Refusal(422, "this model is told no labels; leave them out")
        return None
    if not isinstance(given, list) or len(given) != n or not all(type(v) is int and abs(v) < 2**31 for v in given):
        raise Refusal(422, f'this model is told the class of each row: send "labels", a list of {n} whole numbers')
    return np.array(given, dtype=np.int64)


# -- files ---------------------------------------------------------------------------------------------------


def _form(body: bytes, kind: str, card: Card, limits: Limits) -> Inputs:
    files, fields = parse_form(body, kind)
    if not files:
        raise Refusal(422, "the form has no file; send image files, as in curl -F file=@photo.png")
    _check_rows(len(files), limits)
    strange = next((name for name in fields if name != "labels"), None)
    if strange is not None:
        raise Refusal(422, f"the form has a field {strange[:40]!r} that is not known; known: files, and labels")
    labels = None
    if "labels" in fields:
        try:
            labels = json.loads(fields["labels"])
        except (ValueError, RecursionError):
            raise Refusal(422, "labels have to be a list in JSON, as [3, 7]") from None
    images = [
        read_image(data, f"'{name[:80]}'" if name else f"file {i} (they count from 0)", card, limits)
        for i, (name, data) in enumerate(files)
    ]
    return Inputs(_stack(images, limits), _labels(labels, len(files), card), [name for name, _ in files])


def parse_form(body: bytes, kind: str) -> tuple[list[tuple[str, bytes]], dict[str, str]]:
    """Files (name, data) and fields of a multipart body.

    Raises:
        Refusal: it is none.
    """
    from python_multipart import create_form_parser

    files: list[tuple[str, bytes]] = []
    fields: dict[str, str] = {}

    def on_file(file: Any) -> None:
        stream = file.file_object
        stream.seek(0)
        files.append(((file.file_name or b"").decode("utf-8", "replace"), stream.read()))

    def on_field(one: Any) -> None:
        fields[(one.field_name or b"").decode("utf-8", "replace")] = (one.value or b"").decode("utf-8", "replace")

    ended: list[bool] = []
    try:
        # all in memory, where it is already: nothing that strangers send comes to the disk
        parser = create_form_parser(
            {"Content-Type": kind.encode("latin-1", "replace")},
            on_field,
            on_file,
            config={"MAX_MEMORY_FILE_SIZE": len(body) + 1},
        )
        parser.on_end = lambda: ended.append(True)
        parser.write(body)
        parser.finalize()
    except Exception as error:  # its own errors, and what it stumbles over
        said = " ".join(str(error).split())[:120]
        raise Refusal(
            400, f"the body is no {FORM} ({said or type(error).__name__}); send files as curl -F does"
        ) from None
    if not ended:
        raise Refusal(400, f"the body of {FORM} ends in the middle; send all of it")
    return files, fields


def _check_rows(n: int, limits: Limits) -> None:
    if n > limits.rows:
        raise Refusal(413, f"these are {n} inputs, and at most {limits.rows} are taken at once; send them in parts")


def _stack(images: Sequence[Array], limits: Limits) -> Array | list[Array]:
    if sum(image.shape[1] * image.shape[2] for image in images) > limits.pixels:
        raise Refusal(413, f"the images have more than {limits.pixels:,} pixels together; send them in parts")
    if len({image.shape for image in images}) == 1:
        return np.stack(images)
    return list(images)
