"""The progress bar of long commands, on standard error, so that standard output stays clean; lines in a log or pipe.

All kinds of bar also show what is told inside them by `spoton._told`: images that are read, files that come.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from spoton._told import Say, listening
from spoton.cli._lines import Lines, lines

if TYPE_CHECKING:
    from spoton._run import Run


class Bar:
    """What a bench says while it runs. On a terminal a bar; elsewhere lines, and one for each run that is not ok."""

    def __init__(self, progress: Any, plain: Lines, folder: str | None = None) -> None:
        self._progress, self._plain = progress, plain
        self.folder = folder  # where processes tell of their epochs, if somebody looks
        self._job = progress.add_task("", total=None) if progress else None

    def say(self, text: str) -> None:
        """Show what is going on."""
        self._plain.what = text
        if self._progress:
            self._progress.update(self._job, description=text)

    def hear(self, what: str, done: int, total: int) -> None:
        """What is told in numbers."""
        self.say(f"{what} {done:,} of {total:,}" if total else what)

    def start(self, total: int) -> None:
        """The number of runs is known."""
        self._plain.say("running", 0, total)
        if self._progress:
            self._progress.update(self._job, total=total, description="running")

    def done(self, rows: int) -> None:
        """So many more are done."""
        self._plain.done += rows
        if self._progress:
            self._progress.update(self._job, advance=rows)

    def trouble(self, text: str) -> None:
        """Something beside the runs goes wrong."""
        if self._progress:
            from rich.text import Text

            self._progress.console.print(Text(text, "red"))
        else:
            print(text, file=sys.stderr)

    def advance(self, run: Run) -> None:
        """One run is finished."""
        self.done(1)
        self.say(f"{run.learner} on {run.task}")
        if run.status != "failed":
            return
        where = f"{run.learner} on {run.task}, seed {run.seed}: "
        if self._progress:
            from rich.text import Text

            self._progress.console.print(Text.assemble((where, "red"), run.reason))
        else:
            print(f"{where}{run.reason}", file=sys.stderr)


@contextmanager
def progress(*, quiet: bool = False, live: bool = False) -> Iterator[Bar]:
    """A bar for the time inside, and with `live` the curves of running fits below it."""
    if quiet or not sys.stderr.isatty():
        with lines(quiet=quiet) as plain:
            told = Bar(None, plain)
            with listening(told.hear):
                yield told
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    console = Console(stderr=True)
    if not live:
        with Progress(*columns, console=console, transient=True) as shown:
            told = Bar(shown, Lines())
            with listening(told.hear):
                yield told
        return
    from tempfile import TemporaryDirectory

    from rich.console import Group
    from rich.live import Live

    from spoton.cli._live import Curves

    with TemporaryDirectory(prefix="spoton-live-") as folder:
        bar = Progress(*columns, console=console)
        with Live(Group(bar, Curves(folder)), console=console, transient=True, refresh_per_second=4):
            told = Bar(bar, Lines(), folder)
            with listening(told.hear):
                yield told


@contextmanager
def share(*, quiet: bool = False) -> Iterator[Callable[[str, float, float], None]]:
    """A bar that is told what is done, its share of all, and how many seconds are left at most."""
    if quiet or not sys.stderr.isatty():
        with lines(quiet=quiet) as plain:
            yield lambda words, done, left: plain.say(f"{100 * done:.0f} %, {words}")
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        job = shown.add_task("", total=1.0, left="")

        def step(words: str, done: float, left: float) -> None:
            # rounded, so that it is a bound that holds for a moment
            most = f"at most {int(left) // 60}:{int(left) % 60:02} left"
            shown.update(job, description=words, completed=done, left=most)

        def hear(what: str, done: int, total: int) -> None:
            shown.update(job, description=f"{what} {done:,} of {total:,}" if total else what)

        with listening(hear):
            yield step


@contextmanager
def counted(*, quiet: bool = False) -> Iterator[Say]:
    """A bar that is told what is done, how many are done, and of how many: 0 where nobody knows."""
    if quiet or not sys.stderr.isatty():
        with lines(quiet=quiet) as plain, listening(plain.say):
            yield plain.say
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        job = shown.add_task("", total=None)

        def say(what: str, done: int, total: int) -> None:
            shown.update(job, description=what, completed=done, total=total or None)

        with listening(say):
            yield say


@contextmanager
def waiting(words: str, *, quiet: bool = False) -> Iterator[None]:
    """What is being done and for how long, where nobody can tell how much is left."""
    if quiet or not sys.stderr.isatty():
        with lines(quiet=quiet) as plain:
            plain.say(words)
            yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        shown.add_task(words, total=None)
        yield
