"""Does something move the images and leave the points where they were?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from spoton.data import Array, PointData
from spoton.learners import TorchRegressor, model_of
from spoton.why._alter import net_change
from spoton.why._change import Change
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._study import Study
from spoton.why.probes._built import built

# beginnings of the names of transforms that move what is in an image, in torchvision, kornia and fastai
MOVES = (
    *("RandomAffine", "RandomRotation", "RandomPerspective", "RandomCrop", "RandomResizedCrop", "RandomHorizontalFlip"),
    *("RandomVerticalFlip", "RandomTranslate", "RandomShear", "RandomElastic", "RandomThinPlateSpline", "RandomZoom"),
    *("ElasticTransform", "TrivialAugment", "RandAugment", "AutoAugment", "AugMix", "AffineCoordTfm", "Rotate", "Flip"),
    *("Dihedral", "Warp", "Zoom"),
)
LIBRARIES = ("torchvision", "kornia", "fastai")
FEW = 5  # pairs of images that are moved copies, from which on there is something to tell
CONSTANT = 0.9  # share of pairs whose point did not move


class Augmentation(Probe):
    """Transforms within the net that move images in training, and moved copies among the rows that share a point."""

    name = "augmentation"
    about = "augmentation that moves the image but not the point"

    def look(self, study: Study) -> Iterable[Fact]:
        if not (study.train.images and study.train.points):
            return
        if moves := _moves_of(study):
            yield Fact(
                self.name,
                f"the net moves its images in training ({', '.join(moves)}), and the points stay where they were: "
                "consistent with answers that are wrong for what the net sees",
                advice="move the points along (kornia.augmentation with data_keys, torchvision.transforms.v2 with "
                "keypoints), or leave these transforms out",
                picture=_moved(study),
            )
        yield from self._copies(study.train)

    def changes(self, study: Study) -> Iterable[Change]:
        if study.train.images and _moves_of(study):
            yield from net_change(
                study,
                self.name,
                "leave out the transforms that move the image",
                "augmentation that moves the image but not the point",
                without_moves,
                "from spoton.why.probes import without_moves\n\nwithout_moves(net)  # in place",
                "augmentation",
            )

    def _copies(self, data: PointData) -> Iterator[Fact]:
        """Images with the same ink at another place."""
        offsets, pairs = moved_copies(np.asarray(data.X))
        if len(pairs) < FEW:
            return
        for x_name, y_name in data.points:
            points = data.y[[x_name, y_name]].to_numpy(dtype=np.float64)
            moved = points[pairs[:, 1]] - points[pairs[:, 0]]
            still = (np.abs(moved) < 1e-9).all(axis=1)
            if still.mean() >= CONSTANT:
                yield Fact(
                    self.name,
                    f"{len(pairs)} pairs of images hold the same ink at places up to {np.abs(offsets).max():.0f} "
                    f"pixels apart, and {x_name}, {y_name} do not move with it in {100 * still.mean():.0f} % of them: "
                    "consistent with augmentation that moved the image but not the point",
                    fault=True,
                    advice="move the points by as much as their images, or leave the moved copies out",
                    picture=_pair("Two rows of one point", *np.asarray(data.X)[pairs[still][0]]),
                )


def moved_copies(images: Array) -> tuple[Array, Array]:
    """Pairs of images that are one another's copies at another place.

    Args:
        images: (n, C, H, W), the ink above a background of one value.

    Returns:
        (m, 2) how far the second lies from the first, (x, y), and (m, 2) the rows of both.
    """
    dark = images.min()
    inked = (images > dark).any(axis=1)
    by_ink: dict[tuple[Any, ...], list[tuple[int, int, int]]] = defaultdict(list)
    for row, mask in enumerate(inked):
        if not mask.any():
            continue
        ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        part = images[row][:, ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
        by_ink[(part.shape, hash(np.ascontiguousarray(part).tobytes()))].append((row, int(xs[0]), int(ys[0])))
    offsets, pairs = [], []
    for found in by_ink.values():
        for (one, x0, y0), (two, x1, y1) in pairwise(found):
            if (x0, y0) != (x1, y1):
                offsets.append((x1 - x0, y1 - y0))
                pairs.append((one, two))
    return np.array(offsets, dtype=float).reshape(-1, 2), np.array(pairs, dtype=int).reshape(-1, 2)


def is_move(part: Any) -> bool:
    """Whether it is a transform of torchvision, kornia or fastai that moves what is in an image."""
    kind = type(part)
    return kind.__module__.partition(".")[0] in LIBRARIES and kind.__name__.startswith(MOVES)


def without_moves(net: Any) -> None:
    """Such transforms become nothing, in place."""
    from torch import nn

    for name, part in list(net.named_children()):
        if is_move(part):
            setattr(net, name, nn.Identity())
        else:
            without_moves(part)


def _moves_of(study: Study) -> list[str]:
    """Names of such transforms within the learner's net."""
    return sorted({type(part).__name__ for part in _moves(study)})


def _moves(study: Study) -> list[Any]:
    """Such transforms within the learner's net."""
    model = model_of(study.subject.estimator)
    net = built(study, model) if isinstance(model, TorchRegressor) else None
    return [] if net is None else [part for part in net.modules() if is_move(part)]


def _moved(study: Study) -> Picture | None:
    """A training image, and what the first of the transforms makes of it; None where it takes no single image."""
    import torch

    image = np.asarray(study.train.X)[:1]
    part = _moves(study)[0]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        try:
            seen = np.asarray(part(torch.tensor(image)))
        except Exception:  # somebody else's code: the words are there all the same
            return None
    return _pair("An image, and what the net is shown", image[0], seen[0]) if seen.shape == image.shape else None


def _pair(title: str, one: Array, two: Array) -> Picture:
    """Two images (C, H, W) beside one another."""
    grey = np.concatenate([one.mean(axis=0), np.full((one.shape[1], 1), np.nan), two.mean(axis=0)], axis=1)
    grey = (grey - np.nanmin(grey)) / (np.nanmax(grey) - np.nanmin(grey) or 1.0)
    rows = np.nan_to_num(grey, nan=0.5).round(3)  # a line between them
    return Picture("image", title, "x, pixels", "y, pixels", rows=tuple(map(tuple, rows.tolist())))
