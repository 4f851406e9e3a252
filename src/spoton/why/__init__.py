"""Finds out by experiment what holds a learner back.

`why` itself is imported when it is first used: a report that shows diagnoses loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spoton.why._change import Change as Change
from spoton.why._change import setting as setting
from spoton.why._diagnosis import Diagnosis as Diagnosis
from spoton.why._effect import Effect as Effect
from spoton.why._picture import Picture as Picture
from spoton.why._probe import Fact as Fact
from spoton.why._probe import Probe as Probe

if TYPE_CHECKING:
    from spoton.why._study import Study as Study
    from spoton.why._why import why as why

__all__ = ["Change", "Diagnosis", "Effect", "Fact", "Picture", "Probe", "Study", "setting", "why"]


def __getattr__(name: str) -> Any:
    if name not in ("Study", "why"):
        raise AttributeError(f"module 'spoton.why' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(f"spoton.why._{name.lower()}"), name)
