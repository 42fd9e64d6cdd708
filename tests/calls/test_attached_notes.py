"""What of a call gets into the journal."""

from __future__ import annotations

from sipagent.calls.attached_notes import CallNotes
from sipagent.realtime.history_items import InputText, UserMessage

from .attached import MemoryJournal, entry

HELLO = UserMessage("u1", (InputText("Hello?"),))


async def test_nothing_is_written_twice() -> None:
    journal = MemoryJournal(entry())
    notes = CallNotes(journal, "rtc_1", call_id="c1", plan="desk")
    notes.accepted()
    notes.changed("Ada", [])
    notes.changed("Ada", [HELLO])
    await notes.write()
    await notes.write()
    assert journal.saves == 1
    assert journal.accepts == 1
    noted = journal.entries["rtc_1"]
    assert (noted.agent, noted.history[0]["item_id"]) == ("Ada", "u1")


async def test_a_call_that_was_not_accepted_is_not_noted_as_such() -> None:
    journal = MemoryJournal(entry())
    notes = CallNotes(journal, "rtc_1", call_id="c1", plan="desk")
    notes.changed("Ada", [])
    await notes.write()
    assert (journal.accepts, journal.saves) == (0, 1)


async def test_an_accept_that_could_not_be_written_is_written_later() -> None:
    journal = MemoryJournal(entry())
    notes = CallNotes(journal, "rtc_1", call_id="c1", plan="desk")
    journal.is_broken = True
    notes.accepted()
    await notes.write()
    journal.is_broken = False
    await notes.write()
    assert journal.entries["rtc_1"].call_id == "c1"
