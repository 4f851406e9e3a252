"""`GatedSpot`: exact points where what is asked for depends on what the image shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from spoton.layers import GatedPoint, GatedPointNLL, Jitter, NeighbourGate, point_candidates
from spoton.layers._candidates import PER_AXIS
from spoton.nets._head import YRange
from spoton.nets._parts import check_images, image_shape, points_of


def classifier_body(channels: int, width: int) -> nn.Sequential:
    """Jitter, three 3 x 3 convolutions with batch normalisation and pooling: (B, C, H, W) -> (B, 16 width)."""
    layers: list[nn.Module] = [Jitter()]
    for n_in, n_out in ((channels, width), (width, 2 * width), (2 * width, 4 * width)):
        layers += [nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
        if n_out < 4 * width:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten())


class GatedSpot(nn.Module):
    """A small convolutional net chooses among the candidates of `SpotNet`; it is told no classes.

    The convolutions see the image jittered (small shifts, turns, scalings), since what an image shows does not depend
    on them; the scans see the image as it is. Trained on -log sum over pairs of g P(answer): see `GatedPoint`.

    Args:
        in_shape: (C, H, W).
        n_out: number of coordinates: consecutive pairs (x, y).
        width: channels of the first convolution; 16 gives 36,000 parameters.
        y_range: not used; positions are always in the image.

    Shape: (B, C, H, W) -> (log_gates (B, P, 7, 7), log_x (B, 7, W), log_y (B, 7, H)); `decode` makes pixels of them.

    Raises:
        Refused: the inputs are no images, or the outputs are no pairs.
    """

    criterion = GatedPointNLL
    uses_kernels = True
    lr_factors: ClassVar[dict[str, float]] = {"gate.*": 25.0}  # a threshold moves further than a filter's weight

    def __init__(
        self, in_shape: Sequence[int] = (1, 28, 28), n_out: int = 2, *, width: int = 16, y_range: YRange = None
    ) -> None:
        super().__init__()
        self.channels = channels = image_shape(in_shape, "gatedspot")[0]
        self.gate = NeighbourGate()
        self.body = classifier_body(channels, width)
        self.head = GatedPoint(16 * width, points_of(n_out, "gatedspot"), (PER_AXIS, PER_AXIS))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities of the pairs of candidates, and of the candidates."""
        check_images(x, self, self.channels)
        out: tuple[Tensor, Tensor, Tensor] = self.head(self.body(x), *point_candidates(self.gate(x.amax(dim=1))))
        return out

    def decode(self, found: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """The most probable point in pixels, (B, n_out)."""
        return self.head.decode(found)
