"""Wrong inputs get a sentence that says what came, and nothing wrong passes in silence; empty batches do pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from spoton import layers
from spoton.errors import DataError, UsageError


def channel(z: Tensor) -> Tensor:
    """Maps (B, H, W) as images."""
    return z.unsqueeze(1) if z.ndim > 1 else z


MAPS: dict[str, Callable[[Tensor], object]] = {
    "raster_first": layers.raster_first,
    "RasterFirst": layers.RasterFirst(),
    "scan_ends": layers.scan_ends,
    "extents": layers.extents,
    "point_candidates": layers.point_candidates,
    "raster_points": layers.raster_points,
    "raster_points hard": lambda z: layers.raster_points(z, mode="hard"),
    "log_scan": layers.log_scan,
    "neighbour_logits": layers.NeighbourGate(),
    "soft_argmax2d": layers.soft_argmax2d,
    "dsnt": layers.dsnt,
    "centroid": layers.centroid,
    "decode_heatmap": layers.decode_heatmap,
    "CoordChannels": lambda z: layers.coord_channels(channel(z)),
    "LogScan": lambda z: layers.LogScan()(channel(z)),
    "min_max_pool": lambda z: layers.min_max_pool(channel(z)),
    "Jitter": lambda z: layers.jitter(channel(z)),
    "KeypointHead": lambda z: layers.KeypointHead(1)(channel(z)),
}
LISTS: dict[str, Callable[[Tensor], object]] = {
    "first_index": layers.first_index,
    "first_index hard": lambda z: layers.first_index(z, mode="hard"),
    "decode_axis": layers.decode_axis,
    "midpoint": lambda z: layers.midpoint(z, z),
    "soft_argmax": layers.soft_argmax,
    "soft_rank": layers.soft_rank,
    "log_order": layers.log_order,
    "soft_sort": layers.soft_sort,
}


@pytest.mark.parametrize("name", [*MAPS, *LISTS])
def test_inputs_that_are_none(name: str) -> None:
    layer = MAPS.get(name) or LISTS[name]
    z = torch.zeros(2, 4, 5)
    for dtype in (torch.uint8, torch.int64, torch.bool):
        with pytest.raises(DataError, match=rf"this is of {dtype}; give x.float\(\)"):
            layer(z.to(dtype))
    with pytest.raises(DataError, match=r"something along each of these axes"):
        layer(z[:, :, :0])
    with pytest.raises(DataError, match=r"add the axes that lack|\(B, C, H, W\)"):
        layer(z[0, 0] if name in MAPS else z[0, 0, 0])
    layer(z[:0])


def test_pixel_values_are_no_bytes() -> None:
    with pytest.raises(DataError, match=r"of torch.uint8; give x.float\(\), and x / 255 of grey levels"):
        layers.InkGate()(torch.zeros(2, 3, dtype=torch.uint8))
    with pytest.raises(DataError, match="this is a list; make a tensor of it"):
        layers.raster_first([[0.0, 1.0]])  # type: ignore[arg-type]


LOG_P = torch.zeros(4, 2, 9).log_softmax(-1)
FOUND = layers.GatedPoint(3)(torch.zeros(4, 3), *layers.point_candidates(torch.zeros(4, 5, 9)))
LOSSES: dict[str, Callable[[Tensor], Tensor]] = {
    "point_nll": lambda y: layers.point_nll(LOG_P, y),
    "mixture_nll": lambda y: layers.mixture_nll(torch.zeros(4, 1), LOG_P[:, None], y),
    "gated_point_nll": lambda y: layers.gated_point_nll(*FOUND, y),
    "half_pixel_huber": lambda y: layers.half_pixel_huber(torch.zeros(4, 2), y),
    "root_squared_error": lambda y: layers.root_squared_error(torch.zeros(4, 2), y),
    "pointer_nll": lambda y: layers.pointer_nll(LOG_P, torch.zeros(4, 9), y),
}


@pytest.mark.parametrize("name", LOSSES)
def test_answers_of_another_shape(name: str) -> None:
    """Many of them would broadcast, or be read in part."""
    loss = LOSSES[name]
    assert loss(torch.ones(4, 2)).isfinite()
    for shape in ((4,), (4, 1), (2, 4), (1, 2), (4, 2, 1), (4, 4)):
        with pytest.raises(DataError, match="answers have the shape"):
            loss(torch.ones(shape))


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "pointer_nll"])
def test_answers_that_are_no_numbers_are_not_hidden(name: str) -> None:
    y = torch.ones(4, 2)
    y[1, 0] = torch.nan
    assert LOSSES[name](y).isnan()


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "scan": (lambda: layers.raster_first(torch.zeros(3, 3), "up"), "no scan is called 'up'; known: topleft"),
    "threshold": (lambda: layers.InkGate(threshold=0), "threshold of a gate is a positive number, not 0"),
    "sharpness": (lambda: layers.InkGate(sharpness=-1), "sharpness of a gate is a positive number, not -1"),
    "floor": (lambda: layers.InkGate(floor=0), "floor of a gate"),
    "size": (lambda: layers.NeighbourGate(2.5), "its size is odd"),  # type: ignore[arg-type]
    "candidates": (lambda: layers.SelectHead(0), "1 or more candidates, not 0"),
    "points": (lambda: layers.KeypointHead(4, 0), "1 or more points, not 0"),
    "features": (lambda: layers.GatedPoint(0), "1 or more features, not 0"),
    "temperature": (lambda: layers.soft_argmax(torch.zeros(3), temperature=0), "temperature has to be positive"),
    "sharp": (lambda: layers.soft_argmax2d(torch.zeros(3, 3), 0), "temperature has to be positive"),
    "radius": (lambda: layers.DecodeHeatmap("local", 0), "radius of 1 pixel or more"),
    "limits": (lambda: layers.RangeHead([0, 1], [2, 3, 4]), "one lo and one hi an output, these are 2 and 3"),
    "scale": (lambda: layers.Jitter(scale=2), "scale is a share below 1"),
    "chosen": (lambda: layers.SelectHead(14)(torch.zeros(2, 1, 5)), "among 14 candidates, these are 1"),
    "ends": (lambda: layers.midpoint(LOG_P, LOG_P[:, :1]), "of the first"),
    "gates": (lambda: layers.decode_gated_point(FOUND[0], FOUND[1][:, :3], FOUND[2]), "these are .* for 3 and 7"),
    "vector": (lambda: layers.GatedPoint(3)(torch.zeros(4, 2), *FOUND[1:]), "takes 3 features an image"),
    "gaussian": (lambda: layers.log_gaussian(torch.zeros(4, 4), (5, 6)), r"points \(\.\.\., 2\)"),
    "index": (lambda: layers.soft_index(torch.zeros(2, 5), torch.zeros(3, 2)), "have to broadcast"),
    "lookup": (lambda: layers.soft_lookup(torch.zeros(2, 5), torch.zeros(2, 3, 4)), "give one for each"),
    "values": (lambda: layers.pointer_nll(LOG_P, torch.zeros(4, 8), torch.zeros(4, 2)), "9 candidates need as many"),
    "axis": (
        lambda: layers.FirstIndex(dim=3)(torch.zeros(2, 3, 4)),
        r"\(2, 3, 4\) have no axis dim=3; give one of 0 to 2",
    ),
    "axis from the end": (lambda: layers.soft_rank(torch.zeros(4), dim=-2), "no axis dim=-2"),
    "axis of scores": (lambda: layers.soft_argmax(torch.zeros(4), dim=1), "scores of shape .* no axis dim=1"),
    "axis of values": (lambda: layers.soft_index(torch.zeros(4), torch.zeros(2), dim=1), "no axis dim=1"),
    "axis of a look-up": (lambda: layers.soft_lookup(torch.zeros(4), LOG_P, dim=1), "no axis dim=1"),
    "axis of an order": (lambda: layers.log_order(torch.zeros(4), dim=1), "no axis dim=1"),
    "columns": (lambda: layers.SparseLinear(4)(torch.zeros(3, 5)), r"takes 4 columns, these have the shape \(3, 5\)"),
    "groups": (lambda: layers.PointFeatures("pts11"), r"as in \['pts11'\]"),
    "places": (lambda: layers.log_places(torch.zeros(4), 0), "1 or more places"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name: str) -> None:
    call, words = WRONG[name]
    with pytest.raises((UsageError, DataError), match=words):
        call()
