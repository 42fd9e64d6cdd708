"""Requests within a dialog: which answers to ours count, and what ends the call."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from sipagent.sip.in_dialog import InDialog
from sipagent.sip.leg_end import LegProgress
from sipagent.sip.leg_offer import LegOffer
from sipagent.sip.pjlib import pj

OFFER, NO_OFFER = "INVITE sip:a SIP/2.0\r\n\r\nm=audio 4000 RTP/AVP 0\r\n", "INVITE sip:a SIP/2.0"


class Dialog:
    """A leg in a dialog."""

    def __init__(self, *, is_confirmed: bool = True) -> None:
        self.told: list[tuple[str, int]] = []
        self.byes: list[Any] = []
        self._later: list[Callable[[], None]] = []
        progress = LegProgress()
        progress.is_confirmed = is_confirmed
        invite = SimpleNamespace(sip_call_id="a@b")
        leg = SimpleNamespace(invite=invite, offer_answered=self._note("offer"))
        call: Any = SimpleNamespace(leg=leg, progress=progress, send_bye=self.byes.append)
        keys: Any = SimpleNamespace(info_answered=self._note("keys"))
        refer: Any = SimpleNamespace(answered=self._note("refer"), is_under_way=False)
        self.requests = InDialog(call, keys, refer, LegOffer(call), self._later.append)

    def answered(self, method: str, status: int) -> list[tuple[str, int]]:
        """Have a request of ours be answered; return who was told of it."""
        self._change(pj.PJSIP_ROLE_UAC, pj.PJSIP_TSX_STATE_COMPLETED, method, status)
        return self.told

    def reinvited(self, text: str, status: int) -> list[Any]:
        """Have the peer's re-INVITE come, and end with ``status``; return the BYEs."""
        self._change(pj.PJSIP_ROLE_UAS, pj.PJSIP_TSX_STATE_TRYING, "INVITE", 0, text)
        self._change(pj.PJSIP_ROLE_UAS, pj.PJSIP_TSX_STATE_COMPLETED, "INVITE", status)
        assert not self._later
        self._change(pj.PJSIP_ROLE_UAS, pj.PJSIP_TSX_STATE_TERMINATED, "INVITE", status)
        assert not self.byes  # not inside the callback
        for command in self._later:
            command()
        return self.byes

    def _change(self, role: int, state: int, method: str, status: int, text: str = "") -> None:
        tsx = SimpleNamespace(
            role=role, state=state, method=method, statusCode=status, pjTransaction=0
        )
        src = SimpleNamespace(rdata=SimpleNamespace(wholeMsg=text))
        self.requests.changed(SimpleNamespace(tsx=tsx, src=src))

    def _note(self, who: str) -> Callable[[int], None]:
        return lambda status: self.told.append((who, status))


@pytest.mark.parametrize(
    ("method", "who"), [("REFER", "refer"), ("INFO", "keys"), ("INVITE", "offer")]
)
def test_an_answer_goes_to_whoever_asked(method: str, who: str) -> None:
    assert Dialog().answered(method, 202) == [(who, 202)]
    assert Dialog().answered("UPDATE", 200) == []


@pytest.mark.parametrize("status", [100, 180, 401, 407])
def test_what_is_no_last_word_on_an_offer_is_waited_out(status: int) -> None:
    assert Dialog().answered("INVITE", status) == []


def test_the_answer_to_the_invite_that_makes_the_dialog_is_none_to_an_offer_within() -> None:
    assert Dialog(is_confirmed=False).answered("INVITE", 200) == []


def test_a_call_ends_whose_offer_nobody_acknowledged() -> None:
    assert Dialog().reinvited(NO_OFFER, 408) == [[("Reason", 'SIP;cause=408;text="No ACK"')]]


@pytest.mark.parametrize(("text", "status"), [(OFFER, 408), (NO_OFFER, 200)])
def test_any_other_end_of_a_reinvite_leaves_the_call_alone(text: str, status: int) -> None:
    assert Dialog().reinvited(text, status) == []
