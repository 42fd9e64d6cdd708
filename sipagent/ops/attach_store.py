"""The journal of attached calls in a database.

Two processes use it at once: the supervisor writes down what webhooks announce, the process of
attached calls reads that and notes what becomes of it. Every method is one transaction, off the
loop. A call that ended stays ended, whatever is noted of it later, and leaves nothing that was
said.

| resource | acquired | released  | on failure       |
|----------|----------|-----------|------------------|
| database | ``open`` | ``close`` | ``JournalError`` |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Engine, Executable, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from sipagent.calls.journal import AttachedState, JournalEntry, Json
from sipagent.errors import JournalError
from sipagent.wire.webhook import IncomingCall

from .attach_tables import CALLS, MAKINGS, WEBHOOKS
from .database import Database, execute_all
from .store.begun_calls import BegunCalls


class AttachStore:
    """A journal of calls that also knows which webhooks came.

    Args:
        url: As :func:`sipagent.ops.store_url.checked_store_url` wants it.
        begun: Reads what the store has of calls that are alive.
    """

    def __init__(self, url: str, begun: BegunCalls | None = None) -> None:
        self._begun = begun
        self._database = Database(url, MAKINGS, thread_name="attach-store")

    async def open(self) -> None:
        """Make file and tables unless they are there.

        Raises:
            JournalError: If there is no database there, and cannot be.
        """
        await self._database.open()

    async def close(self) -> None:
        """Close, after what was begun; safe twice."""
        await self._database.close()

    async def add_webhook(self, webhook_id: str, call: IncomingCall, *, received_at: float) -> bool:
        """Write down a call that waits for a decision, unless its webhook or itself is known.

        Args:
            webhook_id: Of the message; the same however often it is sent.
            call: What it announces.
            received_at: Unix seconds.

        Returns:
            Whether it is new; if so, it outlives a crash.

        Raises:
            JournalError: If it could not be written.
        """
        rows = [
            insert(WEBHOOKS).values(
                webhook_id=webhook_id,
                realtime_call_id=call.realtime_call_id,
                received_at=received_at,
            ),
            insert(CALLS).values(
                realtime_call_id=call.realtime_call_id,
                state=AttachedState.NEW.value,
                sip_headers=self._database.to_text(call.sip_headers),
                received_at=received_at,
                call_id="",
                plan="",
                agent="",
                history="[]",
            ),
        ]
        return await self._database.work(lambda engine: _insert_new(engine, rows))

    async def waiting(self) -> Sequence[JournalEntry]:
        """Return the entries nothing was decided about, oldest first."""
        return await self._entries(AttachedState.NEW)

    async def alive(self) -> Sequence[JournalEntry]:
        """Return the entries that were accepted and have not ended, oldest first."""
        entries = await self._entries(AttachedState.ACCEPTED)
        if (begun := self._begun) is not None and entries:
            call_ids = [entry.call_id for entry in entries]
            await self._database.work(lambda engine: begun.read(engine, call_ids))
        return entries

    async def accepted(self, realtime_call_id: str, *, call_id: str, plan: str) -> None:
        """Note that a call was accepted; nothing if it is over already."""
        accepted = AttachedState.ACCEPTED.value
        await self._database.execute(
            update(CALLS)
            .where(CALLS.c.realtime_call_id == realtime_call_id)
            .where(CALLS.c.state == AttachedState.NEW.value)
            .values(state=accepted, call_id=call_id, plan=plan)
        )

    async def save(self, realtime_call_id: str, *, agent: str, history: Sequence[Json]) -> None:
        """Note who speaks and what was said; nothing if the call is over already."""
        await self._database.execute(
            update(CALLS)
            .where(CALLS.c.realtime_call_id == realtime_call_id)
            .where(CALLS.c.state != AttachedState.ENDED.value)
            .values(agent=agent, history=self._database.to_text(history))
        )

    async def ended(self, realtime_call_id: str) -> None:
        """Note that a call is over; its id stays, for webhooks that come again."""
        await self._database.execute(
            update(CALLS)
            .where(CALLS.c.realtime_call_id == realtime_call_id)
            .values(state=AttachedState.ENDED.value, sip_headers="[]", history="[]")
        )

    async def forget(self, before: float) -> None:
        """Forget the webhooks and calls of before ``before``, but for the calls that are alive.

        Args:
            before: Unix seconds; further back than any webhook is sent again.

        Raises:
            JournalError: If nothing was forgotten.
        """
        lives_on = CALLS.c.state == AttachedState.ACCEPTED.value
        await self._database.execute(
            delete(WEBHOOKS).where(WEBHOOKS.c.received_at < before),
            delete(CALLS).where(CALLS.c.received_at < before).where(~lives_on),
        )

    async def _entries(self, state: AttachedState) -> list[JournalEntry]:
        wanted = (
            select(CALLS)
            .where(CALLS.c.state == state.value)
            .order_by(CALLS.c.received_at, CALLS.c.realtime_call_id)
        )
        rows = await self._database.work(lambda engine: _rows(engine, wanted))
        try:
            return [_entry(row) for row in rows]
        except orjson.JSONDecodeError as error:
            raise JournalError(f"{self._database.name}: a call is not readable: {error}") from None


def _insert_new(engine: Engine, rows: Sequence[Executable]) -> bool:
    """Insert all rows, or none; return whether their keys were new."""
    try:
        execute_all(engine, rows)
    except IntegrityError:
        return False
    return True


def _rows(engine: Engine, wanted: Executable) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(wanted))


def _entry(row: Any) -> JournalEntry:
    return JournalEntry(
        realtime_call_id=row.realtime_call_id,
        state=AttachedState(row.state),
        sip_headers=tuple((name, value) for name, value in orjson.loads(row.sip_headers)),
        received_at=row.received_at,
        call_id=row.call_id,
        plan=row.plan,
        agent=row.agent,
        history=tuple(orjson.loads(row.history)),
    )
