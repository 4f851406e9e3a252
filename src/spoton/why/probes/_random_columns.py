"""How fast does it get worse with columns of pure noise?"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import mean, stdev

import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from spoton.why._effect import MATTERS
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study, name_of
from spoton.why.probes._columns import RandomColumns
from spoton.why.probes._cost import affords

TIMES = (1, 3, 9)  # as many random columns as there are columns
MOST = 2000
BEYOND = 3.0  # standard deviations over seeds


class RandomColumnsAdded(Probe):
    """The learner on a table with columns of normal noise beside its own: one seed, three numbers of columns."""

    name = "random-columns"
    about = "columns of pure noise added: how fast does it get worse?"

    def look(self, study: Study) -> Iterable[Fact]:
        X, seed = study.train.X, study.seeds[0]
        if not isinstance(X, pd.DataFrame) or not all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes):
            return
        base = study.base.get(seed)
        counts = list(dict.fromkeys(min(MOST, times * X.shape[1]) for times in TIMES))
        if base is None or not affords(study, len(counts)):
            return
        curve = {0: base}
        for count in counts:
            changed = make_pipeline(RandomColumns(count), clone(study.subject.estimator))
            learner = (f"{study.subject.name}, {count} random columns", changed)
            study.run([learner], [seed])
            error = study.errors(name_of(learner)).get(seed)
            if error is None:
                break
            curve[count] = error
        if len(curve) < 2:
            return
        listed = ", ".join(f"{error:.3g} with {count}" for count, error in curve.items())
        seeds = list(study.base.values())
        noise = BEYOND * stdev(seeds) if len(seeds) > 2 else MATTERS
        worse = curve[max(curve)] - base > max(noise, MATTERS * mean(seeds), 1e-3)
        yield Fact(
            self.name,
            f"columns of noise added, the error is {listed}" + ("" if worse else ": no worse than seeds differ"),
            advice=f"superfluous columns cost this learner: with {X.shape[1]} columns, look at those that can go"
            if worse
            else "",
            picture=Picture(
                "curve",
                "Columns of pure noise added",
                "random columns",
                "error on held-out rows (1: the mean answer)",
                x=tuple(curve),
                y=tuple(curve.values()),
            ),
        )
