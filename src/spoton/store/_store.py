"""`Store`: all runs in one database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from spoton._run import Run
from spoton._told import tell
from spoton.errors import StoreError
from spoton.store import _reading, _writing
from spoton.store._migrate import migrate, version
from spoton.store._rows import digest, to_rows
from spoton.store._url import connect, place, reason, resolve, shown

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 200  # runs in one transaction


class Store:
    """Runs, their histories and predictions in a database. Open one with `Store.open`.

    Example:
        >>> store = Store.open("sqlite://")  # in memory; a file name or any URL is the usual
        >>> store.add(Run("pnist/top", "mean", status="ok")), len(store.runs(learner="mean"))
        (True, 1)
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str | Path | None = None, *, create: bool = True) -> Store:
        """Open a store, and make or upgrade its tables where that is needed.

        Args:
            url: a file of SQLite, or sqlite://, mysql://, mariadb:// or postgresql:// with user, password, host and
                database; by default the environment's SPOTON_STORE, else `spoton.db` in the working folder.
            create: make a file of SQLite that is not there.

        Raises:
            UsageError: no such kind of address.
            MissingExtra: the driver of the database is not installed.
            StoreError: it cannot be opened, is of a newer spoton, or holds tables of somebody else.
        """
        address = resolve(url)
        name = shown(address)
        file = address.database if address.get_backend_name() == "sqlite" else None
        if file and file != ":memory:" and not file.startswith("file:"):
            if not _can_be(file):
                raise StoreError(
                    f"the store {name} cannot be opened: no file has such a name; name another with --store"
                )
            if not create and not Path(file).exists():
                raise StoreError(f"there is no store {name}; name one with --store, or run a bench to begin it")
            if Path(file).is_dir() or not Path(file).absolute().parent.is_dir():
                what = "it is a folder" if Path(file).is_dir() else "there is no such folder"
                raise StoreError(f"the store {name} cannot be opened: {what}; name another with --store")
        store = cls(connect(address))
        try:
            with store._said("opened"):
                migrate(store._engine, name)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """End all connections; the store opens new ones when it is used again."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.name!r})"

    @property
    def name(self) -> str:
        """The file, or the URL without its password."""
        return shown(self._engine.url)

    @property
    def place(self) -> str:
        """The same text for all addresses of this database, without user and password: what the spool calls it."""
        return place(self._engine.url)

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine, for queries of your own; `pandas.read_sql` takes it."""
        return self._engine

    def add(self, run: Run) -> bool:
        """Add one run; False where it was there already.

        Raises:
            StoreError: the database is full, locked, gone, or does not take the run; nothing of the run is in it then.
        """
        return self.add_many([run]) == 1

    def add_many(self, runs: Iterable[Run]) -> int:
        """Add runs, and return how many were not there yet. Each lot of 200 is there whole or not at all.

        Raises:
            StoreError: as `add`.
        """
        added, lot = 0, list[Run]()
        for count, run in enumerate(runs, start=1):
            lot.append(run)
            if len(lot) == AT_ONCE:
                added += self._add(lot)
                lot = []
                tell("runs added to the store", count, len(runs) if isinstance(runs, Sized) else 0)
        return added + self._add(lot)

    def _add(self, runs: Sequence[Run]) -> int:
        rows = {run.id: to_rows(run) for run in runs}
        if not rows:
            return 0
        for again in (False, True):
            try:
                with self.writing() as connection:
                    return _writing.insert_rows(connection, rows)
            except IntegrityError as error:
                # another process added one of them in between: the second time it is found
                if again:
                    raise StoreError(self._sentence("written", error)) from error
        return 0

    def add_artifact(
        self, run: Run | str, name: str, data: bytes, media_type: str = "application/octet-stream"
    ) -> None:
        """Keep bytes, as of a picture, beside a run that is stored; what has the same name is replaced.

        Raises:
            StoreError: no such run, or it cannot be written.
        """
        uuid = run if isinstance(run, str) else run.id
        with self.writing() as connection:
            if not _writing.put_artifact(connection, uuid, name, data, media_type):
                raise StoreError(f"{self.name} has no run {uuid}; add the run before its artifacts")

    def artifacts(self, run: Run | str) -> dict[str, tuple[str, bytes]]:
        """Name -> (media type, bytes) of what was kept beside a run."""
        uuid = run if isinstance(run, str) else run.id
        with self.reading() as connection:
            return _reading.artifacts(connection, uuid)

    def runs(
        self,
        *,
        task: str | None = None,
        learner: str | None = None,
        status: str | None = None,
        newest: bool = False,
        predictions: bool = False,
        limit: int | None = None,
    ) -> list[Run]:
        """Runs in the order in which they were stored.

        Args:
            task: of this task only.
            learner: of this learner only.
            status: `ok`, `skipped` or `failed` only.
            newest: of each cell (task, learner, seed, sizes asked for) the newest only.
            predictions: read those as well; they may be large.
            limit: the last so many only.
        """
        where = {"task": task, "learner": learner, "status": status}
        query = _reading.chosen({key: value for key, value in where.items() if value is not None}, newest, limit)
        with self.reading() as connection:
            return [run for _, run in _reading.runs(connection, query, predictions)]

    def done(
        self, identities: Iterable[tuple[object, ...]], *, predictions: bool = False, history: int = 0
    ) -> dict[tuple[object, ...], Run]:
        """Of these `Run.identity`s, those that are done and ok, each with its newest run.

        With `predictions`, those alone whose predictions were kept; with `history`, those alone whose epochs were to
        be scored, every so many or more often.
        """
        wanted = {digest(identity): identity for identity in identities}
        with self.reading() as connection:
            return {
                wanted[key]: run
                for key, run in _reading.done(connection, list(wanted), predictions)
                if (run.predictions is not None or not predictions)
                and (0 < run.asked_history <= history or not history)
            }

    def has(self, ids: Iterable[str]) -> set[str]:
        """Of these `Run.id`s, those that are stored."""
        with self.reading() as connection:
            return set(_reading.keys(connection, list(ids)))

    def leaderboard(self, task: str | None = None) -> pd.DataFrame:
        """The view `leaderboard`: mean and standard deviation over the newest runs, best first within each task."""
        board = self.sql("SELECT * FROM leaderboard" + (" WHERE task = :task" if task else ""), task=task)
        board[["n", "not_ok"]] = board[["n", "not_ok"]].astype(int)  # sums are decimals elsewhere than in SQLite
        keys = ["task", "asked_train_size", "valid_hit", "valid_accuracy", "valid_r2"]
        return board.sort_values(keys, ascending=[True, True, False, False, False], ignore_index=True)

    def sql(self, query: str, **values: Any) -> pd.DataFrame:
        """The answer to a query, as in `sql("SELECT * FROM runs WHERE seed = :seed", seed=0)`."""
        import pandas as pd

        with self.reading() as connection:
            return pd.read_sql(text(query), connection, params=values)

    def counts(self) -> dict[str, int]:
        """Rows of each table."""
        with self.reading() as connection:
            return _reading.counts(connection)

    @property
    def schema(self) -> str | None:
        """Version of the schema."""
        with self._said("read"):
            return version(self._engine)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; all of it or nothing."""
        with (
            self._said("written"),
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that reads."""
        with self._said("read"), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """What goes wrong in the database, in one sentence; a clash of keys goes through, since `add` knows it."""
        try:
            yield
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError, OverflowError, UnicodeError) as error:  # the latter two of SQLite's values
            raise StoreError(self._sentence(what, error)) from error

    def _sentence(self, what: str, error: Exception) -> str:
        more = "; name another with --store" if what == "opened" else ""
        return f"the store {self.name} cannot be {what} ({reason(self._engine.url, error)}){more}"


def _can_be(file: str) -> bool:
    """Whether a file can have this name; the system says no of long ones, and of those with a NUL."""
    try:
        Path(file).absolute().stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return True
    except (OSError, ValueError):
        return False
    return True
