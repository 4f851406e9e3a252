"""`ResNet18`: torchvision's, from random init, for images of any number of channels."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from spoton.errors import Refused
from spoton.nets._head import YRange, head
from spoton.nets._parts import check_images


class ResNet18(nn.Module):
    """He et al., "Deep residual learning", 2015, as in torchvision: the backbone that missed the points of 2020.

    Args:
        in_shape: (C, H, W).
        n_out: number of outputs.
        y_range: (lo, hi), each with one value an output; None for no sigmoid.

    Shape: (B, C, H, W) -> (B, n_out).

    Raises:
        Refused: the inputs are no images.
    """

    def __init__(self, in_shape: Sequence[int] = (1, 28, 28), n_out: int = 2, *, y_range: YRange = None) -> None:
        super().__init__()
        if len(in_shape) != 3:
            raise Refused("resnet18 takes images, and this task is a table; take basenet or fastai-tabular")
        from torchvision.models import resnet18

        self.backbone = resnet18(weights=None, num_classes=n_out)
        self.channels = int(in_shape[0])
        self.backbone.conv1 = nn.Conv2d(in_shape[0], 64, kernel_size=7, stride=2, padding=3, bias=False)
        nn.init.kaiming_normal_(self.backbone.conv1.weight, mode="fan_out", nonlinearity="relu")  # as torchvision does
        self.head = head(y_range)

    def forward(self, x: Tensor) -> Tensor:
        """Answers (B, n_out)."""
        check_images(x, self, self.channels)
        out: Tensor = self.head(self.backbone(x))
        return out
