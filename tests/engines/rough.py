"""Learners for tests of engines: some take their time, some end the process that they run in."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class Slow(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The mean; leaves a file `ended-*` for each fit that comes to its end."""

    def __init__(self, seconds: float = 0.0, folder: str = "", random_state: int = 0) -> None:
        self.seconds, self.folder, self.random_state = seconds, folder, random_state

    def fit(self, X: Any, y: Any) -> Slow:
        self._leave("begun")
        time.sleep(self.seconds)
        self.mean_ = np.mean(np.asarray(y), axis=0)
        self._leave("ended")
        return self

    def predict(self, X: Any) -> Any:
        return np.tile(self.mean_, (len(X), 1))

    def _leave(self, what: str) -> None:
        if self.folder:
            (Path(self.folder) / f"{what}-{self.random_state}-{uuid4().hex}").touch()


class Deadly(Slow):
    """Ends its process, so many times for each seed."""

    def __init__(self, times: int = 1, seconds: float = 0.0, folder: str = "", random_state: int = 0) -> None:
        super().__init__(seconds, folder, random_state)
        self.times = times

    def fit(self, X: Any, y: Any) -> Slow:
        if len(list(Path(self.folder).glob(f"dead-{self.random_state}-*"))) < self.times:
            self._leave("dead")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)


def both_begun(folder: Path, seed: int = 0) -> None:
    """Wait until two fits with this seed have begun."""
    end = time.monotonic() + 60
    while len(list(folder.glob(f"begun-{seed}-*"))) < 2 and time.monotonic() < end:
        time.sleep(0.05)
