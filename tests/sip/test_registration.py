from __future__ import annotations

import pytest

from sipagent.sip.registration import Registration, TrunkState, retry_after_s


def registering(chance: float = 1.0) -> Registration:
    """Return one that has just sent its first REGISTER, at 0."""
    registration = Registration("t", registers=True, chance=lambda: chance)
    registration.start(now=0.0)
    assert registration.is_due(now=0.0)
    assert not registration.is_due(now=0.0)
    return registration


def waits(registration: Registration, status: int, count: int, text: str = "") -> list[float]:
    """Return how long it waits after each of ``count`` failures, one after the other."""
    now, found = 0.0, []
    for _ in range(count):
        registration.answered(status, "No", 0, text, now=now)
        waited = 0.0
        while not registration.is_due(now=now + waited):
            waited += 0.5
        found.append(waited)
        now += waited
    return found


def test_a_trunk_that_does_not_register_never_is_due() -> None:
    static = Registration("t", registers=False)
    static.start(now=0.0)
    assert not static.is_due(now=1e9)
    assert static.state == TrunkState("t", "static")  # type: ignore[arg-type]
    assert not static.leave()


def test_who_is_registered_waits_for_nothing() -> None:
    registration = registering()
    registration.answered(200, "OK", 300, "", now=1.0)
    assert registration.state.state == "registered"
    assert registration.state.expires_s == 300
    assert not registration.is_due(now=1e9)


def test_waits_double_up_to_five_minutes() -> None:
    assert waits(registering(), 503, 10) == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_refusal_that_time_does_not_heal_is_tried_rarely() -> None:
    assert waits(registering(), 403, 8) == [30, 60, 120, 240, 480, 960, 1_800, 1_800]


def test_waits_are_random_down_to_half() -> None:
    assert waits(registering(chance=0.0), 503, 3) == [1, 2, 4]


def test_success_begins_anew() -> None:
    registration = registering()
    waits(registration, 503, 4)
    registration.answered(200, "OK", 300, "", now=99.0)
    registration.answered(408, "Request Timeout", 0, "", now=100.0)
    assert registration.state.retry_in_s == 2


def test_retry_after_is_heeded_and_no_shorter_wait_taken() -> None:
    answer = "SIP/2.0 503 No\r\nRetry-After: 40 (busy)\r\n\r\nRetry-After: 900"
    assert waits(registering(), 503, 1, answer) == [40]
    assert waits(registering(), 403, 1, "SIP/2.0 403 No\r\nRetry-After: 1\r\n\r\n") == [30]


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("", 0),
        ("Retry-After: x\r\n", 0),
        ("retry-after : 7;duration=3\r\n", 7),
        ("Retry-After: 999999999\r\n", 3_600),
        ("\r\n\r\nRetry-After: 5\r\n", 0),
    ],
)
def test_reading_retry_after(text: str, wait_s: int) -> None:
    assert retry_after_s("SIP/2.0 503 No\r\n" + text) == wait_s


def test_a_lost_connection_is_made_again_at_once() -> None:
    registration = registering()
    registration.connection_lost(now=1.0)  # while its answer is awaited, nothing changes
    assert not registration.is_due(now=1e9)
    registration.answered(200, "OK", 300, "", now=2.0)
    registration.connection_lost(now=10.0)
    assert registration.state.state == "failed"
    assert not registration.is_due(now=10.9)
    assert registration.is_due(now=11.0)


def test_who_has_left_stays_away() -> None:
    registration = registering()
    registration.answered(200, "OK", 300, "", now=1.0)
    assert registration.leave()
    assert not registration.leave()
    registration.answered(503, "No", 0, "", now=2.0)
    assert registration.state.state == "unregistered"
    registration.start(now=3.0)
    registration.connection_lost(now=3.0)
    assert not registration.is_due(now=1e9)


def test_who_was_not_registered_has_nothing_to_take_back() -> None:
    registration = registering()
    registration.answered(403, "No", 0, "", now=1.0)
    assert not registration.leave()
    assert registration.state.state == "unregistered"
    assert not registration.is_due(now=1e9)


def test_another_server_is_tried_at_once() -> None:
    registration = registering()
    registration.answered(503, "Service Unavailable", 0, "", now=1.0, has_another=True)
    assert registration.state.state == "failed"
    assert registration.is_due(now=2.0)
    assert waits(registration, 503, 1) == [2.0]


def test_whoever_left_may_come_back_once_that_is_settled() -> None:
    trunk = Registration("provider", registers=True)
    trunk.start(now=0.0)
    assert trunk.is_due(now=0.0)
    trunk.answered(200, "OK", 300, "", now=0.1)
    assert trunk.leave()
    trunk.come_back(now=1.0)
    assert not trunk.is_due(now=1.0)  # REGISTER with Expires 0 is on its way
    trunk.answered(200, "OK", 0, "", now=1.5)
    assert trunk.is_due(now=1.5)
    trunk.answered(200, "OK", 300, "", now=1.6)
    assert trunk.state.state == "registered"
    trunk.come_back(now=2.0)
    assert not trunk.is_due(now=2.0)


def test_who_leaves_again_does_not_come_back() -> None:
    trunk = Registration("provider", registers=True)
    trunk.leave()
    trunk.come_back(now=1.0)
    assert trunk.is_due(now=1.0)
    trunk.leave()
    trunk.answered(200, "OK", 0, "", now=2.0)
    assert not trunk.is_due(now=9.0)
    static = Registration("static", registers=False)
    static.leave()
    static.come_back(now=1.0)
    assert not static.is_due(now=1.0)


def test_what_cannot_be_undone_yet_is_undone_once_it_is_answered() -> None:
    trunk = registering()
    assert trunk.leave()
    trunk.undo_waits()
    assert not trunk.undo_is_due()
    trunk.answered(200, "OK", 300, "", now=1.0)
    assert trunk.state.state == "registered"
    assert trunk.undo_is_due()
    assert not trunk.undo_is_due()
    trunk.answered(200, "OK", 0, "", now=1.1)
    assert trunk.state.state == "unregistered"


def test_what_was_refused_meanwhile_need_not_be_undone() -> None:
    trunk = registering()
    trunk.leave()
    trunk.undo_waits()
    trunk.come_back(now=0.5)
    trunk.answered(403, "No", 0, "", now=1.0)
    assert trunk.state.state == "unregistered"
    assert not trunk.undo_is_due()
    assert trunk.is_due(now=1.0)  # whoever came back meanwhile


def test_what_cannot_be_undone_at_all_is_over() -> None:
    trunk = registering()
    trunk.answered(200, "OK", 300, "", now=1.0)
    trunk.leave()
    trunk.undo_failed("Network unreachable", now=2.0)
    assert (trunk.state.state, trunk.state.reason) == ("unregistered", "Network unreachable")
    assert not trunk.is_due(now=9.0)


def test_who_is_leaving_does_not_make_a_lost_connection_again() -> None:
    trunk = registering()
    trunk.answered(200, "OK", 300, "", now=1.0)
    trunk.leave()
    trunk.connection_lost(now=2.0)
    assert not trunk.is_due(now=9.0)
