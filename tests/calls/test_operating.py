"""Whether what an operator wants can be done."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.calls.operating import Sight, objection
from sipagent.operator_acts import (
    Flag,
    HandOver,
    HangUp,
    Mute,
    OperatorAct,
    Say,
    TransferTo,
    Whisper,
    act_fields,
    act_name,
)

ACTS: list[tuple[OperatorAct, str]] = [
    (HangUp(), "hang_up"),
    (TransferTo("desk"), "transfer"),
    (Say("Hello."), "say"),
    (Whisper("Be brief."), "whisper"),
    (Mute("inbound", is_muted=True), "mute"),
    (Mute("inbound", is_muted=False), "unmute"),
    (HandOver("Billing"), "hand_over"),
    (Flag(), "flag"),
]


def sight(**changes: Any) -> Sight:
    usual: dict[str, Any] = {
        "is_talking": True,
        "agent": "Reception",
        "agents": ["Reception", "Billing"],
        "targets": ["desk"],
    }
    return Sight(**(usual | changes))


@pytest.mark.parametrize(("act", "name"), ACTS)
def test_on_a_call_that_talks_everything_can_be_done(act: OperatorAct, name: str) -> None:
    assert objection(act, sight()) is None
    assert act_name(act) == name


@pytest.mark.parametrize(("act", "name"), ACTS)
@pytest.mark.parametrize("state", [{"is_talking": False}, {"is_bridged": True}])
def test_without_an_agent_that_talks_a_call_can_only_be_ended_or_marked(
    act: OperatorAct, name: str, state: dict[str, bool]
) -> None:
    refused = objection(act, sight(**state))
    assert (None if refused is None else refused.status) == (
        None if name in {"hang_up", "flag"} else 409
    )


@pytest.mark.parametrize(
    ("act", "state", "status"),
    [
        (TransferTo("desk"), {"is_transferring": True}, 409),
        (TransferTo("nobody"), {}, 404),
        (TransferTo("sip:a@b", "sip:a@b"), {"targets": []}, None),
        (Say("x"), {"is_agent_muted": True}, 409),
        (Say("x"), {"has_session": False}, None),
        (Say("x"), {"has_session": False, "is_attached": True}, 409),
        (Whisper("x"), {"has_session": False}, 409),
        (HandOver("Billing"), {"has_session": False}, 409),
        (HandOver("Reception"), {}, 409),
        (HandOver("Nobody"), {}, 404),
        (Mute("outbound", is_muted=True), {"is_attached": True}, 409),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    act: OperatorAct, state: dict[str, Any], status: int | None
) -> None:
    refused = objection(act, sight(**state))
    assert (None if refused is None else refused.status) == status
    assert refused is None or refused.text


def test_what_was_wanted_is_told_without_what_was_left_open() -> None:
    assert act_fields(TransferTo("desk")) == {"target": "desk"}
    assert act_fields(Mute("inbound", is_muted=True)) == {"direction": "inbound"}
    assert act_fields(HangUp(at_once=False)) == {"at_once": False}
