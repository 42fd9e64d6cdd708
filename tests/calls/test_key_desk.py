"""Who waits for a number, and what becomes of it when nobody does any more."""

from __future__ import annotations

import asyncio

from sipagent.calls.collecting import FieldSettings, Outcome
from sipagent.calls.facts import DigitsCollected
from sipagent.calls.key_desk import KeyDesk
from sipagent.calls.vault import Vault

PIN = FieldSettings("pin")


def waiting() -> asyncio.Future[str]:
    """Return what a tool waits for."""
    return asyncio.get_running_loop().create_future()


async def test_a_number_is_kept_and_told() -> None:
    vault = Vault()
    desk, tool = KeyDesk(vault), waiting()
    assert desk.ask(PIN, tool, 0.0)
    assert desk.collection is not None
    desk.collection.press("7", 1.0)
    assert desk.end(Outcome.COLLECTED) == DigitsCollected("pin", "collected", 1, "7")
    assert (await tool, vault["pin"]) == ("collected: 7", "7")


async def test_what_is_not_whole_is_not_kept() -> None:
    vault = Vault()
    desk, tool = KeyDesk(vault), waiting()
    desk.ask(PIN, tool, 0.0)
    assert desk.end(Outcome.TOO_SHORT) == DigitsCollected("pin", "too_short", 0, "")
    assert (await tool).startswith("too_short: ")
    assert dict(vault) == {}


async def test_who_is_asked_while_they_have_us_on_hold_has_time_when_they_are_back() -> None:
    desk = KeyDesk(Vault())
    desk.held(0.0)
    desk.ask(PIN, waiting(), 5.0)
    assert desk.collection is not None
    assert desk.collection.deadline() is None
    desk.resumed(100.0)
    assert desk.collection.deadline() == 100.0 + PIN.timeout_s


async def test_a_tool_that_went_away_is_followed_by_the_next_one_that_asks_for_the_same() -> None:
    desk, gone, tool = KeyDesk(Vault()), waiting(), waiting()
    desk.ask(PIN, gone, 0.0)
    assert desk.collection is not None
    desk.collection.press("7", 1.0)
    gone.cancel()
    assert not desk.ask(PIN, tool, 2.0)
    desk.collection.press("8", 3.0)
    desk.end(Outcome.COLLECTED)
    assert await tool == "collected: 78"


async def test_nobody_else_may_ask_meanwhile() -> None:
    desk, first, second = KeyDesk(Vault()), waiting(), waiting()
    desk.ask(PIN, first, 0.0)
    assert not desk.ask(PIN, second, 0.0)
    assert (await second).startswith("failed: ")
    assert not first.done()


async def test_who_went_away_before_it_asked_is_told_nothing() -> None:
    desk, first, gone = KeyDesk(Vault()), waiting(), waiting()
    desk.ask(PIN, first, 0.0)
    gone.cancel()
    assert not desk.ask(PIN, gone, 0.0)
    assert gone.cancelled()
    assert not first.done()


async def test_a_number_nobody_waits_for_ends_all_the_same() -> None:
    vault = Vault()
    desk, gone = KeyDesk(vault), waiting()
    desk.ask(PIN, gone, 0.0)
    gone.cancel()
    desk.end(Outcome.COLLECTED)
    assert "pin" in vault
