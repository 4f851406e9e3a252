"""What each example has to say. The same is asked of its page, and of the example when it is run."""

from __future__ import annotations

import re
from collections.abc import Callable

PICTURES = {
    "10_kinds_of_task": 2,
    "12_layer_in_your_net": 1,
    "20_804_columns": 2,
    "22_scaling_and_limits": 1,
    "30_sweeps_and_store": 1,
    "31_sql": 2,
    "40_from_failure_to_exact": 2,
    "41_your_own_points": 3,
    "50_why": 1,
    "60_cluster": 1,
}


def number(pattern: str, text: str) -> float:
    """The one group of the pattern."""
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in {text}"
    return float(found[1])


def kinds_of_task(text: str) -> None:
    assert len(re.findall(r"^pnist/\w+ .* of the first image: \[", text, flags=re.MULTILINE)) == 5
    shares = {}
    for line in re.findall(r"^pnist/\w+ +(?:accuracy|hit) .*$", text, flags=re.MULTILINE):
        name, _, *values = line.split()
        shares[name] = [float(value.rstrip("%-") or "nan") for value in values]  # mean, ridge, knn, ridge@pts, spotnet
    assert list(shares) == ["pnist/digit", "pnist/top", "pnist/topleft", "pnist/both", "pnist/box"]
    assert min(shares["pnist/digit"][1:4]) > 90
    assert 50 < shares["pnist/top"][1] < 90
    for name in ("pnist/topleft", "pnist/both", "pnist/box"):
        assert max(shares[name][:3]) < 20
        assert min(shares[name][3:]) >= 99
    assert number(r"ridge +mean IoU .* (\d+)% above .5", text) > 95
    assert number(r"ridge +mean IoU .* (\d+)% above .9", text) < 60
    assert number(r"spotnet +mean IoU (\S+),", text) > 0.999


def layer_in_your_net(text: str) -> None:
    assert number(r"a linear layer at the end: (\d+)%", text) < 50
    assert number(r"raster_first at the end: (\d+)%", text) >= 95
    assert number(r"a linear layer at the end, logarithms: (\d+)%", text) < 50
    assert number(r"on 56 x 56: (\d+)% exact", text) >= 95
    assert "exported by torch.export, and the same: True" in text


def columns_804(text: str) -> None:
    four = "answer_0, answer_1, answer_2, answer_3"
    assert f"these decide: {four}\n" in text
    assert number(r"columns as they are: 1 - R2 = (\S+)", text) < 1e-9
    assert 0.9 < number(r"standardised columns: R2 (\S+)", text) < 0.99
    for lr in ("0.003", "0.0003"):
        assert number(rf"Adam, lr {lr}: R2 (\S+),", text) < 0.9
        assert number(rf"Adam, lr {lr}: .* (\S+)% of the weights", text) < 10
    assert number(r"HypentropyDescent: R2 (\S+),", text) > 0.99999
    assert number(r"HypentropyDescent: .* (\S+)% of the weights", text) > 99.9
    assert f"columns: {four}\n" in text
    assert number(r"1 - R2 on held-out rows: (\S+)", text) < 1e-12
    assert 0.99 < number(r"a net with a sparse path: R2 (\S+)", text) < 0.99999
    assert f"its largest weights: {four}" in text


def scaling_and_limits(text: str) -> None:
    assert number(r"mlp\?max_iter=100: R2 (\S+),", text) < 0
    assert number(r"mlp\+ynorm\?max_iter=100: R2 (\S+),", text) > 0.5
    assert number(r"box-cox: R2 (\S+)", text) > number(r"standard: R2 (\S+)", text) + 0.1
    in_units, by_hand = re.search(r"in units: (\[.*?\]) by hand: (\[.*?\])", text).groups()  # type: ignore[union-attr]
    assert in_units == by_hand
    one, other = re.search(r"^R2 (\S+) and (\S+)$", text, flags=re.MULTILINE).groups()  # type: ignore[union-attr]
    assert one == other
    assert number(r"loaded: R2 (\S+),", text) > 0.9
    assert number(r"loaded: .* the first answer (\d+)", text) > 1900
    near = {
        kind: number(rf"limits {kind}: (\S+) pixels off near the ends", text)
        for kind in ("none", "the samples'", "half a range wider", "inside")
    }
    assert max(near["none"], near["half a range wider"]) < 0.6
    assert 0.8 < near["the samples'"] < near["inside"]


