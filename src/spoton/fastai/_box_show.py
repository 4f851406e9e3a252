"""`show_boxes`: images with boxes, names, scores and keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np

from spoton.errors import UsageError

# colours that are told apart on most photographs, by most eyes (Okabe and Ito)
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#0072b2")


def show_boxes(
    images: Any,
    targets: Any,
    classes: Sequence[str] | None = None,
    *,
    score: float = 0.5,
    columns: int = 3,
    size: float = 3.0,
    axes: Any = None,
) -> Any:
    """Draw images with their boxes.

    Args:
        images: tensors (C, H, W) from 0 to 1, or what `predict_boxes` takes; or one of them.
        targets: as many dicts: of a batch, or of `predict_boxes`. Keypoints with v = 0 are left out.
        classes: names of the labels 1, 2, ... where labels are numbers.
        score: predictions below it are left out.
        columns: images side by side.
        size: inches an image.
        axes: as many of matplotlib's Axes, or one; new ones by default.

    Returns:
        A list of Axes; `axes[0].figure` is the figure. Coordinates of the axes are those of boxes: (0, 0) is the corner
        of the image.

    Raises:
        UsageError: not as many targets as images, or too few Axes.

    Example:
        >>> show_boxes(paths, predict_boxes(learn, paths))  # doctest: +SKIP
    """
    from spoton.fastai._box_dls import image_tensor

    if isinstance(targets, dict):
        images, targets = [images], [targets]
    images, targets = list(images), list(targets)
    if not images or len(images) != len(targets):
        raise UsageError(f"one target an image is drawn, these are {len(images)} images and {len(targets)} targets")
    if axes is None:
        import matplotlib.pyplot as plt

        rows = ceil(len(images) / columns)
        shape = rows, min(columns, len(images))
        figure, grid = plt.subplots(*shape, figsize=(size * shape[1], size * rows), squeeze=False, layout="constrained")
        chosen = list(grid.ravel())
        for spare in chosen[len(images) :]:
            figure.delaxes(spare)
    else:
        chosen = list(np.ravel(axes))
        if len(chosen) < len(images):
            raise UsageError(f"there are {len(images)} images and {len(chosen)} axes; give an axes for each")
    for ax, image, target in zip(chosen, images, targets, strict=False):
        _draw(ax, image_tensor(image), target, classes, score)
    return chosen[: len(images)]


def _draw(ax: Any, image: Any, target: Any, classes: Sequence[str] | None, score: float) -> None:
    from matplotlib.patches import Rectangle

    _, height, width = image.shape
    # from edge to edge, where matplotlib's own choice has (0, 0) in the centre of a pixel
    ax.imshow(image.permute(1, 2, 0).cpu().numpy(), extent=(0, width, height, 0), interpolation="nearest")
    ax.set_axis_off()
    for i, box in enumerate(target["boxes"].tolist()):
        if "scores" in target and float(target["scores"][i]) < score:
            continue
        label = target["labels"][i]
        if isinstance(label, str):
            name = label
            number = list(classes).index(name) + 1 if classes is not None and name in classes else sum(map(ord, name))
        else:
            number = int(label)
            name = str(number) if classes is None else classes[number - 1]
        colour = COLOURS[number % len(COLOURS)]
        said = f"{name} {float(target['scores'][i]):.2f}" if "scores" in target else name
        left, top, right, bottom = box
        ax.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour, linewidth=1.5))
        ax.text(left, top, said, color="black", fontsize=7, va="bottom", bbox={"facecolor": colour, "pad": 1, "lw": 0})
        if "keypoints" in target:
            points = target["keypoints"][i].cpu()
            seen = points[:, 2] > 0
            ax.plot(points[seen, 0], points[seen, 1], "o", color=colour, markeredgecolor="black", markersize=4)
