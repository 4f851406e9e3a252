"""What the layers of a net make of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spoton.data import Array
from spoton.errors import DataError
from spoton.plots._style import colourbar, dress, palette_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 64  # channels on one picture
FINEST = 1600  # pixels a side of the picture: larger maps are thinned out
DEPTH = 1e3  # logarithms of probabilities reach far: what lies so far below the top is drawn alike


def feature_maps(ax: Axes, maps: Any, *, names: Sequence[str] | None = None, title: str | None = None) -> Axes:
    """The channels of one layer for one image as tiles, on one scale of colours.

    Args:
        ax: where to draw.
        maps: (C, H, W), (H, W), or (1, C, H, W): see `activations`. A torch tensor is taken too.
        names: (C,) to be written into the tiles.
        title: the number of channels and their size by default.

    Returns:
        `ax`. Values of both signs have a scale with 0 in the middle. Above 64 channels, the 64 that vary most.

    Raises:
        DataError: another number of axes, or names of another number.
    """
    held = _channels(maps)
    written = [] if names is None else [str(name) for name in names]
    if names is not None and len(written) != len(held):
        raise DataError(f"there are {len(held)} channels and {len(written)} names; give one each")
    count, (height, width) = len(held), held.shape[1:]
    if count > MOST:
        finite = np.where(np.isfinite(held), held, 0.0)
        kept = np.sort(np.argsort(-finite.std(axis=(1, 2)), kind="stable")[:MOST])
        held, written = held[kept], [written[i] for i in kept] if written else []
    across = int(np.ceil(np.sqrt(len(held) * height / width)))
    across = min(len(held), max(1, across))
    down = -(-len(held) // across)
    thin = max(1, -(-max(across * width, down * height) // FINEST))
    held = held[:, ::thin, ::thin]
    palette = palette_of(ax)
    h, w = held.shape[1:]
    gap = max(1, round(0.07 * max(h, w)))
    sheet = np.full((down * (h + gap) - gap, across * (w + gap) - gap), np.nan)
    for i, channel in enumerate(held):
        top, left = (i // across) * (h + gap), (i % across) * (w + gap)
        sheet[top : top + h, left : left + w] = channel
    low, high = _limits(held)
    signed = low < 0 < high
    shown = ax.imshow(
        np.ma.masked_invalid(sheet.clip(low, high)),
        cmap=_cmap(palette.paper, signed),
        vmin=-max(-low, high) if signed else low,
        vmax=max(-low, high) if signed else high,
        interpolation="nearest",
    )
    for i, name in enumerate(written):
        ax.text(
            (i % across) * (w + gap) - 0.5 + 0.03 * w,
            (i // across) * (h + gap) - 0.5 + 0.03 * h,
            name,
            fontsize=7,
            va="top",
            color="#ffffff",
            bbox={"facecolor": "#101418", "alpha": 0.7, "edgecolor": "none", "pad": 1},
        )
    colourbar(ax, shown, "")
    more = f", the {MOST} that vary most" if count > MOST else ""
    said = f"{count} channel{'s' * (count > 1)} of {height} x {width}{more}"
    dress(ax, said if title is None else title, grid=False)
    ax.set_axis_off()
    return ax


def activations(module: Any, x: Any) -> dict[str, Array]:
    """What each layer of a torch module gives for inputs, in the order in which they are called.

    Args:
        module: any `torch.nn.Module`, as `learner.module_`.
        x: a batch of inputs, (B, ...), NumPy or torch.

    Returns:
        name of the layer -> its output; layers that give no single tensor are left out, and of a layer that is called
        several times the last call is kept. The module stays in the mode it was in.
    """
    import torch

    found: dict[str, Array] = {}
    hooks = []
    for name, layer in module.named_modules():

        def keep(_: Any, __: Any, out: Any, name: str = name) -> None:
            if isinstance(out, torch.Tensor):
                found.pop(name, None)
                found[name or "output"] = out.detach().cpu().double().numpy()

        hooks.append(layer.register_forward_hook(keep))
    was = module.training
    try:
        with torch.no_grad():
            first = next(module.parameters(), torch.zeros(()))
            module.eval()(torch.as_tensor(np.asarray(x)).to(first.device, first.dtype))
    finally:
        module.train(was)
        for hook in hooks:
            hook.remove()
    return found


def _channels(maps: Any) -> Array:
    """(C, H, W) in float64."""
    maps = maps.detach().cpu().double().numpy() if hasattr(maps, "detach") else maps
    held: Array = np.asarray(maps, dtype=np.float64)
    held = held[0] if held.ndim == 4 and len(held) == 1 else held
    held = held[None] if held.ndim == 2 else held
    if held.ndim != 3 or not held.size:
        raise DataError(f"maps are (C, H, W) of one image, these have shape {np.shape(maps)}; take one row of a batch")
    return held


def _limits(held: Array) -> tuple[float, float]:
    """The range of colours: all values, but for logarithms that run to minus infinity."""
    finite = held[np.isfinite(held)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if low < high - DEPTH:
        low = float(np.quantile(finite, 0.02))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _cmap(paper: str, signed: bool) -> Any:
    import matplotlib as mpl

    held = mpl.colormaps["PuOr_r" if signed else "cividis"]
    return held.with_extremes(bad=paper)
