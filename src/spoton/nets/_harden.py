"""`harden`: a trained net as the rule that it learned. Comparisons and whole pixels instead of probabilities."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spoton.data import as_input, is_images
from spoton.errors import DataError, UsageError
from spoton.layers import InkGate, NeighbourGate, ink_logits
from spoton.layers._candidates import CANDIDATES, hard_candidates
from spoton.layers._gated import hard_gated_point
from spoton.nets._gatedspot import GatedSpot
from spoton.nets._graphs import check_suffix, to_graph, whole_file, write_graph
from spoton.nets._parts import check_images
from spoton.nets._spotnet import SpotNet

ROWS = 64  # images at a time where the two forms are compared
SHOWN = 5  # rows that the error names
# e^-40 is nothing beside 1, and much smaller numbers are denormal, which makes CPUs ten times slower
CERTAIN = 40.0


class HardGate(nn.Module):
    """The decision m > 1/2 of an ink gate.

    Of an `InkGate` this is x > t. A `NeighbourGate` has m = r / (1 + r) (1 - q), where r = (x / t)^n and q, the
    probability that no neighbour is ink, is the product of (1 + r_j)^-w_j; so m > 1/2 where 1 / r + 2 q < 1. On images
    of 256 grey levels this too is a threshold, unless there is a level for which the neighbours matter.

    Args:
        gate: `InkGate` or `NeighbourGate`; None for a fresh one.
        grey: the images have 256 levels, k / 255.

    Shape: (..., H, W) -> the same, above 0 where a pixel is ink.

    Raises:
        UsageError: another gate.
    """

    threshold: Tensor
    weights: Tensor | None

    def __init__(self, gate: nn.Module | None = None, grey: bool = False) -> None:
        super().__init__()
        gate = NeighbourGate() if gate is None else copy.deepcopy(gate).requires_grad_(False)
        if not isinstance(gate, InkGate | NeighbourGate):
            raise UsageError(f"harden knows the gates InkGate and NeighbourGate, not {type(gate).__name__}")
        self.ink = gate if isinstance(gate, InkGate) else gate.ink
        self.register_buffer("threshold", self.ink.log_threshold.exp())
        self.register_buffer("weights", None)
        if isinstance(gate, NeighbourGate):
            weights = F.softplus(gate.pull)
            levels = self._evidence(torch.arange(256, device=weights.device) / 255)
            first = _first_level(levels, weights) if grey else 0
            if first:
                self.threshold.fill_((first - 0.5) / 255)
            else:
                self.weights = weights

    def forward(self, x: Tensor) -> Tensor:
        """By how much a pixel is ink."""
        if self.weights is None:
            return x - self.threshold
        evidence = self._evidence(x)
        flat = F.softplus(evidence).reshape(-1, 1, *x.shape[-2:])
        company = F.conv2d(flat, self.weights.to(x.dtype)[None, None], padding=self.weights.shape[-1] // 2)
        return _decision(evidence, company.reshape(x.shape))

    def _evidence(self, x: Tensor) -> Tensor:
        return ink_logits(x, self.ink.log_threshold, self.ink.log_sharpness, self.ink.floor).clamp_min(-CERTAIN)

    def extra_repr(self) -> str:
        """The rule."""
        return f"ink is x > {self.threshold.item():.4g}{'' if self.weights is None else ', in company'}"


def _decision(evidence: Tensor, company: Tensor) -> Tensor:
    """1 - 1 / r - 2 q, from log r and -log q: these do not overflow."""
    return 1 - torch.exp(-evidence.clamp(max=CERTAIN)) - 2 * torch.exp(-company.clamp(max=CERTAIN))


def _first_level(levels: Tensor, weights: Tensor) -> int:
    """The darkest grey level that is ink, alone as well as among the brightest neighbours; 0 if there is none."""
    counts, middle = F.softplus(levels), weights[weights.shape[0] // 2, weights.shape[1] // 2]
    alone = _decision(levels, middle * counts) > 0
    among = _decision(levels, middle * counts + (weights.sum() - middle) * counts[-1]) > 0
    return int(among.int().argmax()) if torch.equal(alone, among) else 0


class HardNet(nn.Module):
    """The hard form of a `SpotNet` or a `GatedSpot`, always in evaluation; `harden` makes it and checks it.

    Ink is decided pixel by pixel, the candidates are read off it as whole pixels, and each output takes the candidate
    that counts most (`SpotNet`), or each point the pixel that the image's features vote for (`GatedSpot`).

    Args:
        net: trained; None for a fresh `SpotNet`.
        in_shape: (C, H, W) of the images that it was checked on.
        grey: these have 256 levels, k / 255; see `HardGate`.

    Attributes:
        agreement: share of the images that it was checked on for which the soft net gives the same points.
        rows: how many images these were.
        different: (n,) which of them get other points.

    Shape: (B, C, H, W) -> pixels (B, n_out), int64; -1 where there is no ink.

    Raises:
        UsageError: a net without a hard form.
    """

    chosen: Tensor

    def __init__(self, net: nn.Module | None = None, in_shape: Sequence[int] = (1, 28, 28), grey: bool = False) -> None:
        super().__init__()
        net = SpotNet() if net is None else net
        if not isinstance(net, SpotNet | GatedSpot):
            raise UsageError(
                f"harden takes a trained SpotNet or GatedSpot; {type(net).__name__} reads its answers off learned "
                "numbers, which have no hard form"
            )
        self.gate = HardGate(net.gate, grey)
        self.body, self.head = None, None
        if isinstance(net, SpotNet):
            self.register_buffer("chosen", net.select.weights.detach().argmax(dim=-1))
        else:
            self.body, self.head = (copy.deepcopy(part).requires_grad_(False) for part in (net.body, net.head))
        self.in_shape, self.any_size = tuple(in_shape), isinstance(net, SpotNet)
        self.agreement, self.rows, self.different = float("nan"), 0, np.zeros(0, dtype=np.int64)
        self.eval()

    def train(self, mode: bool = True) -> HardNet:
        """Nothing: there is nothing left to train."""
        return super().train(False)

    def forward(self, x: Tensor) -> Tensor:
        """The points."""
        check_images(x, self, *(() if self.any_size else self.in_shape[:1]))
        candidates = hard_candidates(self.gate(x.amax(dim=1)))
        if self.body is None or self.head is None:
            return torch.cat(candidates, dim=-1).index_select(-1, self.chosen)
        return hard_gated_point(*self.head(self.body(x), *candidates))

    def export(self, path: str | Path) -> Path:
        """Write it for other programs: `.onnx`, or `.pt2` for `torch.export.load`.

        One input, images (B, C, H, W) as the net was trained on, float32; one output, pixels (B, n_out), int64. B is
        left open, and of a `SpotNet` H and W.

        Raises:
            UsageError: another suffix, or no such folder.
            MissingExtra: the extra `onnx` is not installed.
            DataError: the disk does not take it.
        """
        path = Path(path)
        check_suffix(path)
        # sizes that all differ, so that no two axes are taken for each other
        channels, height, width = (self.in_shape[0], 5, 7) if self.any_size else self.in_shape
        axes = {0: "batch", 2: "height", 3: "width"} if self.any_size else {0: "batch"}
        program = to_graph(copy.deepcopy(self).cpu(), torch.zeros(2, channels, height, width), axes)
        with whole_file(path) as partial:
            write_graph(program, partial, ("images", "points"), axes)
        return path

    def extra_repr(self) -> str:
        """The candidates that are taken, and what was checked."""
        if self.any_size:
            names = [*(f"{name} x" for name in CANDIDATES[0]), *(f"{name} y" for name in CANDIDATES[1])]
            rule = f"outputs=({', '.join(names[i] for i in self.chosen)}), "
        else:
            rule = ""
        return f"{rule}agreement={self.agreement:.6g} on {self.rows} images"


def harden(net: nn.Module, X: Any, *, atleast: float = 1.0) -> HardNet:
    """The hard form of a trained net, and the proof on given images that it decodes the same points.

    A soft net can prefer a faint pixel, met first, to a clear one; where its gate has become sharp, it does not. So it
    is tried out: both forms answer for each image of X.

    Args:
        net: a trained `SpotNet` or `GatedSpot`; it is left as it is.
        X: images (n, H, W) or (n, C, H, W), an array or a tensor, uint8 (scaled to 0..1) or float.
        atleast: the smallest share of X for which all points have to agree.

    Returns:
        The hard net, with `agreement` and `different`, and `export(path)` to ONNX or `.pt2`.

    Raises:
        UsageError: a net without a hard form, or `atleast` is no share.
        DataError: X holds no images, or the points differ on too many of them.

    Limits: an image without ink has the hard answer -1, and none in the soft net, so the two differ there.

    Example:
        >>> from spoton import get_learner, get_task
        >>> data = get_task("pnist/topleft").data()
        >>> learner = get_learner("spotnet").set_params(random_state=0).fit(data.X, data.y)
        >>> harden(learner.module_, data.X).agreement
        1.0
    """
    if not 0 <= atleast <= 1:
        raise UsageError(f"atleast is the share of images that have to agree, 0 to 1, not {atleast}")
    images = as_input(X.numpy(force=True) if isinstance(X, Tensor) else X)
    if not is_images(images) or not len(images):
        raise DataError(f"harden checks the points on images (n, C, H, W), 1 or more, not on shape {np.shape(images)}")
    soft = copy.deepcopy(net).eval()
    within = images.min() >= 0 and images.max() <= 1
    grey = bool(within and np.allclose(images * 255, np.rint(images * 255), rtol=0, atol=1e-3))
    hard = HardNet(net, images.shape[1:], grey).to(next(net.parameters()).device)
    same = np.concatenate([_same(soft, hard, images[i : i + ROWS]) for i in range(0, len(images), ROWS)])
    hard.agreement, hard.rows, hard.different = float(same.mean()), len(same), np.flatnonzero(~same)
    if hard.agreement < atleast:
        shown = ", ".join(map(str, hard.different[:SHOWN])) + (", ..." if len(hard.different) > SHOWN else "")
        raise DataError(
            f"the hard form gives other points on {len(hard.different)} of {len(same)} images (rows {shown}), and "
            f"atleast={atleast:g} of them have to agree; train longer, so that the gate becomes sharp, or lower atleast"
        )
    return hard


@torch.no_grad()
def _same(soft: nn.Module, hard: HardNet, images: Any) -> Any:
    """For each image, whether both forms give the same points."""
    decode: Any = soft.decode
    like = next(soft.parameters())
    x = torch.tensor(images, device=like.device, dtype=like.dtype)
    return (decode(soft(x)) == hard(x)).all(dim=-1).numpy(force=True)
