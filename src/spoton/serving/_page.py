"""The page of a service: what the model is, a place to try it, and how to ask it. It asks no other server."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from spoton._version import __version__
from spoton.colours import DARK, LIGHT, Palette
from spoton.models import Card
from spoton.serving._limits import Limits
from spoton.serving._openapi import describe, example_of

SHOWN = 8  # metrics


def page(card: Card, schema: dict[str, Any], limits: Limits) -> str:
    """The whole page.

    Args:
        card: of the model.
        schema: the service's OpenAPI.
        limits: of the service.
    """
    images = card.inputs["kind"] == "images"
    example = example_of(card)
    scores = {
        name: value for name, value in card.metrics.get("valid", {}).items() if value is not None and ":" not in name
    }
    text: str = _template().render(
        title=schema["info"]["title"],
        about=describe(card, limits),
        style=Markup(_style()),
        script=Markup(_text("page.js")),
        images=images,
        labels=card.learner["uses_labels"],
        example=json.dumps(example if not images else {"images": example["images"], "white": 255}),
        scores=list(scores.items())[:SHOWN],
        curls=_curls(card, example),
        operations=list(_operations(schema)),
        version=__version__,
    )
    return text


def headers_of_page() -> dict[str, str]:
    """What a browser lets the page do: its own style and script, requests to this service, pictures of the user."""
    rules = (
        f"default-src 'none'; script-src '{_digest(_text('page.js'))}'; style-src '{_digest(_style())}'; "
        "img-src blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": rules}


def _curls(card: Card, example: dict[str, Any]) -> list[str]:
    # ADDRESS is filled in by the page, which knows under which name it was opened
    if card.inputs["kind"] == "table":
        text = json.dumps(example)
        short = text if len(text) < 400 else '{"rows": [[...]]}'
        return [f"curl ADDRESS/predict -H 'Content-Type: application/json' -d '{short}'"]
    return [
        "curl ADDRESS/predict -F file=@photo.png -F file=@other.png",
        "curl ADDRESS/predict -H 'Content-Type: image/png' --data-binary @photo.png",
        "curl ADDRESS/predict -H 'Content-Type: application/json' -d '"
        + '{"images": ["\'$(base64 -w0 photo.png)\'"]}'
        + "'",
    ]


def _operations(schema: dict[str, Any]) -> Any:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            bodies = list(operation.get("requestBody", {}).get("content", {}))
            answers = [(status, held["description"]) for status, held in operation["responses"].items()]
            yield method.upper(), path, operation["summary"], bodies, answers


@lru_cache
def _style() -> str:
    light, dark = (_variables(palette) for palette in (LIGHT, DARK))
    colours = (
        f":root {{ color-scheme: light dark; {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )
    return colours + "\n" + _text("page.css")


def _variables(palette: Palette) -> str:
    named = {"paper": palette.paper, "ink": palette.ink, "faint": palette.faint, "grey": palette.grey}
    named |= {"blue": palette.series[0], "orange": palette.series[1]}
    return " ".join(f"--{name}: {colour};" for name, colour in named.items())


@lru_cache
def _text(name: str) -> str:
    return resources.files("spoton.serving").joinpath("_page_files", name).read_text(encoding="utf-8")


@lru_cache
def _template() -> Any:
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        _text("page.html")
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
