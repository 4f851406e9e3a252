"""What the service says of itself by OpenAPI: forms of requests, with examples, and of answers."""

from __future__ import annotations

from typing import Any

from spoton.models import Card
from spoton.serving._limits import Limits

NUMBERS = {"type": "array", "items": {"type": "number"}}
# a PNG of 1 x 1 px
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="


def _content(schema: dict[str, Any], example: Any = None) -> dict[str, Any]:
    return {"schema": schema} if example is None else {"schema": schema, "example": example}


FRAME = "A point is (x, y) in px: x is the column, y the row, and (0, 0) is the centre of the top-left pixel."
ANSWERS: dict[str, Any] = {
    "description": "one row of answers an input",
    "content": {
        "application/json": _content(
            {
                "type": "object",
                "required": ["columns", "unit", "answers"],
                "properties": {
                    "columns": {"type": "array", "items": {"type": "string"}, "description": "names of the answers"},
                    "unit": {"type": "string", "description": "px, or nothing"},
                    "answers": {"type": "array", "items": NUMBERS},
                    "points": {
                        "type": "array",
                        "items": {"type": "array", "items": NUMBERS},
                        "description": "the same as points (x, y), where answers are points",
                    },
                    "files": {"type": "array", "items": {"type": "string"}, "description": "names of files of a form"},
                },
            }
        )
    },
}
SENTENCE = _content(
    {"type": "object", "required": ["error"], "properties": {"error": {"type": "string", "description": "a sentence"}}}
)
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": about, "content": {"application/json": SENTENCE}}
    for status, about in (
        (400, "the body cannot be read"),
        (408, "the request did not arrive in time"),
        (413, "too many bytes, pixels or rows"),
        (415, "a Content-Type or a kind of file that is not known"),
        (422, "inputs that are not like those of the fit"),
        (503, "too much to do, or it took too long; see Retry-After"),
    )
}


def describe(card: Card, limits: Limits) -> str:
    """What stands above it all."""
    names = ", ".join(card.answers["columns"])
    images = card.inputs["kind"] == "images"
    unit = f" in {card.answers['unit']}" if card.answers["unit"] else ""
    pixels = f", {limits.pixels:,} pixels" if images else ""
    frame = f" {FRAME}" if card.answers["points"] else ""
    return (
        f"{inputs_of(card)} in; {names}{unit} out.{frame} At most {limits.bytes / 2**20:g} MiB, {limits.rows:,} "
        f"{'images' if images else 'rows'}{pixels} and {limits.seconds:g} s a request."
    )


def inputs_of(card: Card) -> str:
    """What the model takes, in words."""
    shape = card.inputs["shape"]
    if card.inputs["kind"] == "table":
        return f"Rows of {shape[0]:,} columns"
    kind = {1: "Grey images", 3: "Colour images"}.get(shape[0], f"Images of {shape[0]} channels")
    return f"{kind} of {'any size' if card.inputs['any_size'] else f'{shape[2]} x {shape[1]} px'}"


def example_of(card: Card) -> dict[str, Any]:
    """A request in JSON, short; of tables one of zeros."""
    if card.inputs["kind"] == "table":
        return {"rows": [[0.0] * card.inputs["shape"][0]]}
    return {"images": [[[0, 0, 0], [0, 255, 0], [0, 0, 0]]], "white": 255}


def request_body(card: Card) -> dict[str, Any]:
    """The forms of a request, for FastAPI's `openapi_extra`."""
    labels = {"labels": {"type": "array", "items": {"type": "integer"}}} if card.learner["uses_labels"] else {}
    if card.inputs["kind"] == "table":
        columns = card.inputs["columns"]
        row = {"type": "object", "properties": {name: {"type": "number"} for name in columns}, "required": columns}
        listed = {**NUMBERS, "minItems": len(columns), "maxItems": len(columns)}
        rows = {"type": "array", "minItems": 1, "items": {"anyOf": [listed, row]}}
        schema = {"type": "object", "required": ["rows"], "properties": {"rows": rows, **labels}}
        return {"requestBody": {"required": True, "content": {"application/json": _content(schema)}}}
    file = {"type": "string", "format": "byte", "description": "an image file in base64"}
    pixels = {"type": "array", "items": NUMBERS, "description": "rows of pixels (H, W)"}
    channels = {"type": "array", "items": pixels, "description": "channels (C, H, W)"}
    images = {"type": "array", "minItems": 1, "items": {"anyOf": [file, pixels, channels]}}
    white = {
        "type": ["number", "null"],
        "default": 1,
        "description": "what white pixels have, in lists; null: numbers as they are",
    }
    schema = {"type": "object", "required": ["images"], "properties": {"images": images, "white": white, **labels}}
    binary = {"type": "string", "format": "binary"}
    form = {"type": "object", "properties": {"file": {"type": "array", "items": binary}}, "required": ["file"]}
    content = {
        "image/*": _content(binary),
        "multipart/form-data": _content(form),
        "application/json": _content(schema, {"images": [DOT]}),
    }
    return {"requestBody": {"required": True, "content": content}}
