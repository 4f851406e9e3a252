"""Is it the range of the outputs, a sigmoid that saturates or is far too wide?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from spoton.data import Array
from spoton.learners import rename
from spoton.scaling import y_range_of
from spoton.why._change import Change, parameter, setting
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study

TAIL = 0.05  # of the range at each end, where a sigmoid's slope is a fifth of its largest


class OutputRange(Probe):
    """No limits, limits with a margin around the samples, and the limits as they are."""

    name = "output-range"
    about = "limits of the outputs (y_range): none, wider, refitted to the samples"

    def look(self, study: Study) -> Iterable[Fact]:
        limits = _limits(study)
        if limits is None:
            return
        low, high = limits
        y = study.train.y.to_numpy(dtype=np.float64)
        if ((y < low) | (y > high)).any():
            out = float(((y < low) | (y > high)).mean())
            yield Fact(
                self.name,
                f"{100 * out:.2g} % of the answers lie outside of the net's limits, which it can never reach",
                advice="widen y_range",
            )
        share = (y - low) / (high - low)
        tails = float(((share < TAIL) | (share > 1 - TAIL)).mean())
        yield Fact(self.name, f"{100 * tails:.2g} % of the answers lie in the outer {100 * TAIL:g} % of the limits")

    def changes(self, study: Study) -> Iterable[Change]:
        found = parameter(study.subject.estimator, "y_range")
        if found is None:
            return
        now = found[1]
        cause = "the limits of the outputs"
        for value, words in (("none", "take the limits off the outputs"), ("samples:0.2", "limits around the samples")):
            if now != value and not (value == "none" and now is None):
                change = setting(self.name, words, cause, "y_range", value, group="range")
                yield Change(
                    self.name,
                    words,
                    cause,
                    change.apply,
                    change.code,
                    lambda name, value=value: rename(name, modifiers={"yrange": value}),  # type: ignore[misc]
                    "range",
                )


def _limits(study: Study) -> tuple[Array, Array] | None:
    """Of the net's sigmoid in the units of the answers; None where it has none, or where the answers are scaled."""
    estimator = study.subject.estimator
    found = parameter(estimator, "y_range")
    if found is None or parameter(estimator, "transformer") is not None:
        return None
    images = study.train.images
    kind = "auto" if found[1] == "extremes" and study.task.kind != "point" else found[1]
    size = study.train.X.shape[:1:-1] if images else None
    return y_range_of(kind, study.train.y.to_numpy(dtype=np.float64), size)
