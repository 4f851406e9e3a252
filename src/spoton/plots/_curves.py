"""Training curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spoton.history import History
from spoton.history._draw import draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def curves(
    ax: Axes,
    history: History,
    names: Sequence[str] | None = None,
    *,
    baseline: float | None = None,
    log: bool | None = None,
) -> Axes:
    """The curves of a history over the epochs, with what the mean of the training answers would have.

    Args:
        ax: where to draw.
        history: `Run.history`, or `history_` of a learner.
        names: columns of the history; by default the squared errors in original units where somebody scored them
            (`evaluate(..., history=True)`), else the learner's own losses.
        baseline: of the mean predictor; by default what the history knows of it.
        log: a logarithmic axis; by default where values differ by a factor of 20 or more.

    Returns:
        `ax`; the title has the last values, and thin vertical lines part the fits.

    Raises:
        UsageError: no epochs, no losses, or no such column.
    """
    return draw(ax, history, names, baseline, log)
