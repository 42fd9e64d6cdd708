"""What a caller keyed in: for tools, and not for the stream of facts."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.calls.vault import RedactedFacts, Vault
from sipagent.redaction import HIDDEN

from .leg import Told

CARD = "4111111111111111"

FACTS: list[facts.Fact] = [
    facts.ToolCalled("call_1", "charge", f'{{"n":"{CARD}"}}', f"charged {CARD}", False, 3),
    facts.CallerSaid("item_1", f"it is {CARD}"),
    facts.ErrorReported("tool", f"no such card: {CARD}"),
    facts.CallEnded(
        Termination(Result.FAILED, Reason.INTERNAL_ERROR, CARD), 1, {"recording": f"{CARD}.wav"}
    ),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_no_fact_shows_a_sensitive_number(fact: facts.Fact) -> None:
    vault, told = Vault(), Told()
    vault.put("card", CARD, is_sensitive=True)
    RedactedFacts(told).tell("c1", fact, at=0.0)
    vault.close()
    ((_, shown),) = told.facts
    assert CARD not in str(asdict(shown))
    assert HIDDEN in str(asdict(shown))


def test_ids_and_other_numbers_stay_as_they_are() -> None:
    vault, told = Vault(), Told()
    vault.put("pin", "123", is_sensitive=True)
    fact = facts.ToolCalled("call-123", "t", "{}", "12 of 1234", False, 123)
    RedactedFacts(told).tell("c1", fact, at=0.0)
    vault.close()
    assert told.facts == [("c1", fact)]


def test_what_is_not_sensitive_is_told_and_kept() -> None:
    vault, told = Vault(), Told()
    vault.put("order", "4711", is_sensitive=False)
    RedactedFacts(told).tell("c1", facts.CallerSaid("i", "4711"), at=0.0)
    assert told.facts == [("c1", facts.CallerSaid("i", "4711"))]
    assert dict(vault) == {"order": "4711"}


def test_a_vault_that_is_printed_shows_names() -> None:
    vault = Vault()
    assert repr(vault) == "<collected: nothing>"
    vault.put("card", CARD, is_sensitive=True)
    assert repr(vault) == "<collected: card>"
    vault.close()
    assert len(vault) == 0


def test_a_number_that_took_the_place_of_another_hides_both() -> None:
    vault, told = Vault(), Told()
    vault.put("pin", "1234", is_sensitive=True)
    vault.put("pin", "5678", is_sensitive=True)
    RedactedFacts(told).tell("c1", facts.CallerSaid("i", "1234 5678"), at=0.0)
    assert vault["pin"] == "5678"
    vault.close()
    assert told.facts == [("c1", facts.CallerSaid("i", f"{HIDDEN} {HIDDEN}"))]
    RedactedFacts(told).tell("c1", facts.CallerSaid("i", "1234"), at=0.0)
    assert told.facts[-1] == ("c1", facts.CallerSaid("i", "1234"))
