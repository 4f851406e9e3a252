"""`export_learner`: a fitted learner as a file for other programs, checked before it is there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spoton._version import __version__
from spoton.data import Array, as_input, is_images
from spoton.errors import DataError, UsageError
from spoton.export._check import Checked, answers, by_onnxruntime, by_torch, compare
from spoton.optional import require

MOST = 1000  # inputs that are tried
LEAST = 3  # pixels of such an image: the scans leave one out, and exporters take sizes of 1 apart
GROWN = ((3, 5), (0, 11))  # rows and columns that are added to images, where any size is taken


def export_learner(
    estimator: Any,
    paths: Sequence[str | Path],
    X: Any,
    *,
    columns: Sequence[str] = (),
    points: Sequence[Sequence[str]] = (),
    unit: str = "",
    hard: bool = False,
    facts: Mapping[str, str] | None = None,
) -> list[Checked]:
    """Write a fitted learner to files for other programs, each checked on real inputs before it is there.

    One input: `images` float32 (B, C, H, W) as it was trained on (0..1 of files of images), or `table` float64 (B, D).
    One output: `points`, where all answers are coordinates, else `answers`: (B, k) in their own unit, float32 for
    images and float64 for tables. B is open, and H and W where the learner takes images of any size.

    Args:
        estimator: fitted; see `spoton.export.CAN` for which.
        paths: each ends in `.onnx`, or in `.pt2` for `torch.export.load`.
        X: real inputs to compare the file's answers with the learner's on; the first 1000 are taken.
        columns: names of the answers.
        points: pairs of columns that are points.
        unit: of the answers, as `px`.
        hard: the net as an exact rule; see `spoton.nets.harden`.
        facts: more that the file says of itself.

    Returns:
        What the check of each file found.

    Raises:
        UsageError: a learner that cannot be exported, another suffix, or no such folder.
        DataError: answers differ by more than 1e-5 (of the answer, where it is above 1) or lie on another pixel, or
            the disk does not take the file; then none of the files is written.
        MissingExtra: ONNX without the extra `onnx`.
    """
    import torch

    from spoton.export._graph import any_size, graph_of, hard_graph
    from spoton.nets._graphs import check_suffix, to_graph, whole_file, write_graph

    files = [Path(path) for path in paths]
    for path in files:
        check_suffix(path)
        if path.suffix == ".onnx":
            require("onnxruntime")  # without it nothing could be checked
    inputs = _inputs(X)
    images = inputs.ndim == 4
    dtype = torch.float32 if images else torch.float64
    graph = hard_graph(estimator, inputs, dtype) if hard else graph_of(estimator, dtype)
    free = images and any_size(estimator)
    shape = (inputs.shape[1], 5, 7) if free else inputs.shape[1:]
    axes = {0: "batch", 2: "height", 3: "width"} if free else {0: "batch"}
    program = to_graph(graph, torch.zeros(2, *shape, dtype=dtype), axes, least=LEAST)
    pixels = bool(points) and unit == "px" and len(columns) == 2 * len(points)
    names = ("images" if images else "table", "points" if pixels else "answers")
    told = {
        "spoton": __version__,
        "answers": json.dumps(list(columns)),
        "points": json.dumps([list(pair) for pair in points]),
        "unit": unit,
        "frame": "px: (0, 0) is the centre of the top-left pixel" if points else "",
        "hard": json.dumps(hard),
        **(facts or {}),
    }
    tried = [inputs, *(_grown(inputs, *more) for more in GROWN if free)]
    given = [X.iloc[:MOST] if isinstance(X, pd.DataFrame) else tried[0], *tried[1:]]
    wanted = [np.asarray(estimator.predict(part), dtype=np.float64).reshape(len(part), -1) for part in given]
    sizes = [part.shape[2:] for part in tried[1:]]
    found = []
    with ExitStack() as stack:  # all files, or none
        for path in files:
            partial = stack.enter_context(whole_file(path))
            write_graph(program, partial, names, axes, told)
            run = by_torch(partial) if path.suffix == ".pt2" else by_onnxruntime(partial)
            pairs = [(answer, answers(run, part)) for answer, part in zip(wanted, tried, strict=True)]
            found.append(compare(path, pairs, points=pixels, unit=unit, sizes=sizes))
    return found


def _inputs(X: Any) -> Array:
    """What the graph is given: images float32 (n, C, H, W), or a table float64 (n, D)."""
    if isinstance(X, pd.DataFrame):
        numbers = X.iloc[:MOST]
        if not all(pd.api.types.is_numeric_dtype(dtype) for dtype in numbers.dtypes):
            raise UsageError(
                "a learner of a table is exported where all columns are numbers, and this one has dates or text; turn "
                "them into numbers before the fit"
            )
        found: Array = numbers.to_numpy(dtype=np.float64)
    else:
        inputs: Any = as_input(X)
        found = inputs[:MOST] if is_images(inputs) else np.asarray(inputs[:MOST], dtype=np.float64)
    if not len(found):
        raise DataError("an export is checked on real inputs, 1 or more, and there are none")
    return np.array(found)  # a copy: torch warns of what it may not write to


def _grown(images: Array, rows: int, columns: int) -> Array:
    """Images with dark rows above and columns to the left."""
    return np.pad(images, ((0, 0), (0, 0), (rows, 0), (columns, 0)))
