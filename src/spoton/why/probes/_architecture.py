"""Does the net see where it is? The same net with channels before it that say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator, clone

from spoton.learners import PointFeatures, TorchRegressor, model_of
from spoton.why._change import Apply, Change
from spoton.why._probe import Probe
from spoton.why._study import Study

if TYPE_CHECKING:
    from torch import nn

SCANNING = ("SpotNet", "GatedSpot", "LogScanNet", "ResNet18LogScan", "UNetHeatmap", "UNetDSNT")
LAYERS = {
    "LogScan": ("put LogScan channels before the net", "a net that cannot tell the first ink from other ink"),
    "CoordChannels": ("put coordinate channels before the net", "a net that does not know where it is"),
}


class Architecture(Probe):
    """The same torch net, with `LogScan` or coordinate channels beside those of the image."""

    name = "architecture"
    about = "the net itself: LogScan channels, coordinate channels before it"

    def changes(self, study: Study) -> Iterable[Change]:
        model = model_of(study.subject.estimator)
        if not (study.train.images and isinstance(model, TorchRegressor)) or model.net in SCANNING:
            return
        if any(isinstance(part, PointFeatures) for part in study.subject.estimator.get_params().values()):
            return  # it sees features, and no image
        for layer, (words, cause) in LAYERS.items():
            yield Change(
                self.name,
                words,
                cause,
                _with(layer),
                f"import torch\nfrom spoton.layers import {layer}\n\n"
                f"channels = {layer}()  # your net then takes C + channels.extra channels\n"
                "net = torch.nn.Sequential(channels, net)",
                group="channels",
            )


def with_channels(
    in_shape: Sequence[int], n_out: int, *, layer: str, net: Any, y_range: Any = None, **options: Any
) -> nn.Module:
    """A net on images with the channels of a layer of `spoton.layers` beside the image's own.

    Args:
        in_shape: (C, H, W). n_out: number of outputs. y_range: the net's.
        layer: `LogScan` or `CoordChannels`.
        net: what `TorchRegressor` takes. options: of the net.
    """
    import torch

    from spoton import layers
    from spoton.learners._torch import make_net

    before = getattr(layers, layer)()
    inner = make_net(net, (in_shape[0] + before.extra, *in_shape[1:]), n_out, y_range=y_range, **options)
    both: Any = torch.nn.Sequential(before, inner)
    for name in ("criterion", "decode", "check_answers"):
        if hasattr(inner, name):
            setattr(both, name, getattr(inner, name))
    found: nn.Module = both
    return found


def _with(layer: str) -> Apply:
    def apply(estimator: BaseEstimator) -> BaseEstimator:
        changed = clone(estimator)
        model = model_of(changed)
        options = {**(model.net_options or {}), "layer": layer, "net": model.net}
        model.set_params(net=with_channels, net_options=options)
        return changed

    return apply
