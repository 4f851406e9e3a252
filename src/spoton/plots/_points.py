"""Points on an image: actual, predicted, and the map of probabilities that a net makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array
from spoton.errors import DataError
from spoton.plots._style import MANY, dress, legend, points_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# on images, which are dark and light, colours do not follow the background: each mark has a dark rim
ACTUAL, PREDICTED, RIM = "#ffb000", "#4cc9f0", "#101418"
FEW = 60  # points: more are drawn without the lines that join them


def points_on_image(
    ax: Axes,
    image: Any,
    actual: Any = None,
    predicted: Any = None,
    probability: Any = None,
    *,
    title: str | None = None,
) -> Axes:
    """One image with its actual points (rings), predicted points (crosses), and where a net believes them to be.

    Args:
        ax: where to draw.
        image: (H, W), (1, H, W), (3, H, W) or (H, W, 3), in 0..1 or 0..255.
        actual: points in px, (2,), (P, 2) or (2 P,).
        predicted: the same number of points.
        probability: a map (H, W) of probabilities, drawn as a veil over the image.
        title: the largest distance by default.

    Returns:
        `ax`, pixel centres at whole numbers, y downwards. Above 5,000 points, 5,000 of them are drawn.

    Raises:
        DataError: no image, a map of another size, or other numbers of points.
    """
    picture = _picture(image)
    height, width = picture.shape[:2]
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    if probability is not None:
        veil = np.asarray(probability, dtype=np.float64).squeeze()
        if veil.shape != (height, width):
            raise DataError(f"the map has to be {(height, width)} as the image, it is {veil.shape}")
        top = float(np.nanmax(veil)) or 1.0
        ax.imshow(veil, cmap="magma", vmin=0, vmax=top, alpha=0.85 * np.clip(veil / top, 0, 1), interpolation="nearest")
    found = {"actual": _points(actual), "predicted": _points(predicted)}
    one, other = found["actual"], found["predicted"]
    far = ""
    if len(one) and len(other):
        if len(one) != len(other):
            raise DataError(f"there are {len(one)} actual and {len(other)} predicted points; give as many")
        worst = float(np.hypot(*(one - other).T).max())
        far = f"{worst:.2g} px off" if worst >= 0.05 else "on the spot"
        if len(one) <= FEW:
            for a, b in zip(one, other, strict=True):
                ax.plot([a[0], b[0]], [a[1], b[1]], color=PREDICTED, lw=1.2, zorder=2)
    for name, colour in (("actual", ACTUAL), ("predicted", PREDICTED)):
        _mark(ax, found[name], name, colour)
    ax.set_xlim(-0.5, width - 0.5)
    ax.set_ylim(height - 0.5, -0.5)
    dress(ax, far if title is None else title, grid=False, frame=True)
    ax.set_xticks([])
    ax.set_yticks([])
    if len(one) and len(other):
        legend(ax, loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2, frameon=False)
    return ax


def _mark(ax: Axes, points: Array, name: str, colour: str) -> None:
    """Rings or crosses with a dark rim; of very many some, evenly chosen, and the legend says so."""
    if not len(points):
        return
    from matplotlib.patheffects import Normal, withStroke

    if len(points) > MANY:
        name = f"{name}, {MANY:,} of {len(points):,}"
        points = points[np.linspace(0, len(points) - 1, MANY).astype(int)]
    x, y = points.T
    size = 9.0 if len(points) <= 4 else 6.0 if len(points) <= FEW else 3.0
    mark = "o" if colour == ACTUAL else "x"
    (line,) = ax.plot(
        x, y, ls="", marker=mark, ms=size, mfc="none", mew=1.8 if size > 3 else 0.8, color=colour, label=name
    )
    line.set_path_effects([withStroke(linewidth=3.4 if size > 3 else 1.6, foreground=RIM), Normal()])
    line.set_rasterized(len(points) > FEW)


def _points(values: Any) -> Array:
    if values is None:
        return np.empty((0, 2))
    rows: Array = np.asarray(values, dtype=np.float64)
    if rows.size % 2 or not rows.size:
        raise DataError(f"points are pairs (x, y), these numbers have shape {rows.shape}")
    flat = rows.reshape(1, -1)
    return points_of(flat, flat)[0]


def _picture(image: Any) -> Array:
    """(H, W) or (H, W, 3) in 0..1."""
    picture: Array = np.asarray(image, dtype=np.float64)
    if picture.ndim == 3 and picture.shape[0] in (1, 3):
        picture = np.moveaxis(picture, 0, 2)
    picture = picture.squeeze(axis=2) if picture.ndim == 3 and picture.shape[2] == 1 else picture
    if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3) or not picture.size:
        raise DataError(f"an image is (H, W) or has 1 or 3 channels, this one has shape {np.shape(image)}")
    return np.clip(picture / (255.0 if picture.max() > 1.5 else 1.0), 0, 1)
