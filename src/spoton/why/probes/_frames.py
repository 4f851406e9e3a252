"""Are the answers in the frame that they should be in? Errors of the data, found without a learner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import cross_val_predict

from spoton import ink
from spoton.data import Array, PointData
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study

SHIFTS = (-2, -1, 1, 2)  # rows
CLEAR = 0.3  # difference of R2 from which on one reading is clearly the better one
SOME = 0.3  # R2 from which on there is a relation
NONE = 0.05  # and below which there is none
FAR = 1.5  # pixels up to which a constant distance is an error and no other point
CONSTANT = 0.9  # share of rows with the same offset
MOST = 2000  # rows that are looked at
COLUMNS = 200  # of a table, the most telling ones
SHOWN = 7  # distances in a picture


class Frames(Probe):
    """x and y swapped, an axis flipped, points off by a constant, coordinates that are no pixels, rows shuffled."""

    name = "frames"
    about = (
        "errors of the data: x and y swapped, flipped, off by a pixel, wrong units, rows that do not belong together"
    )

    def look(self, study: Study) -> Iterable[Fact]:
        data = study.train.take(np.arange(min(len(study.train), MOST)))
        if data.images and data.points:
            yield from self._points(data)
        # a shift is one of the rows as they stand in the file, held-out ones among them
        whole = study.task.data()
        yield from self._rows(whole.take(np.arange(min(len(whole), MOST))))

    def _points(self, data: PointData) -> Iterator[Fact]:
        """Each point against where the ink is."""
        horizontal, vertical = ink_coordinates(data)
        size = data.X.shape[-1], data.X.shape[-2]
        for x_name, y_name in data.points:
            x, y = (data.y[name].to_numpy(dtype=np.float64) for name in (x_name, y_name))
            if max(np.abs(x).max(), np.abs(y).max()) <= 1.0 < min(size) / 8:
                yield self._fault(
                    f"{x_name}, {y_name} run from {min(x.min(), y.min()):.3g} to {max(x.max(), y.max()):.3g} on images "
                    f"of {size[0]} x {size[1]}: consistent with normalised coordinates",
                    "give points in pixels; spoton.frames converts them",
                    Picture(
                        "table",
                        f"Answers on images of {size[0]} x {size[1]} pixels",
                        columns=("answer", "smallest", "largest"),
                        rows=tuple((name, float(v.min()), float(v.max())) for name, v in ((x_name, x), (y_name, y))),
                    ),
                )
                continue
            straight = r2(horizontal, x), r2(vertical, y)
            crossed = r2(vertical, x), r2(horizontal, y)
            if min(crossed) > SOME and crossed[0] > straight[0] + CLEAR and crossed[1] > straight[1] + CLEAR:
                yield self._fault(
                    f"{x_name} follows the rows of the ink (R2 {crossed[0]:.2f}) and not its columns "
                    f"({straight[0]:.2f}), {y_name} the other way round: consistent with x and y swapped",
                    f"swap {x_name} and {y_name}",
                    Picture(
                        "bars",
                        "What the place of the ink tells of the answers",
                        "answer, from the ink's columns or rows",
                        "R2 on rows left out",
                        x=(f"{x_name}, columns", f"{x_name}, rows", f"{y_name}, columns", f"{y_name}, rows"),
                        y=_within(straight[0], crossed[0], crossed[1], straight[1]),
                    ),
                )
                continue
            for name, values, places, length in ((x_name, x, horizontal, size[0]), (y_name, y, vertical, size[1])):
                yield from self._axis(name, values, places, length)

    def _axis(self, name: str, values: Array, places: Array, length: int) -> Iterator[Fact]:
        """One coordinate against the ink's along the same axis."""
        moving = places[:, places.std(axis=0) > 0]
        if not moving.shape[1] or values.std() == 0:
            return
        along = np.array([np.corrcoef(column, values)[0, 1] for column in moving.T])
        if -along.min() > max(0.5, along.max() + CLEAR):
            yield self._fault(
                f"{name} falls where the ink moves the other way (correlation {along.min():.2f}): consistent with a "
                "flipped axis",
                f"use {length - 1} - {name}",
                Picture(
                    "bars",
                    f"{name} beside each corner point of the ink",
                    "corner point",
                    "correlation",
                    x=tuple(range(1, len(along) + 1)),
                    y=tuple(float(value) for value in along),
                ),
            )
            return
        offsets, shares = zip(*(_commonest(values - column) for column in places.T), strict=True)
        best = int(np.argmax(shares))
        exact = any(share >= CONSTANT and offset == 0 for offset, share in zip(offsets, shares, strict=True))
        if shares[best] >= CONSTANT and 0 < abs(offsets[best]) <= FAR and not exact:
            yield self._fault(
                f"{name} lies {offsets[best]:+g} pixels from a corner of the ink on {100 * shares[best]:.0f} % of "
                "the images: consistent with an offset",
                f"subtract {offsets[best]:g} from {name}",
                _offsets(name, values - places[:, best]),
            )

    def _rows(self, data: PointData) -> Iterator[Fact]:
        """Whether the rows of inputs and answers belong together."""
        inputs = _inputs(data)
        if inputs is None or len(inputs) < 40:
            return
        y = data.y.to_numpy(dtype=np.float64)
        y = y[:, y.std(axis=0) > 0]
        if not y.shape[1]:
            return
        now = _moved(inputs, y, 0)
        if now > NONE:
            return
        for shift in SHIFTS:
            moved = _moved(inputs, y, shift)
            if moved > max(SOME, now + CLEAR):
                yield self._fault(
                    f"linear regression explains nothing (R2 {now:.2f}), and with answers moved by {shift} rows "
                    f"{moved:.2f}: consistent with rows that are shifted",
                    f"move the answers by {shift} rows",
                    Picture(
                        "bars",
                        "Linear regression with the answers moved",
                        "rows that the answers are moved by",
                        "R2 on rows left out",
                        x=tuple(sorted((0, *SHIFTS))),
                        y=_within(*(_moved(inputs, y, rows) for rows in sorted((0, *SHIFTS)))),
                    ),
                )
                return
        yield Fact(
            self.name,
            f"linear regression on the inputs explains nothing of the answers (R2 {now:.2f}): consistent with rows "
            "that do not belong together, and with a law that has no linear part",
        )

    def _fault(self, words: str, advice: str, picture: Picture) -> Fact:
        return Fact(self.name, words, fault=True, advice=advice, picture=picture)


