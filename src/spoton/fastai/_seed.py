"""`seed_all`: the same result twice, whenever it is called."""

from __future__ import annotations

import random
from numbers import Integral
from typing import Any, SupportsIndex

from spoton.errors import UsageError
from spoton.fastai._quiet import quietly

with quietly():
    from fastai.torch_core import set_seed


def seed_all(dls: Any, seed: SupportsIndex = 0) -> None:
    """Seed Python, NumPy, torch, and the DataLoaders, which shuffle by random numbers of their own.

    fastai's `set_seed` leaves those out: their numbers are drawn when the DataLoaders are made, and go on from fit to
    fit. So it has to come before the data are made, and works once. This one works before each model, on data that
    were used before.

    Args:
        dls: the DataLoaders.
        seed: 0 or more.

    Raises:
        UsageError: a seed that is no whole number of 0 or more, or loaders that are not fastai's.

    Limits: the same machine, the same number of threads and of `num_workers`. On a GPU it makes cuDNN deterministic,
    which costs time; some operations of CUDA never are.

    Example:
        >>> seed_all(dls, 42)  # doctest: +SKIP
        >>> learn = vision_learner(dls, resnet18)  # doctest: +SKIP
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise UsageError(f"a seed is a whole number of 0 or more, not {seed!r}")
    loaders = list(getattr(dls, "loaders", ()))
    if not loaders or any(not hasattr(loader, "rng") for loader in loaders):
        raise UsageError(f"seed_all takes fastai's DataLoaders, not {type(dls).__name__}; give learn.dls")
    for i, loader in enumerate(loaders):
        loader.rng = random.Random(f"{seed}:{i}")
    set_seed(int(seed), reproducible=True)
