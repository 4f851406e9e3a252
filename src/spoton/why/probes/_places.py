"""Where is it wrong? The error by class, and by the place of the point in the image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from scipy import stats

from spoton.data import Array, PointData
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study
from spoton.why.probes._cost import again

LEVEL = 0.01  # of the tests, for all groups together
FEWEST = 8  # rows of a group that is looked at
CLEAR = 1.5  # times the others' error from which on a group is worth a word
LEAST = 1e-3  # error below which there is nothing to tell apart
THIRDS = ("left", "middle", "right"), ("top", "middle", "bottom")


class Places(Probe):
    """The held-out rows' errors, by class where the task has labels, and by ninths of the image for points."""

    name = "places"
    about = "the error by class, and by place in the image"

    def look(self, study: Study) -> Iterable[Fact]:
        data = study.valid
        named = study.task.kind != "class" and (data.labels is not None or (data.images and data.points))
        run = again(study) if named else None
        if run is None or run.predictions is None:
            return
        y = data.y.to_numpy(dtype=np.float64)
        sd = study.train.y.to_numpy(dtype=np.float64).std(axis=0)
        missed = (run.predictions["valid"] - y) / np.where(sd > 0, sd, 1.0)
        if np.sqrt((missed**2).mean()) < LEAST:
            return
        if data.labels is not None:
            groups = {f"class {label}": np.asarray(data.labels) == label for label in np.unique(data.labels)}
            yield from self._compared(groups, (missed**2).mean(axis=1), "class")
        for pair in data.points if data.images else ():
            at = [list(data.y.columns).index(name) for name in pair]
            where = f"place of {pair[0]}, {pair[1]}"
            yield from self._compared(regions(data, y[:, at]), (missed[:, at] ** 2).mean(axis=1), where)

    def _compared(self, groups: dict[str, Array], squares: Array, what: str) -> Iterator[Fact]:
        """The worst group against all others."""
        kept = {name: rows for name, rows in groups.items() if rows.sum() >= FEWEST}
        if len(kept) < 2:
            return
        errors = {name: float(np.sqrt(squares[rows].mean())) for name, rows in kept.items()}
        worst = max(errors, key=lambda name: errors[name])
        rows = kept[worst]
        rest = float(np.sqrt(squares[~rows].mean()))
        # a group that was chosen as the worst of so many is tested that much more strictly
        p = len(kept) * float(stats.mannwhitneyu(squares[rows], squares[~rows], alternative="greater").pvalue)
        if p > LEVEL or errors[worst] < CLEAR * rest:
            return
        yield Fact(
            "places",
            f"by {what}, the error is worst for {worst}: {errors[worst]:.3g} against {rest:.3g} elsewhere "
            f"({int(rows.sum())} held-out rows; more than chance at a level of {100 * LEVEL:g} %)",
            advice=f"look at rows of {worst}",
            picture=Picture(
                "bars",
                f"Error by {what}",
                what,
                "error on held-out rows (1: the mean answer)",
                x=tuple(errors),
                y=tuple(errors.values()),
            ),
        )


def regions(data: PointData, points: Array) -> dict[str, Array]:
    """Which points lie in which ninth of the image, "top left" to "bottom right": (n,) each."""
    size = np.array([data.X.shape[-1], data.X.shape[-2]])
    # the borders of pixels, so that thirds of the image are thirds of its area
    third = np.clip(((points + 0.5) * 3 // size).astype(int), 0, 2)
    found = {}
    for row, vertical in enumerate(THIRDS[1]):
        for column, horizontal in enumerate(THIRDS[0]):
            name = "the middle" if row == column == 1 else f"the {vertical} {horizontal}"
            found[name] = (third[:, 0] == column) & (third[:, 1] == row)
    return found
