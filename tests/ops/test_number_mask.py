"""Callers' numbers in what is written."""

from __future__ import annotations

from sipagent.calls import facts
from sipagent.dialplan.call_keys import CallKeys
from sipagent.ops.number_mask import NumberMask

from .script import CALL

CALLER, ASSERTED, DIVERTED = "+491701234567", "+4930555666", "030123456"


class Told:
    def __init__(self) -> None:
        self.facts: list[facts.Fact] = []

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        assert (call_id, at) == ("c", 1.0)
        self.facts.append(fact)


def masked(fact: facts.Fact) -> facts.Fact:
    told = Told()
    NumberMask(told).tell("c", fact, at=1.0)
    return told.facts[0]


def test_no_number_of_a_caller_is_whole_in_any_header() -> None:
    headers = (
        ("From", f'"Ada {CALLER}" <sip:{CALLER}@pbx>;tag=1'),
        ("P-Asserted-Identity", f"<tel:{ASSERTED}>"),
        ("Diversion", f"<sip:{DIVERTED}@pbx>"),
        ("X-Room", "7"),
    )
    keys = CallKeys("desk", CALLER, headers, False, ASSERTED, DIVERTED)
    offer = facts.CallOffered(
        *("incoming", "sip-1", "+4930111222", CALLER),
        asserted_caller=ASSERTED,
        diverted_from=DIVERTED,
        keys=keys,
    )
    written = masked(offer)
    assert isinstance(written, facts.CallOffered)
    text = repr(written)
    assert not [number for number in (CALLER, ASSERTED, DIVERTED) if number in text]
    assert (written.caller, written.called) == ("+491701234***", "+4930111222")
    assert written.keys is not None
    assert written.keys.headers[1] == ("P-Asserted-Identity", "<tel:+4930555***>")
    assert written.keys.headers[3] == ("X-Room", "7")


def test_whom_we_call_is_masked_and_our_own_number_is_not() -> None:
    written = masked(facts.CallOffered("outgoing", "sip-1", CALLER, "+4930111222"))
    assert written == facts.CallOffered("outgoing", "sip-1", "+491701234***", "+4930111222")


def test_who_takes_the_place_of_a_caller_is_masked() -> None:
    assert masked(facts.PeerChanged("s", CALLER)) == facts.PeerChanged("s", "+491701234***")
    assert masked(facts.PeerChanged("s", "ada")) == facts.PeerChanged("s", "ada")


def test_what_was_said_is_as_it_was_said() -> None:
    others = [each for each in CALL if not isinstance(each, facts.CallOffered | facts.PeerChanged)]
    assert [masked(each) for each in others] == others
