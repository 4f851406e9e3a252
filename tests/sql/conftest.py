"""Few digits, so that every test of every database is quick."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spoton.tasks import _cached, _digits


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The embedded sets with 40 images each, of all digits that they have."""
    whole = _digits.embedded

    def embedded(part: str) -> _digits.Digits:
        digits = whole(part)
        step = len(digits.labels) // 40
        return _digits.Digits(digits.images[::step][:40], digits.labels[::step][:40], digits.index[::step][:40])

    monkeypatch.setattr(_digits, "embedded", embedded)
    _cached.cache_clear()
    yield
    _cached.cache_clear()
