"""Would more rows help?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import mean

from spoton.why._effect import error_of
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study


class Data(Probe):
    """The learner on a half and a quarter of the rows, and what follows for twice as many."""

    name = "data"
    about = "the number of rows: the error on a quarter, a half and all of them"

    def look(self, study: Study) -> Iterable[Fact]:
        rows = len(study.train)
        sizes = [rows // 4, rows // 2]
        if sizes[0] < 8 or not study.base:
            return
        runs = study.run([study.subject.pair()], study.seeds[:2], train_sizes=sizes)
        errors = {
            size: [error_of(run) for run in runs if run.asked_train_size == size and run.status == "ok"]
            for size in sizes
        }
        if not all(errors.values()):
            return
        curve = [mean(errors[size]) for size in sizes] + [mean(study.base[s] for s in study.base)]
        if not all(math.isfinite(value) and value > 0 for value in curve):
            return
        words = f"the error falls from {curve[0]:.3g} on {sizes[0]} rows over {curve[1]:.3g} on {sizes[1]} to "
        words += f"{curve[2]:.3g} on all {rows}"
        factor = min(1.0, math.sqrt(curve[2] / curve[0]))  # of one doubling, if it goes on as it did
        yield Fact(self.name, f"{words}; if it goes on so, twice the rows leave {100 * factor:.0f} % of it")
