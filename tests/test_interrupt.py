"""Ctrl-C that a library swallows stops the work at the next epoch or fit."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

import pytest
from sklearn.linear_model import LinearRegression

from spoton import _interrupt, evaluate


@pytest.fixture(autouse=True)
def _listening() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _interrupt.listen()
    yield
    _interrupt.answered()
    signal.signal(signal.SIGINT, before)


class Swallows(LinearRegression):
    """As a library that is imported inside of a bare `except`."""

    def fit(self, X: object, y: object) -> Swallows:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise ImportError("numpy was not imported") from error
        return self


def test_an_interrupt_that_became_another_error_is_no_failed_run() -> None:
    with pytest.raises(KeyboardInterrupt):
        evaluate(Swallows(), "friedman1")
    with pytest.raises(KeyboardInterrupt):  # nor is the next one begun
        evaluate("mean", "friedman1")
    _interrupt.answered()
    assert evaluate("mean", "friedman1").status == "ok"


def test_training_ends_at_the_next_epoch() -> None:
    from spoton.history import on_epoch

    seen = []

    def swallow(history: object) -> None:
        seen.append(len(history))  # type: ignore[arg-type]
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    with on_epoch(swallow), pytest.raises(KeyboardInterrupt):
        evaluate("basenet?epochs=50", "friedman1")
    assert seen in ([1], [1, 2])


def test_a_process_that_is_to_ignore_interrupts_does() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _interrupt.listen()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
