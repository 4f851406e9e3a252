"""What can be reached at all: other learners on the same rows, and what the data themselves forbid."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from spoton.data import Array, PointData
from spoton.why._effect import error_of
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study

IMAGES = ("linear", "linear@pts", "knn", "spotnet")
TABLES = ("linear", "knn", "spottable?epochs=3")


class Bounds(Probe):
    """Simple learners and spoton's own beside this one; rows that stand on both sides; equal inputs, other answers."""

    name = "bounds"
    about = "other learners on the same rows; duplicates between the sides; equal inputs with different answers"

    def look(self, study: Study) -> Iterable[Fact]:
        peers = IMAGES if study.train.images else TABLES
        runs = study.run([name for name in peers if name != study.subject.name], study.seeds[:1])
        said = [f"{run.learner} {error_of(run):.3g}" for run in runs if run.status == "ok"]
        if said:
            yield Fact(self.name, f"errors of other learners on the same rows (1: the mean answer): {', '.join(said)}")
        train, valid = _digests(study.train), _digests(study.valid)
        if both := len(set(train) & set(valid)):
            yield Fact(
                self.name,
                f"{both} inputs of the {len(valid)} held-out rows stand among the training rows too",
                advice="split so that equal inputs stand on one side",
            )
        if (share := contradictions(study.train)) > 0:
            yield Fact(
                self.name,
                f"{100 * share:.2g} % of the training rows share their input with a row of another answer: no learner "
                "can be exact on those",
            )


def _digests(data: PointData) -> list[int]:
    if isinstance(data.X, pd.DataFrame):
        return [int(value) for value in pd.util.hash_pandas_object(data.X, index=False)]
    return [hash(np.ascontiguousarray(image).tobytes()) for image in data.X]


def contradictions(data: PointData) -> float:
    """Share of rows whose input another row has, with another answer."""
    y: Array = data.y.to_numpy(dtype=np.float64)
    by_input: dict[int, list[int]] = {}
    for row, digest in enumerate(_digests(data)):
        by_input.setdefault(digest, []).append(row)
    bad = sum(len(rows) for rows in by_input.values() if len(rows) > 1 and (y[rows] != y[rows[0]]).any())
    return bad / len(y)
