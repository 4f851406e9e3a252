"""The errors of spoton. Each message says what was expected, what came, and what to do.

::

    SpotonError
    ├── UsageError       a wrong name, option or variant (exit code 2)
    │   └── UnknownName  no such task, learner, metric, feature; lists the nearest right ones
    ├── DataError        a file or array is not what it has to be (exit code 2)
    ├── StoreError       a database cannot be opened, read or written (exit code 2)
    ├── EngineError      machines that are to run a bench cannot be reached, or are gone (exit code 2)
    ├── MissingExtra     a package of an extra is not installed (the run is `skipped`)
    ├── Refused          a learner declines a task, with its reason (the run is `skipped`)
    └── Diverged         a fit or prediction left the finite numbers (the run is `failed`)
"""

from __future__ import annotations

LONGEST = 2000  # characters of a message


class SpotonError(Exception):
    """Base of all errors that spoton raises on purpose.

    Its text is one line that a terminal shows as it is. Names and cells of files are quoted in it, and whoever
    wrote those may have put in line ends, or bytes that move the cursor: they are shown as escapes. What is too
    long loses its middle.
    """

    def __str__(self) -> str:
        text = super().__str__()
        if len(text) > LONGEST:
            text = f"{text[: LONGEST // 2]} [...] {text[-LONGEST // 4 :]}"
        if text.isprintable():
            return text
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class UsageError(SpotonError, ValueError):
    """A name, an option or a variant is wrong."""


class UnknownName(UsageError, LookupError):
    """No member of that name exists."""


class DataError(SpotonError, ValueError):
    """A file or an array does not hold what it has to."""


class StoreError(SpotonError, RuntimeError):
    """A database cannot be opened, read or written."""


class EngineError(SpotonError, RuntimeError):
    """The machines that are to run a bench cannot be reached, or are gone."""


class MissingExtra(SpotonError, ImportError):
    """A package of an optional extra is not installed."""


class Refused(SpotonError):
    """A learner declines a task. Raise it in `fit` with the reason; the bench records a skipped run."""


class Diverged(SpotonError, ArithmeticError):
    """A fit or a prediction left the finite numbers."""
