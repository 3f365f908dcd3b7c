"""The database as the rest of the server sees it: `write`, `read`, and who is told after a commit.

A SQLite file or a PostgreSQL database: the same functions run on both. A function that is handed in is plain and
synchronous, takes a connection first, and runs in one transaction; on PostgreSQL it may run again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from cc_server.db.clock import Clock, SystemClock
from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.ids import Ids, RandomIds
from cc_server.db.postgres.url import PostgresUrl
from cc_server.db.schema import Opening, Use
from cc_server.db.transaction.units import Announcements, RecordRefusal, Store, UnitOfWork
from cc_server.sealing.keys import SealingError, default_key_file
from cc_server.sealing.seals import Seals

if TYPE_CHECKING:
    from sqlalchemy import Connection

P = ParamSpec("P")
T = TypeVar("T")
Address = Path | PostgresUrl
"""Where a database is."""


class Database:
    """One SQLite file or PostgreSQL database.

    Args:
        address: where it is; its tables are made and migrated by `open`.
        clock: what time it is; on PostgreSQL the machine's is replaced by the database's. `db.clock` hands it on.
        ids: where new ids come from.
        opening: whether it may, must or must not be there already.
        use: for what; a file that another server serves is refused but to who only goes beside it.
        seals: the key that seals its audit trail; by default in a file beside the database.
    """

    def __init__(
        self,
        address: Address,
        clock: Clock,
        *,
        ids: Ids | None = None,
        opening: Opening = Opening.ANY,
        use: Use = Use.SERVE,
        seals: Seals | None = None,
    ) -> None:
        self.address = address
        self.seals = seals or Seals(default_key_file(address if isinstance(address, Path) else None))
        self.ids: Ids = ids or RandomIds()
        self._listeners: list[Callable[[Announcements], None]] = []
        self.clock, self._store = self._made(address, clock, opening, use)

    def _made(self, address: Address, clock: Clock, opening: Opening, use: Use) -> tuple[Clock, Store]:
        if isinstance(address, Path):
            from cc_server.db.sqlite.store import SqliteStore

            exclusive = use is not Use.BESIDE
            return clock, SqliteStore(
                address, clock, self.ids, opening=opening, exclusive=exclusive, committed=self._committed
            )
        require_extra()
        from cc_server.db.postgres.clock import DatabaseClock
        from cc_server.db.postgres.store import PostgresStore

        clock = DatabaseClock() if isinstance(clock, SystemClock) else clock
        store = PostgresStore(address, clock, self.ids, opening=opening, use=use, committed=self._committed)
        return clock, store

    def open(self) -> None:
        """Make the tables where there are none, and bring them to the newest form.

        Raises:
            DatabaseInUse: another server serves the file; or it is to be had alone, and is not.
            DatabaseUnavailable: it can't be reached, opened, read or written, or is none of ours; or the key that
                seals its audit trail can't be used.
        """
        self._store.open()
        try:
            self.read_sync(self.seals.prepare)
        except SealingError as error:
            self.close()
            raise DatabaseUnavailable(str(error)) from None

    def close(self) -> None:
        """Finish what is queued, and close every connection."""
        self._store.close()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written; None while all is well."""
        return self._store.trouble

    def on_commit(self, listener: Callable[[Announcements], None]) -> Callable[[], None]:
        """Call `listener`, in a thread of the store, after each commit with what was announced in it.

        Returns:
            A function that ends it.
        """
        self._listeners.append(listener)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return end

    async def write(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(conn, …)` in a transaction, and answer once it is on disk.

        Raises:
            Refused: what `fn` raised; what it changed is taken back, what must stay is kept.
            DatabaseUnavailable: it can't be written to; nothing was kept.
        """
        return await self.write_recording(None, fn, *args, **kwargs)

    async def write_recording(
        self,
        record_refusal: RecordRefusal | None,
        fn: Callable[Concatenate[Connection, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Like `write`; on a refusal `record_refusal(conn, error)` writes what must stay, in the outer transaction."""
        unit = UnitOfWork(partial(self._sealing, fn, args, kwargs), record_refusal)
        self._store.write(unit)
        result: T = await asyncio.wrap_future(unit.future)
        return result

    def write_sync(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `write`, for callers in a thread of their own."""
        unit = self._waited_for(partial(self._sealing, fn, args, kwargs))
        self._store.write(unit)
        result: T = unit.future.result()
        return result

    async def read(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(conn, …)` on one snapshot of the database.

        Raises:
            DatabaseUnavailable: it can't be read.
        """
        unit = UnitOfWork(partial(_call, fn, args, kwargs))
        self._store.read(unit)
        result: T = await asyncio.wrap_future(unit.future)
        return result

    def read_sync(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `read`, for callers in a thread of their own."""
        unit = self._waited_for(partial(_call, fn, args, kwargs))
        self._store.read(unit)
        result: T = unit.future.result()
        return result

    def _waited_for(self, run: Callable[[Connection], Any]) -> UnitOfWork:
        if self._store.is_at_work_here:
            raise RuntimeError("a unit of work has its connection; it can't wait for another unit")
        return UnitOfWork(run)

    def _sealing(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], conn: Connection) -> Any:
        self.seals.carry(conn)
        return fn(conn, *args, **kwargs)

    def _committed(self, announcements: Announcements) -> None:
        for listener in tuple(self._listeners):
            listener(announcements)


def require_extra() -> None:
    """Make sure that what PostgreSQL needs is installed.

    Raises:
        DatabaseUnavailable: it is not; the sentence names the extra.
    """
    if find_spec("asyncpg") is None or find_spec("greenlet") is None:
        raise DatabaseUnavailable("PostgreSQL needs the extra `postgres`: pip install '.[postgres]' in its folder")


def _call(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], conn: Connection) -> Any:
    return fn(conn, *args, **kwargs)
