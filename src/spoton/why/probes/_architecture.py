"""Does the net see where it is? The same net with channels before it that say so, a skip beside it, other pooling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from sklearn.base import BaseEstimator, clone

from spoton.learners import FastaiRegressor, PointFeatures, TorchRegressor, model_of
from spoton.why._alter import net_change
from spoton.why._change import Apply, Change
from spoton.why._probe import Probe
from spoton.why._study import Study
from spoton.why.probes._answers import limits_code
from spoton.why.probes._built import built
from spoton.why.probes._skip import with_skip

if TYPE_CHECKING:
    from torch import nn

SCANNING = ("SpotNet", "GatedSpot", "LogScanNet", "ResNet18LogScan", "UNetHeatmap", "UNetDSNT")
LAYERS = {
    "LogScan": ("put LogScan channels before the net", "a net that cannot tell the first ink from other ink"),
    "CoordChannels": ("put coordinate channels before the net", "a net that does not know where it is"),
}
POOLS = {
    "max": "pool by the maximum instead of the average",
    "max and min": "pool half of the channels by the maximum and half by the minimum instead of the average",
}
NETS = (TorchRegressor, FastaiRegressor)


class Architecture(Probe):
    """The same net with `LogScan` or coordinate channels, a sparse linear skip, or maxima instead of averages."""

    name = "architecture"
    about = "the net itself: LogScan channels, coordinate channels, a sparse linear skip, pooling"

    def changes(self, study: Study) -> Iterable[Change]:
        model = model_of(study.subject.estimator)
        if isinstance(model, TorchRegressor) and study.train.images and not _on_features(study):
            yield from self._channels(model)
            yield from self._pools(study, model)
        yield from self._skip(study, model)

    def _channels(self, model: TorchRegressor) -> Iterator[Change]:
        if isinstance(model.net, str) and model.net in SCANNING:
            return
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

    def _pools(self, study: Study, model: TorchRegressor) -> Iterator[Change]:
        from spoton.why.probes._pooling import averages

        net = built(study, model)
        if net is None or not averages(net):
            return
        for pool, words in POOLS.items():
            yield from net_change(
                study,
                self.name,
                words,
                "average pooling, which forgets where things are",
                partial(without_averages, pool=pool),
                f'from spoton.why.probes import without_averages\n\nnet = without_averages(net, "{pool}")  # in place',
                "pooling",
            )

    def _skip(self, study: Study, model: BaseEstimator) -> Iterator[Change]:
        """Beside nets only: trees and least squares have paths of their own."""
        if study.task.kind == "class" or not (isinstance(model, NETS) or _is_mlp(model)):
            return
        if isinstance(model, TorchRegressor):
            net = built(study, model)
            if net is None or hasattr(net, "decode"):
                return  # it points at pixels, and what a path leaves is none
        X = study.train.X
        if isinstance(X, pd.DataFrame) and not all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes):
            return
        yield Change(
            self.name,
            "put a sparse linear skip beside the net",
            "a linear part of the law that the net does not find among its inputs",
            with_skip,
            f"from spoton.why.probes import with_skip\n\n{limits_code(study.subject.estimator)}"
            "learner = with_skip(learner)",
            group="skip",
            bypass=True,
        )


def without_averages(net: nn.Module, pool: str) -> nn.Module:
    """The net with other pooling instead of averages, in place.

    Args:
        net: any. pool: `max`, or `max and min`: half of the channels by the maximum, the others by the minimum.
    """
    from spoton.why.probes import _pooling

    return _pooling.without_averages(net, pool)


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


def _on_features(study: Study) -> bool:
    """Whether the learner sees features, and no image."""
    parts = study.subject.estimator.get_params().values()
    return any(isinstance(part, PointFeatures) for part in parts)


def _is_mlp(model: BaseEstimator) -> bool:
    from sklearn.neural_network import MLPRegressor

    return isinstance(model, MLPRegressor)
