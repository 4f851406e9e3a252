"""A diagnosis in a notebook: its words as they are printed, and a picture a finding."""

from __future__ import annotations

import base64
import html as escape
import io
from typing import TYPE_CHECKING

from rich.console import Console

from spoton.errors import DataError
from spoton.why._render import render

if TYPE_CHECKING:
    from spoton.why._diagnosis import Diagnosis

WIDTH = 110


def html(diagnosis: Diagnosis) -> str:
    """The words in a fixed width, then the pictures, which hold nothing from outside."""
    console = Console(width=WIDTH, file=io.StringIO(), record=True, force_jupyter=False)
    for part in render(diagnosis):
        console.print(part, highlight=False)
    words = escape.escape(console.export_text())
    parts = [f'<pre style="line-height:1.35;white-space:pre-wrap">{words}</pre>']
    try:
        pictures = diagnosis.pictures()
    except DataError:  # a probe of one's own with a picture that is none: the words are there all the same
        pictures = {}
    for name, figure in pictures.items():
        held = io.BytesIO()
        figure.savefig(held, format="png")
        data = base64.b64encode(held.getvalue()).decode()
        parts.append(
            f'<img alt="{escape.escape(name)}" src="data:image/png;base64,{data}" style="max-width:46em;width:100%">'
        )
    return "\n".join(parts)
