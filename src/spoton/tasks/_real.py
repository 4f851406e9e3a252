"""Real tables that come inside scikit-learn and statsmodels: nothing is downloaded.

| name | source |
|---|---|
| `real/wine` | M. Forina et al., PARVUS (1991), UCI; scikit-learn `load_wine` |
| `real/cancer` | W. Street, W. Wolberg, O. Mangasarian, breast cancer Wisconsin (1993), UCI; `load_breast_cancer` |
| `real/iris` | R. Fisher, "The use of multiple measurements in taxonomic problems" (1936), UCI; `load_iris` |
| `real/star98` | STAR programme of California, from J. Gill, "Generalized Linear Models" (2000); statsmodels |
| `real/fair` | R. Fair, "A Theory of Extramarital Affairs", Journal of Political Economy (1978); statsmodels |
| `real/grunfeld` | Y. Grunfeld, "The Determinants of Corporate Investment" (1958); statsmodels |
| `real/fertility` | World Bank, total fertility rate (births a woman); statsmodels |
| `real/anes96` | American National Election Studies (1996); statsmodels |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from spoton.errors import UsageError
from spoton.optional import require
from spoton.tasks._family import TaskFamily
from spoton.tasks._finish import OPTIONS, SEED, Table, check, finish, noise_ceiling, with_superfluous
from spoton.tasks._oracles import ColumnsOracle
from spoton.tasks._task import Loaded, Task


@dataclass(frozen=True)
class Source:
    """A table: how to read it, its number of rows, the column to learn and those to learn it from."""

    about: str
    read: Callable[[], pd.DataFrame]
    rows: int
    target: str
    columns: tuple[str, ...]


def _scikit(loader: Callable[..., Any]) -> pd.DataFrame:
    frame: pd.DataFrame = loader(as_frame=True).data
    return frame.rename(columns=lambda name: name.replace(" (cm)", "").replace(" ", "_"))


def _statsmodels(name: str) -> pd.DataFrame:
    require("statsmodels")
    frame: pd.DataFrame = require(f"statsmodels.datasets.{name}").load_pandas().data
    return frame


def star98() -> pd.DataFrame:
    """The table of districts, with the share of pupils above the median for their two counts."""
    frame = _statsmodels("star98")
    return frame.assign(above=100 * frame["NABOVE"] / (frame["NABOVE"] + frame["NBELOW"]))


def grunfeld() -> pd.DataFrame:
    """The table of firms and years, with a column of 0 and 1 for each firm."""
    return pd.get_dummies(_statsmodels("grunfeld"), columns=["firm"], dtype=float)


def fertility() -> pd.DataFrame:
    """The table of countries, without those that miss one of the years in use."""
    frame = _statsmodels("fertility").add_prefix("in_")
    return frame.dropna(subset=[*YEARS, "in_2011"])


TUMOUR = (
    *("radius", "texture", "perimeter", "area", "smoothness"),
    *("compactness", "concavity", "concave_points", "symmetry", "fractal_dimension"),
)
FIRMS = (
    *("American_Steel", "Atlantic_Refining", "Chrysler", "Diamond_Match", "General_Electric", "General_Motors"),
    *("Goodyear", "IBM", "US_Steel", "Union_Oil", "Westinghouse"),
)
YEARS = tuple(f"in_{year}" for year in range(1960, 1991))

SOURCES = {
    "wine": Source(
        "178 wines; alcohol from twelve other measurements, without the grower",
        partial(_scikit, load_wine),
        178,
        "alcohol",
        (
            *("malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids"),
            *("nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines"),
            "proline",
        ),
    ),
    "cancer": Source(
        "569 tumours; area of the largest nuclei from means and standard errors of ten measurements",
        partial(_scikit, load_breast_cancer),
        569,
        "worst_area",
        (*(f"mean_{name}" for name in TUMOUR), *(f"{name}_error" for name in TUMOUR)),
    ),
    "iris": Source(
        "150 irises; width of a petal from three other lengths, without the species",
        partial(_scikit, load_iris),
        150,
        "petal_width",
        ("sepal_length", "sepal_width", "petal_length"),
    ),
    "star98": Source(
        "303 school districts; pupils above the median in mathematics, %, from twelve figures (extra: tables)",
        star98,
        303,
        "above",
        (
            *("LOWINC", "PERASIAN", "PERBLACK", "PERHISP", "PERMINTE", "AVYRSEXP", "AVSALK", "PERSPENK", "PTRATIO"),
            *("PCTAF", "PCTCHRT", "PCTYRRND"),
        ),
    ),
    "fair": Source(
        "6,366 married women; years of marriage from eight answers of a questionnaire (extra: tables)",
        partial(_statsmodels, "fair"),
        6366,
        "yrs_married",
        ("rate_marriage", "age", "children", "religious", "educ", "occupation", "occupation_husb", "affairs"),
    ),
    "grunfeld": Source(
        "220 years of eleven firms; investment from value, capital, year and firm (extra: tables)",
        grunfeld,
        220,
        "invest",
        ("value", "capital", "year", *(f"firm_{name}" for name in FIRMS)),
    ),
    "fertility": Source(
        "193 countries; births a woman in 2011 from those of the years 1960 to 1990 (extra: tables)",
        fertility,
        193,
        "in_2011",
        YEARS,
    ),
    "anes96": Source(
        "944 voters; party, 0 Democrat to 6 Republican, from eight answers, without the vote (extra: tables)",
        partial(_statsmodels, "anes96"),
        944,
        "PID",
        ("popul", "TVnews", "selfLR", "ClinLR", "DoleLR", "age", "educ", "income"),
    ),
}


def table(source: Source, superfluous: int | None, rows: int | None) -> Table:
    """The table of a source; fewer rows are a draw, since some tables are sorted by kind."""
    frame = source.read().reset_index(drop=True)
    frame.columns = pd.Index([str(name).replace(" ", "_") for name in frame.columns])
    if rows is not None:
        frame = frame.iloc[np.sort(np.random.RandomState(SEED).permutation(len(frame))[:rows])].reset_index(drop=True)
    X, y = frame[list(source.columns)].astype(np.float64), frame[[source.target]].astype(np.float64)
    return with_superfluous(X, superfluous), y, source.columns, ()


def load(member: str, values: dict[str, Any]) -> Loaded:
    """The data of one task."""
    return finish(table(SOURCES[member], values["superfluous"], values["rows"]), values)


def make(name: str, member: str, values: dict[str, Any]) -> Task:
    """Build `real/<member>`."""
    check(values)
    source = SOURCES[member]
    if values["rows"] is not None and values["rows"] > source.rows:
        raise UsageError(f"rows={values['rows']} is not possible: real/{member} has {source.rows} rows")
    reasons = ["real data: the best possible is not known, the oracle is least squares on its own columns"]
    if values["noise"]:
        reasons.append(noise_ceiling(values["noise"], alone=False))
    return Task(
        name=name,
        about=source.about,
        load=partial(load, member, values),
        kind="number",
        make_oracle=partial(ColumnsOracle, source.columns),
        ceiling="; ".join(reasons),
        train=values["train"],
        support=source.columns,
    )


FAMILY = TaskFamily(
    name="real",
    about="real tables that come inside scikit-learn and statsmodels",
    members={member: source.about for member, source in SOURCES.items()},
    make=make,
    options=OPTIONS,
)
