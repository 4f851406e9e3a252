"""Everything that a page holds: the leaderboard, and as many runs as fit its size."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spoton._provenance import now
from spoton._run import Run
from spoton.report._board import Board, board, meanings
from spoton.report._pictures import PART, hang
from spoton.report._runs import Album
from spoton.report._source import newest, whole
from spoton.report._why import Card, cards
from spoton.store import Store

SIZE = 2_900_000  # bytes of a page, so that it stays below 3 MB
LEFT = 0.8  # of them are filled with pictures; then pages of words alone go on
LINE = 900  # bytes of a row of the leaderboard, about
FRAME = 105_000  # bytes of the page without any run
FAILURES = 500  # runs that are not ok whose reasons are listed
SPRITE = 5_000  # bytes that the images of a split take in the end

Say = Callable[[str, int, int], None]  # what is done, how much of how much


@dataclass(frozen=True)
class Pack:
    """What a page shows.

    Attributes:
        board: the leaderboard.
        document: JSON of the runs that have a page.
        failures: runs that are not ok, newest first.
        store: name of the store, without passwords.
        total: runs in the store.
        newest: runs that are the newest of their cell.
        paged: how many of these have a page.
        made: when, in UTC.
        whys: diagnoses, the newest first.
        whys_left: how many more did not fit.
    """

    board: Board
    document: dict[str, Any]
    failures: list[Run]
    store: str
    total: int
    newest: int
    paged: int
    made: str
    whys: list[Card]
    whys_left: int


def _silent(what: str, done: int, total: int) -> None:
    """Nobody listens."""


def pack(store: Store, *, tasks: Sequence[str] = (), size: int = SIZE, say: Say = _silent) -> Pack:
    """Read a store and put together what its page shows.

    Args:
        store: to read.
        tasks: of these only; all by default.
        size: bytes of the page, about; the best and the worst run of each row come first.
        say: told how far it is.
    """
    say("reading the runs", 0, 0)
    stored = newest(store, tasks)
    say("ranking them", 0, 0)
    shown = board(stored.runs)
    album = Album()
    lines = shown.lines
    wanted = list(_in_order(shown))
    whys, whys_left = cards(store, tasks, size)
    room = size - FRAME - LINE * len(lines) - sum(made.size for made in whys)
    hung = hang(store, wanted, int(PART * max(room, 0)))
    wanted.sort(key=lambda name: not (name in hung and hung[name].pictures))  # a page without them would hide them
    used = 0
    names = {run.id: run.learner for run in stored.runs}
    for i, run in enumerate(whole(store, wanted)):
        say("drawing them", i, len(wanted))
        sides, pooled = len(album.sides), album.pool.size
        full = used > LEFT * room
        why_not = "left out to keep the page small; spoton serve draws them" if full else ""
        record = album.add(run, why_not=why_not, hung=hung.get(run.id))
        if names[run.id] != run.learner:
            record["as"] = album.pool.add(names[run.id])
        added = len(json.dumps(record)) + 40 + album.pool.size - pooled
        used += int(1.05 * added) + (len(album.sides) - sides) * SPRITE
        if used > room and i + 1 < len(wanted):
            break
    say("drawing them", len(wanted), len(wanted))
    failures = sorted((run for run in stored.runs if run.status != "ok"), key=lambda run: run.finished, reverse=True)
    document = album.document() | {
        "metrics": meanings(),
        "cells": [
            {
                "t": album.pool.add(line.task),
                "l": album.pool.add(line.learner),
                "by": line.by,
                "runs": _seeds(line.runs, album),
            }
            for line in lines
        ],
    }
    counts = stored.total, len(stored.runs), len(album.runs)
    return Pack(shown, document, failures[:FAILURES], store.name, *counts, now(), whys, whys_left)


def _in_order(shown: Board) -> Iterator[str]:
    """Ids of runs: the best of each row, then the worst, then those between, newest seeds last."""
    seen: set[str] = set()
    lines = shown.lines
    for ids in ([line.best for line in lines], [line.worst for line in lines]):
        for name in ids:
            if name not in seen:
                seen.add(name)
                yield name
    most = max((len(line.runs) for line in lines), default=0)
    for place in range(most):
        for line in lines:
            if place < len(line.runs) and line.runs[place].id not in seen:
                seen.add(line.runs[place].id)
                yield line.runs[place].id


def _seeds(runs: Sequence[Run], album: Album) -> list[str]:
    """Those of a row that have a page."""
    return [run.id for run in runs if run.id in album.runs]
