"""Epochs of running fits, told from process to process through files of a folder."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spoton.history import History, on_epoch

# the first of these that a row has is the curve that is shown: the judge's figures before the learner's own
SHOWN = ("valid_mse", "valid_accuracy", "valid_loss", "train_loss", "held_out")


@contextmanager
def telling(folder: str, what: str) -> Iterator[None]:
    """Add a line of JSON for each epoch of the fits inside, to a file of this process; nothing where no folder is.

    Args:
        folder: where the one who shows looks.
        what: which run this is.
    """
    if not folder or not Path(folder).is_dir():  # on another machine
        yield
        return
    with open(Path(folder) / f"{os.getpid()}.jsonl", "a", encoding="utf-8") as file:

        def tell(history: History) -> None:
            row = history[-1]
            name = next((name for name in SHOWN if name in row), None)
            if name is not None and math.isfinite(row[name]):
                line = {"what": what, "fit": row["fit"], "epoch": row["epoch"], "name": name, "value": row[name]}
                file.write(json.dumps(line) + "\n")
                file.flush()

        with on_epoch(tell):
            yield
