"""Brings cells through an engine: what is finished comes out at once, what is lost is run again.

joblib's `Parallel` would do for runs that all end well. It gives up the whole call at the first process that dies, its
Dask backend then never wakes its generator, and Ray's backend has no generator. So engines hand out futures of
`concurrent.futures`, which loky, Ray and Dask all have, and this loop is the same for all of them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait

from spoton._cells import Cell
from spoton._provenance import called_from_here
from spoton._run import Run
from spoton.engines._engine import Engine

TRIES = 3  # workers that a cell may cost
LOOK = 1.0  # seconds after which Ctrl-C is noticed where waiting cannot be interrupted

Numbered = tuple[int, Cell]


def execute(todo: Iterable[Numbered], engine: Engine) -> Iterator[tuple[int, Run]]:
    """Numbers and runs of all cells, as they are finished; each comes once.

    A cell whose worker died is run again behind the others. One that lost two of them runs the third time while nothing
    else does, so that it cannot be the victim of another; if its worker dies then too, it is a failed run.

    Raises:
        EngineError: the machines are gone for good.
    """
    waiting, suspects = deque(todo), deque[Numbered]()
    flying: dict[Future[Run], Numbered] = {}
    deaths: Counter[int] = Counter()
    while waiting or suspects or flying:
        while waiting and len(flying) < engine.room():
            i, cell = waiting.popleft()
            flying[engine.submit(cell)] = i, cell
        if not flying:
            i, cell = suspects.popleft()
            flying[engine.submit(cell)] = i, cell
        for future in wait(flying, timeout=LOOK, return_when=FIRST_COMPLETED).done:
            i, cell = flying.pop(future)
            try:
                run = _checked(future.result(), cell)
            except engine.lost as error:
                deaths[i] += 1
                if deaths[i] < TRIES:
                    (waiting if deaths[i] < TRIES - 1 else suspects).append((i, cell))
                    continue
                run = cell.failed(f"its worker died {TRIES} times, at last alone: {_one_line(error)}")
            except Exception as error:  # it could not begin there: a package or the task's data is missing
                run = cell.failed(_one_line(error))
            yield i, run


def _checked(run: Run, cell: Cell) -> Run:
    """The run as the bench takes it."""
    asked = cell.blank()
    if run.version != asked.version:
        return cell.failed(f"a worker has spoton {run.version}, the bench {asked.version}; install the same everywhere")
    if run.data_hash != asked.data_hash:
        return cell.failed("a worker has other data by the name of this task; give all machines the same files")
    run.provenance = called_from_here(run.provenance)
    return run


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
