"""An extension of Griffe, which reads our docstrings for the reference."""

from __future__ import annotations

import re
from typing import Any

import griffe

HEAD = re.compile(r"^Example:[ \t]*$", flags=re.MULTILINE)


class Ours(griffe.Extension):
    """`Example:` is the section that Google's style calls `Examples:`; what torch alone calls is left out."""

    def on_class_members(self, *, cls: Any, **_: Any) -> None:
        """Called for each class, once its members are known."""
        cls.members.pop("extra_repr", None)

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Called for each object that was found."""
        if obj.docstring is not None:
            obj.docstring.value = HEAD.sub("Examples:", obj.docstring.value)
