"""Is it the range of the outputs, a sigmoid that saturates or is far too wide?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.base import clone

from spoton.data import Array
from spoton.learners import rename
from spoton.scaling import y_range_of
from spoton.why._change import Change, parameter, setting
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study

TAIL = 0.05  # of the range at each end, where a sigmoid's slope is a fifth of its largest
NARROW = 0.2  # the answers' range as a share of the limits' below which most of the sigmoid lies idle
BINS = 20  # of a picture: the outer ones are the tails
WIDER = 0.5  # of the range, to be added at each end


class OutputRange(Probe):
    """No limits, wider ones, and limits refitted to the samples."""

    name = "output-range"
    about = "limits of the outputs (y_range): none, wider, refitted to the samples"

    def look(self, study: Study) -> Iterable[Fact]:
        found = _limits(study)
        if found is None:
            return
        (low, high), y = found
        if ((y < low) | (y > high)).any():
            out = float(((y < low) | (y > high)).mean())
            yield Fact(
                self.name,
                f"{100 * out:.2g} % of the answers lie outside of the net's limits, which it can never reach",
                advice="widen y_range",
            )
        share = (y - low) / (high - low)
        tails = float(((share < TAIL) | (share > 1 - TAIL)).mean())
        yield Fact(
            self.name,
            f"{100 * tails:.2g} % of the answers lie in the saturated tails of y_range, the outer {100 * TAIL:g} % at "
            "each end",
            picture=_histogram(share),
        )
        used = np.ptp(y, axis=0) / (high - low)
        if used.max() < NARROW:
            yield Fact(
                self.name,
                f"the answers span {100 * used.max():.2g} % of y_range: the net has to hit a small part of its sigmoid",
                advice="fit y_range to the samples",
            )

    def changes(self, study: Study) -> Iterable[Change]:
        found = parameter(study.subject.estimator, "y_range")
        if found is None:
            return
        now = found[1]
        if not (now is None or (isinstance(now, str) and now == "none")):
            yield _limited("none", "take the limits off the outputs")
            if (value := _wider(study, now)) is not None:
                yield _limited(value, "widen the limits of the outputs by half at each end")
        if not (isinstance(now, str) and now in ("auto", "samples:0.1")):
            yield _limited("samples:0.1", "fit the limits of the outputs to the samples")


def _histogram(share: Array) -> Picture:
    """Where in the limits the answers lie; those outside of them count to the ends."""
    counts, edges = np.histogram(np.clip(share, 0.0, 1.0), bins=BINS, range=(0.0, 1.0))
    return Picture(
        "bars",
        "Where the answers lie in y_range",
        "place between the limits, %",
        "answers, %",
        x=tuple(f"{100 * low:.0f}" for low in edges[:-1]),
        y=tuple((100 * counts / counts.sum()).tolist()),
    )


def _limited(value: Any, words: str) -> Change:
    """The parameter set, by name where it is a word."""
    change = setting(OutputRange.name, words, "the limits of the outputs", "y_range", value, group="range")
    if not isinstance(value, str):
        return Change(change.probe, words, change.cause, change.apply, change.code, group="range")

    def name_of(name: str) -> str | None:
        return rename(name, modifiers={"yrange": value})

    return Change(change.probe, words, change.cause, change.apply, change.code, name_of, "range")


def _wider(study: Study, now: Any) -> Any:
    """The limits as they are, widened; None where that is not known."""
    if isinstance(now, str) and now != "extremes":
        margin = {"auto": 0.1, "samples": 0.0}.get(now)
        margin = float(now.partition(":")[2]) if margin is None else margin
        # the limits span 1 + 2 margin of the samples' range
        return f"samples:{margin + WIDER * (1 + 2 * margin):g}"
    found = _limits(study)
    if found is None:
        return None
    (low, high), _ = found
    reach = WIDER * (high - low)
    low, high = low - reach, high + reach
    if (low == low[0]).all() and (high == high[0]).all():
        return float(low[0]), float(high[0])
    return tuple(low.tolist()), tuple(high.tolist())


def _limits(study: Study) -> tuple[tuple[Array, Array], Array] | None:
    """The net's limits, and the training answers in the units in which it meets them; None where it has no limits."""
    estimator = study.subject.estimator
    found = parameter(estimator, "y_range")
    if found is None or study.task.kind == "class":
        return None
    y: Array = study.train.y.to_numpy(dtype=np.float64)
    scaler = parameter(estimator, "transformer")
    if scaler is not None and scaler[1] is not None:
        y = np.asarray(clone(scaler[1]).fit_transform(y), dtype=np.float64).reshape(len(y), -1)
    images = study.train.images
    kind = found[1]
    if isinstance(kind, str) and kind == "extremes" and study.task.kind != "point":
        kind = "auto"
    limits = y_range_of(kind, y, study.train.X.shape[:1:-1] if images else None)
    return None if limits is None else (limits, y)
