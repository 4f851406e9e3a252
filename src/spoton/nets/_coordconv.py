"""`CoordConv`: a net that is told where each pixel is."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from spoton.layers import CoordChannels
from spoton.nets._head import YRange, head
from spoton.nets._parts import check_images, conv_block, image_shape


class CoordConv(nn.Module):
    """Liu et al., "An intriguing failing of convolutional neural networks and the CoordConv solution", 2018.

    Their net for regression, made wider: coordinate channels, 1 x 1 convolutions, 3 x 3 convolutions, and the maximum
    over all pixels. Other than there, a ReLU and batch normalisation follow each convolution, and a linear layer comes
    last: digits ask for more than the single bright pixel of theirs.

    Args:
        in_shape: (C, H, W).
        n_out: number of outputs.
        width: channels of the 1 x 1 convolutions; the 3 x 3 ones have twice as many.
        depth: number of 3 x 3 convolutions, the second and third with stride 2.
        y_range: (lo, hi), each with one value an output; None for no sigmoid.

    Shape: (B, C, H, W) -> (B, n_out).

    Raises:
        Refused: the inputs are no images.
    """

    def __init__(
        self,
        in_shape: Sequence[int] = (1, 28, 28),
        n_out: int = 2,
        *,
        width: int = 16,
        depth: int = 3,
        y_range: YRange = None,
    ) -> None:
        super().__init__()
        self.channels = channels = image_shape(in_shape, "coordconv")[0]
        coords = CoordChannels()
        layers: list[nn.Module] = [coords]
        for n_in in (channels + coords.extra, width, width):
            layers += [nn.Conv2d(n_in, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        for level in range(depth):
            layers.append(conv_block(2 * width if level else width, 2 * width, stride=2 if level in (1, 2) else 1))
        self.features = nn.Sequential(*layers)
        self.last = nn.Linear(2 * width if depth else width, n_out)
        self.head = head(y_range)

    def forward(self, x: Tensor) -> Tensor:
        """Answers (B, n_out)."""
        check_images(x, self, self.channels)
        out: Tensor = self.head(self.last(self.features(x).amax(dim=(-1, -2))))
        return out
