"""What is noted of one attached call in the journal, so that another process can take it up.

One write at a time, and of what changed meanwhile only the latest. A journal that cannot be
written costs a call nothing until this process ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from sipagent.errors import JournalError
from sipagent.realtime.history_items import HistoryItem
from sipagent.realtime.item_json import to_json

from .journal import CallJournal

log = logging.getLogger(__name__)


class CallNotes:
    """Write the notes of a call.

    Args:
        journal: Where.
        realtime_call_id: The provider's id of the call.
        call_id: Ours.
        plan: Of the call.
    """

    def __init__(
        self,
        journal: CallJournal,
        realtime_call_id: str,
        *,
        call_id: str,
        plan: str,
    ) -> None:
        self._journal, self._realtime_call_id = journal, realtime_call_id
        self._call_id, self._plan = call_id, plan
        self._must_accept = False
        self._latest: tuple[str, Sequence[HistoryItem]] | None = None
        self._is_due = asyncio.Event()
        self._writing = asyncio.Lock()

    def accepted(self) -> None:
        """Have it noted that the provider answered the call."""
        self._must_accept = True
        self._is_due.set()

    def changed(self, agent: str, history: Sequence[HistoryItem]) -> None:
        """Have it noted who speaks and what was said."""
        self._latest = agent, history
        self._is_due.set()

    async def run(self) -> None:
        """Write whatever is to be noted, until cancelled."""
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            await self.write()

    async def write(self) -> None:
        """Write what is to be noted by now; what cannot be written is logged."""
        async with self._writing:
            try:
                await self._write()
            except JournalError as error:
                log.error("call=%s ! not noted: %s", self._call_id, error)

    async def _write(self) -> None:
        call = self._realtime_call_id
        if self._must_accept:
            await self._journal.accepted(call, call_id=self._call_id, plan=self._plan)
            self._must_accept = False
        latest, self._latest = self._latest, None
        if latest is not None:
            agent, history = latest
            items = [to_json(item) for item in history]
            await self._journal.save(call, agent=agent, history=items)
