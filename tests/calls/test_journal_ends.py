"""Ends of attached calls in a journal that cannot always be written."""

from __future__ import annotations

import pytest

from sipagent.calls.journal import AttachedState
from sipagent.calls.journal_ends import JournalEnds

from .attached import MemoryJournal, entry


async def test_an_end_that_is_written_does_not_wait() -> None:
    journal = MemoryJournal(entry("rtc_1"))
    ends = JournalEnds(journal)
    await ends.note("rtc_1")
    assert journal.entries["rtc_1"].state is AttachedState.ENDED
    assert not ends.waiting


async def test_an_end_that_cannot_be_written_is_tried_until_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal = MemoryJournal(entry("rtc_1"), entry("rtc_2"))
    ends = JournalEnds(journal)
    journal.is_broken = True
    await ends.note("rtc_1")
    await ends.again()
    assert ends.waiting == {"rtc_1"}
    assert caplog.text.count("the end of rtc_1 is not noted yet") == 2
    journal.is_broken = False
    await ends.again()
    assert not ends.waiting
    states = {call: each.state for call, each in journal.entries.items()}
    assert states == {"rtc_1": AttachedState.ENDED, "rtc_2": AttachedState.NEW}
