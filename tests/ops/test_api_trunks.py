from __future__ import annotations

from sipagent.ops.api_trunks import Trunks
from sipagent.ops.channel import TrunkChanged
from sipagent.sip.registration import RegistrationState, TrunkState


def changed(name: str, state: RegistrationState = RegistrationState.FAILED) -> TrunkChanged:
    return TrunkChanged(TrunkState(name, state, 403, 0, "Forbidden", 30), 1_700_000_000.5)


def test_trunks_are_shown_by_name_as_they_last_were() -> None:
    trunks = Trunks()
    trunks.changed("worker", changed("b"))
    trunks.changed("worker", changed("a"))
    trunks.changed("worker", changed("b", RegistrationState.REGISTERED))
    shown = trunks.shown()
    assert [(each["name"], each["state"]) for each in shown] == [
        ("a", "failed"),
        ("b", "registered"),
    ]
    assert shown[0] == {
        "name": "a",
        "state": "failed",
        "status": 403,
        "reason": "Forbidden",
        "expires_s": 0,
        "retry_in_s": 30,
        "told_at": "2023-11-14T22:13:20.500+00:00",
    }


def test_a_process_that_ended_has_no_trunks() -> None:
    trunks = Trunks()
    trunks.changed("worker", changed("a"))
    trunks.changed("other", changed("b"))
    trunks.gone("worker")
    assert [each["name"] for each in trunks.shown()] == ["b"]
