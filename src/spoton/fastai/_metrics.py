"""Metrics for fastai's `metrics=`: `R2` of several outputs, and `checked` against silent broadcasting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from torch import Tensor

from spoton.errors import DataError, UsageError
from spoton.fastai._quiet import quietly

with quietly():
    from fastai.metrics import AccumMetric

POOLINGS = ("uniform_average", "variance_weighted")


def R2(multioutput: str | int | Sequence[float] = "uniform_average") -> Any:  # it stands for a class
    """R2 over all rows of a validation, by scikit-learn, each output by itself.

    fastai's `R2Score` makes one long column of all outputs. Where their means differ, it measures no more than that
    the answers of one output lie near one mean and those of the other near another.

    Args:
        multioutput: `uniform_average`, `variance_weighted`, one weight an output, or the number of one output (from 0).

    Returns:
        A fastai metric, called `r2`, or `r2_<number>`.

    Raises:
        UsageError: another word, or a negative number.

    Example:
        >>> learn = tabular_learner(dls, metrics=[R2(), R2(0), R2(1)])  # doctest: +SKIP
    """
    one = isinstance(multioutput, int)
    if (isinstance(multioutput, str) and multioutput not in POOLINGS) or (one and multioutput < 0):  # type: ignore[operator]
        known = f"{', '.join(POOLINGS)}, one weight an output, or the number of an output"
        raise UsageError(f"multioutput is one of {known}, not {multioutput!r}")
    name = f"r2_{multioutput}" if one else "r2"
    return AccumMetric(_r2, flatten=False, to_np=True, invert_arg=True, name=name, multioutput=multioutput)


def _r2(actual: Any, predicted: Any, multioutput: Any) -> float:
    from sklearn.metrics import r2_score

    rows = len(actual)
    actual, predicted = actual.reshape(rows, -1), predicted.reshape(rows, -1)
    if actual.shape != predicted.shape:
        raise DataError(f"R2 needs one answer a target, these are {predicted.shape} and {actual.shape}; set n_out")
    if isinstance(multioutput, int):
        if multioutput >= actual.shape[1]:
            raise UsageError(f"there are {actual.shape[1]} outputs, counted from 0, and no output {multioutput}")
        actual, predicted, multioutput = actual[:, multioutput], predicted[:, multioutput], "uniform_average"
    return float(r2_score(actual, predicted, multioutput=multioutput))


def checked(metric: Callable[..., Any]) -> Callable[..., Any]:
    """A metric that refuses answers and targets of different shapes, instead of pairing each row with every other.

    Args:
        metric: a function of (answers, targets), for `metrics=` or `loss_func=`.

    Returns:
        The function, of the same name.

    Raises:
        UsageError: it is no function. Called: DataError where the shapes differ.

    Example:
        >>> learn = Learner(dls, net, metrics=checked(torch.nn.functional.l1_loss))  # doctest: +SKIP
    """
    if not callable(metric) or isinstance(metric, type) or hasattr(metric, "accumulate"):
        raise UsageError(
            f"checked takes a function of (answers, targets), not {metric!r}; fastai's own Metrics flatten"
        )

    @wraps(metric)
    def compare(answers: Tensor, targets: Tensor, *args: Any, **options: Any) -> Any:
        if answers.shape != targets.shape:
            came = f"{tuple(answers.shape)} and {tuple(targets.shape)}"
            raise DataError(
                f"{compare.__name__} needs answers and targets of one shape, these are {came}; give the targets a last"
                " axis, as in y[:, None], or take it off the answers"
            )
        return metric(answers, targets, *args, **options)

    inner = getattr(metric, "func", None)  # of a partial, which has no name
    compare.__name__ = str(getattr(metric, "__name__", getattr(inner, "__name__", "metric")))
    return compare