def sweeps_and_store(text: str) -> None:
    off = [float(found) for found in re.findall(r"seed \d: (\S+) pixels off", text)]
    assert len(off) == 4
    assert max(off[:2]) < 1 < min(off[2:])  # the chosen, and the learner as it was given
    before, after = re.search(r"(\d+) runs before, (\d+) after; chosen again: True", text).groups()  # type: ignore[union-attr]
    assert before == after
    assert re.search(r"^0 +linear@pts6 +2 +0\.0+ +1\.0+$", text, flags=re.MULTILINE)


def sql(text: str) -> None:
    assert "709 images, 103,609 pixels, in " in text
    assert "equal to the answers in all 709 images: True" in text
    assert "pts: equal (709 images x 72 columns)" in text
    assert "hits: topleft 100.0%, center 100.0%" in text
    assert re.search(r"columns that are topleft_x in every image: .*pts22_", text)


def from_failure_to_exact(text: str) -> None:
    assert 5 < number(r"ResNet18, valid: .* off, (\d+)% exact", text) < 60
    assert number(r"ResNet18, valid: R2 (\S+),", text) > 0.5
    assert number(r"right answer moves by (\S+) pixels", text) >= 1
    assert number(r"ResNet18 moves by (\S+) pixels", text) < 0.3
    assert number(r"SpotNet, 39 parameters, valid: (\S+)% exact", text) >= 99
    assert number(r"without the pixel its answer moves by (\S+) pixels", text) >= 1
    assert number(r"on 112 x 112: (\S+)% exact", text) >= 99
    assert number(r"fastai, R2: .* valid (\S+)\n", text) < 0.5
    assert number(r"with scale_target: train (\S+),", text) > 0.9
    assert number(r"with scale_target: .* valid (\S+)\n", text) < 0.8
    assert "columns ['answer_0', 'answer_1', 'answer_2', 'answer_3'] of ['answer_0'" in text
    assert number(r"SpotTable, valid: R2 (\S+)\n", text) > 0.9999
    assert number(r"with these columns and scale_target, valid: R2 (\S+)\n", text) > 0.98
    assert number(r"saved: R2 (\S+)\n", text) > 0.9
    assert number(r"loaded under another order: R2 (\S+)\n", text) < 0.5
    assert "four was saved with its columns in another order" in text
    assert "with cont_names=['size', 'rooms', 'year', 'storey']; give that order" in text


def your_own_points(text: str) -> None:
    assert "and inside as (row, column); a point is (x, y): return (column, row)" in text
    assert "points are (x, y) in pixels of the image as it is read, before any resizing" in text
    assert "image (80, 64) map of ResNet18 (3, 2) cells" in text
    first, last = (float(share) for share in re.findall(r"valid: .* off, (\S+)% exact", text))
    assert first < 50
    assert last >= 95
    assert number(r"100 new photos: (\S+) pixels off", text) < 0.2
    assert number(r"100 new photos: .* off, (\d+)% exact", text) >= 95


def why(text: str) -> None:
    assert number(r"^(\d+)% of the way from the mean answer", text) < 30
    assert re.search(r"^consistent with: .*(the limits of the outputs|the scale of the answers)", text, re.MULTILINE)
    assert "learner.set_params(" in text or "learner = " in text  # code that was run
    before, after = re.search(r"had no say in it: (\S+) before, (\S+) after", text).groups()  # type: ignore[union-attr]
    assert float(before) < 0.3
    assert float(after) > 0.6
    assert re.search(r"^x follows the rows of the ink .* consistent with x and y swapped$", text, flags=re.MULTILINE)


def cluster(text: str) -> None:
    assert len(re.findall(r"seed \d  R2 0\.\d+", text)) == 6
    assert text.count("the same, bit for bit: True") == 2
    assert "6 runs on data of one's own, 6 of them ok" in text
    assert re.search(r"gbdt\?max_iter=30 +2 +0\.9\d+ .*\n1 +linear +2 ", text)


CLAIMS: dict[str, Callable[[str], None]] = {
    "10_kinds_of_task": kinds_of_task,
    "12_layer_in_your_net": layer_in_your_net,
    "20_804_columns": columns_804,
    "22_scaling_and_limits": scaling_and_limits,
    "30_sweeps_and_store": sweeps_and_store,
    "31_sql": sql,
    "40_from_failure_to_exact": from_failure_to_exact,
    "41_your_own_points": your_own_points,
    "50_why": why,
    "60_cluster": cluster,
}
