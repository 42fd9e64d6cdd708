"""Whom a handshake is tried with, when more than one speaks."""

from __future__ import annotations

import pytest

from sipagent.sip.dtls_dialog import Role
from sipagent.sip.dtls_partner import SILENT_S, TURN_S, Partner, Turn, sendable

PEER, ANYBODY, SOMEBODY = ("203.0.113.5", 5_000), ("198.51.100.9", 6_000), ("198.51.100.8", 7_000)


@pytest.fixture(params=["client", "server"])
def role(request: pytest.FixtureRequest) -> Role:
    """Ours."""
    found: Role = request.param
    return found


def test_the_described_one_is_heard_at_once_and_nobody_else(role: Role) -> None:
    partner = Partner(PEER, role, now=0.0)
    assert partner.heard(ANYBODY, now=0.5) is Turn.NOT_HEARD
    assert partner.heard(PEER, now=0.5) is Turn.SAME
    assert partner.heard(PEER, now=9.0) is Turn.SAME
    assert partner.heard(ANYBODY, now=9.0) is Turn.NOT_HEARD


def test_one_that_is_silent_may_be_elsewhere_and_takes_its_place_when_it_speaks(role: Role) -> None:
    partner = Partner(PEER, role, now=0.0)
    assert partner.heard(ANYBODY, now=SILENT_S) is Turn.SAME
    assert partner.speaks_from == ANYBODY
    assert partner.heard(PEER, now=SILENT_S) is Turn.OTHER
    assert partner.speaks_from == PEER
    assert partner.heard(ANYBODY, now=60.0) is Turn.NOT_HEARD


def test_what_others_say_after_a_handshake_that_failed_is_not_heard_if_the_peer_spoke(
    role: Role,
) -> None:
    partner = Partner(PEER, role, now=0.0)
    partner.heard(PEER, now=0.0)
    partner.restarted()
    assert partner.heard(ANYBODY, now=5.0) is Turn.NOT_HEARD


def test_strangers_take_turns(role: Role) -> None:
    partner = Partner(PEER, role, now=0.0)
    partner.heard(ANYBODY, now=1.0)
    assert partner.heard(SOMEBODY, now=0.9 + TURN_S) is Turn.NOT_HEARD
    assert partner.heard(SOMEBODY, now=1.0 + TURN_S) is Turn.OTHER


def test_whom_we_speak_to_first_is_spoken_to_again_after_a_stranger_s_turn() -> None:
    partner = Partner(PEER, "client", now=0.0)
    assert partner.deadline() is None
    partner.heard(ANYBODY, now=1.0)
    assert partner.deadline() == 1.0 + TURN_S
    partner.returns(now=1.0 + TURN_S)
    assert partner.deadline() is None
    assert partner.heard(ANYBODY, now=1.5 + TURN_S) is Turn.NOT_HEARD


def test_a_peer_of_a_private_network_comes_from_elsewhere_if_it_speaks_first() -> None:
    at_home = ("192.168.1.5", 5_000)
    assert Partner(at_home, "server", now=0.0).heard(ANYBODY, now=0.0) is Turn.SAME
    assert Partner(at_home, "client", now=0.0).heard(ANYBODY, now=0.0) is Turn.NOT_HEARD


def test_a_peer_that_is_nowhere_speaks_first(role: Role) -> None:
    partner = Partner(None, role, now=0.0)
    assert partner.heard(ANYBODY, now=0.0) is Turn.SAME
    assert partner.deadline() is None


def test_names_and_nowhere_are_not_sent_to() -> None:
    assert sendable(("phone.example.org", 1)) is sendable(("0.0.0.0", 1)) is None
    assert sendable(PEER) == PEER
