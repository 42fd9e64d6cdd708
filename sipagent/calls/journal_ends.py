"""The ends of attached calls in the journal: each is noted, if not at once then later.

A call whose end the journal does not know would be taken up again by the next process.
"""

from __future__ import annotations

import logging

from sipagent.errors import JournalError

from .journal import CallJournal

log = logging.getLogger(__name__)


class JournalEnds:
    """Note that calls are over.

    Args:
        journal: Where.
    """

    def __init__(self, journal: CallJournal) -> None:
        self._journal = journal
        self._waiting: set[str] = set()

    @property
    def waiting(self) -> frozenset[str]:
        """Calls whose end the journal does not know yet, by the provider's ids."""
        return frozenset(self._waiting)

    async def note(self, realtime_call_id: str) -> None:
        """Note the end of a call; what cannot be written is logged, and waits."""
        try:
            await self._journal.ended(realtime_call_id)
        except JournalError as error:
            log.error("! the end of %s is not noted yet: %s", realtime_call_id, error)
            self._waiting.add(realtime_call_id)
        else:
            self._waiting.discard(realtime_call_id)

    async def again(self) -> None:
        """Try those that wait once more."""
        for realtime_call_id in list(self._waiting):
            await self.note(realtime_call_id)
