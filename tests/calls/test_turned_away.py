"""How calls are refused that no agent answers."""

from __future__ import annotations

import pytest

from sipagent.calls.emergency import EMERGENCY_WARNING
from sipagent.calls.setup import ReferCall, RefuseCall, RefuseEmergency
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.calls.turned_away import TurnedAway, refused, turned_away
from sipagent.sip.headers import Invite, invite_of_headers

INVITE: Invite = invite_of_headers((("To", "<sip:fax@example.com>"), ("From", "<sip:joe@x>")))


def ended(reason: Reason, status: int, detail: str = "") -> Termination:
    return Termination(Result.REFUSED, reason, detail, status)


@pytest.mark.parametrize(
    ("decision", "away"),
    [
        (None, TurnedAway(ended(Reason.NO_ROUTE, 404))),
        (RefuseCall("night", 480), TurnedAway(ended(Reason.PLAN_REFUSED, 480))),
        (
            ReferCall("night", "tel:+4930"),
            TurnedAway(
                ended(Reason.REDIRECTED, 302, "to tel:+4930"),
                "tel:+4930",
                (("Contact", "<tel:+4930>"),),
            ),
        ),
        (
            RefuseEmergency(),
            TurnedAway(ended(Reason.EMERGENCY_NUMBER, 503), headers=(EMERGENCY_WARNING,)),
        ),
    ],
)
def test_each_has_its_status_its_reason_and_its_headers(
    decision: RefuseCall | ReferCall | RefuseEmergency | None, away: TurnedAway
) -> None:
    assert turned_away(decision, "c1", INVITE) == away


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (None, "call=c1 ! no plan takes sip:fax"),
        (RefuseCall("night", 480), "call=c1 ! refused by plan night: 480"),
        (ReferCall("night", "tel:+4930"), "call=c1 ! redirected by plan night"),
    ],
)
def test_each_is_one_line_in_the_log(
    decision: RefuseCall | ReferCall | None, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    turned_away(decision, "c1", INVITE)
    assert [record.getMessage() for record in caplog.records] == [said]


def test_a_call_that_there_is_no_room_for_is_refused_without_more() -> None:
    assert refused(Reason.BUSY, 486) == TurnedAway(ended(Reason.BUSY, 486))
