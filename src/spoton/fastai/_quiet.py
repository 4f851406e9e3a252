"""fastai imported without the warnings of packages below it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """What fastai's import warns of (torch's older compiler, an option of pandas), nobody here can mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
