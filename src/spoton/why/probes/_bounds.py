"""What can be reached at all: other learners on the same rows, and what the data themselves forbid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from spoton.why._effect import error_of
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study
from spoton.why.probes._ceiling import CLEAR, contradictions, digests, near_noise, pure_error

NEAREST = "knn?n_neighbors=1"
PEERS = {
    "linear": "least squares on the raw inputs",
    "linear@pts": "least squares on the ink's corner points",
    NEAREST: "the nearest neighbour",
    "spotnet": "spotnet",
    "spottable?epochs=3": "spottable, three passes",
}
IMAGES = ("linear", "linear@pts", NEAREST, "spotnet")
TABLES = ("linear", NEAREST, "spottable?epochs=3")
MOST_OF_IT, LITTLE = 0.5, 0.1  # shares of the gap


class Bounds(Probe):
    """Simple learners and spoton's own beside this one; rows that stand on both sides; equal inputs, other answers."""

    name = "bounds"
    about = "other learners on the same rows; duplicates between the sides; the noise ceiling"

    def look(self, study: Study) -> Iterable[Fact]:
        yield from self._peers(study)
        train, valid = digests(study.train), digests(study.valid)
        if both := sum(digest in set(train) for digest in valid):
            yield Fact(
                self.name,
                f"{both} of the {len(valid)} held-out rows have an input that stands among the training rows too",
                advice="split so that equal inputs stand on one side",
            )
        if study.task.kind != "class":
            yield from self._ceiling(study)

    def _peers(self, study: Study) -> Iterator[Fact]:
        seed = study.seeds[0]
        peers = IMAGES if study.train.images else TABLES
        runs = study.run([name for name in peers if name != study.subject.name], [seed])
        errors = {PEERS[run.learner]: error_of(run) for run in runs if run.status == "ok"}
        mean = study.errors("mean")
        if seed in mean:
            errors = {"the mean answer": mean[seed], **errors}
        if not errors:
            return
        own = study.base.get(seed)
        shown = errors | ({"this learner": own} if own is not None else {})
        best = min(errors, key=lambda name: errors[name])
        beaten = own is not None and errors[best] < 0.8 * own
        yield Fact(
            self.name,
            "errors on the same rows: " + ", ".join(f"{name} {value:.3g}" for name, value in shown.items()),
            advice=f"{best} reaches more: the rows suffice for it" if beaten else "",
            picture=Picture(
                "bars", "Other learners on the same rows", y_label="error (1: the mean answer)",
                x=tuple(shown), y=tuple(shown.values()),
            ),
        )  # fmt: skip

    @staticmethod
    def left_over(study: Study, closed: float) -> Iterator[Fact]:
        """What stays where the best that helped closes this share of the gap, and who leaves next to nothing."""
        seed = study.seeds[0]
        own, floor = study.errors(study.asked.pair()).get(seed), study.floor.get(seed, 0.0)
        errors = {name: error for name in PEERS if (error := study.errors(name).get(seed)) is not None}
        best = min(
            reversed(errors), key=lambda name: errors[name], default=None
        )  # of equals spoton's own, a net as well
        if own is None or best is None or closed > MOST_OF_IT:
            return
        share = (errors[best] - floor) / max(own - floor, 1e-9)
        if share < LITTLE and own - floor > LITTLE:
            how = "with what helped" if closed > 0 else "whatever was tried,"
            yield Fact(
                "left over",
                f"{how} {100 * (1 - closed):.0f} % of the gap is left, and {PEERS[best]} leaves "
                f"{100 * max(share, 0.0):.0f} % of it on the same rows: consistent with a learner of another form than "
                "the rule, and with settings that were not tried",
                advice=f"take that one: spoton bench '{study.task.name}' --learners '{best}'",
            )

    def _ceiling(self, study: Study) -> Iterator[Fact]:
        if (share := contradictions(study.train)) > 0:
            least, noise = pure_error(study.train)
            yield Fact(
                self.name,
                f"{100 * share:.2g} % of the training rows share their input with a row of another answer: on these "
                f"rows no learner exceeds R2 {1 - least:.3g}; if all rows are as uncertain as those with a twin, none "
                f"exceeds about {1 - noise:.2g} on new ones",
            )
            return
        X = study.train.X
        if not isinstance(X, pd.DataFrame) or not all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes):
            return
        found = near_noise(np.nan_to_num(X.to_numpy(dtype=np.float64)), study.train.y.to_numpy(dtype=np.float64))
        if found is not None and found[1] > CLEAR:
            yield Fact(
                self.name,
                f"rows with nearly equal inputs differ in their answers as by noise of {100 * found[0]:.2g} % of their "
                f"variance: consistent with R2 {1 - found[0]:.2g} as the most that any learner reaches",
            )