def ink_coordinates(data: PointData) -> tuple[Array, Array]:
    """(n, K) each: the columns and the rows of the ink's corner points."""
    found = ink.feature_points(ink.ink_of(np.asarray(data.X)))
    points = np.concatenate([found[kind] for kind in ("pts11", "pts12", "pts22")], axis=1).astype(np.float64)
    return points[..., 0], points[..., 1]


def r2(inputs: Array, y: Array) -> float:
    """R2 of ridge regression on rows that it did not see, in five folds."""
    if y.std() == 0:
        return 0.0
    spread = inputs.std(axis=0)
    scaled = (inputs[:, spread > 0] - inputs[:, spread > 0].mean(axis=0)) / spread[spread > 0]
    if not scaled.shape[1]:
        return 0.0
    predicted = cross_val_predict(RidgeCV(np.logspace(-2, 4, 7)), scaled, y, cv=5)
    return float(1 - ((predicted - y) ** 2).mean() / y.var())


def _moved(inputs: Array, y: Array, rows: int) -> float:
    """The best R2 of any answer, with the answers moved by so many rows."""
    return max(r2(inputs, column) for column in np.roll(y, -rows, axis=0).T)


def _within(*scores: float) -> tuple[float, ...]:
    """R2 for a picture: far below 0 is as bad as -1."""
    return tuple(max(-1.0, score) for score in scores)


def _offsets(name: str, offsets: Array) -> Picture:
    """How often each distance from the corner of the ink occurs, the commonest ones, in their order."""
    values, counts = np.unique(np.round(offsets, 3), return_counts=True)
    most = np.sort(np.argsort(-counts, kind="stable")[:SHOWN])
    return Picture(
        "bars",
        f"{name} from a corner of the ink",
        "pixels",
        "share of the images",
        x=tuple(float(value) for value in values[most]),
        y=tuple(float(count) / len(offsets) for count in counts[most]),
    )


def _commonest(offsets: Array) -> tuple[float, float]:
    """The commonest value and its share."""
    values, counts = np.unique(np.round(offsets, 3), return_counts=True)
    best = int(counts.argmax())
    return float(values[best]), float(counts[best] / len(offsets))


def _inputs(data: PointData) -> Array | None:
    """(n, D) numbers of a table, the most telling ones; for images, where the ink is."""
    if data.images:
        return np.concatenate(ink_coordinates(data), axis=1)
    if not isinstance(data.X, pd.DataFrame) or not all(pd.api.types.is_numeric_dtype(kind) for kind in data.X.dtypes):
        return None
    from spoton.why.probes._superfluous import relevance

    X = np.nan_to_num(data.X.to_numpy(dtype=np.float64))
    best = np.argsort(-relevance(X, data.y.to_numpy(dtype=np.float64)))[:COLUMNS]
    chosen: Array = X[:, best]
    return chosen
