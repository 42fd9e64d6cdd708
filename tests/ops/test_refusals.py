from __future__ import annotations

import logging

import pytest

from sipagent.ops.refusals import MAX_SOURCES, QuietLog, RefusalCounter, reason_of
from sipagent.sip.events import Refused

from .conftest import Value


def refused(status: int, why: str = "", source: str = "192.0.2.1:5060") -> Refused:
    return Refused(status, "", "+4930555", "agent", "c1", source, why=why)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (refused(0, "unknown_source"), "unknown_source"),
        (refused(401, "bad_credentials"), "bad_credentials"),
        (refused(503, "rate"), "rate"),
        (refused(503), "draining"),
        (refused(486), "busy"),
        (refused(488), "not_acceptable"),
        (refused(400), "malformed"),
        (refused(403, "something a peer made up"), "malformed"),
    ],
)
def test_every_refusal_has_a_reason_of_a_closed_list(told: Refused, reason: str) -> None:
    assert reason_of(told) == reason


def test_what_an_offer_lacks_is_its_reason() -> None:
    told = Refused(488, "", "a", "b", "c", "192.0.2.1:5060", ("no_rport", "no_audio"))
    assert reason_of(told) == "no_audio"


def test_a_source_is_told_of_once_a_minute_for_each_reason() -> None:
    quiet = QuietLog()
    assert quiet.tells("a", "rate", now=0.0) == 0
    assert quiet.tells("a", "rate", now=1.0) is None
    assert quiet.tells("a", "rate", now=59.9) is None
    assert quiet.tells("a", "unknown_source", now=2.0) == 0
    assert quiet.tells("b", "rate", now=2.0) == 0
    assert quiet.tells("a", "rate", now=60.0) == 2
    assert quiet.tells("a", "rate", now=61.0) is None


def test_many_sources_are_forgotten_the_oldest_first() -> None:
    quiet = QuietLog()
    for number in range(MAX_SOURCES + 1):
        assert quiet.tells(str(number), "rate", now=0.0) == 0
    assert quiet.tells("0", "rate", now=1.0) == 0
    assert quiet.tells(str(MAX_SOURCES), "rate", now=1.0) is None


def test_all_are_counted_and_few_are_logged(grown: Value, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    counter = RefusalCounter()
    for second in range(4):
        counter.count(refused(0, "unknown_source"), now=second * 50.0)
    assert grown("sipagent_sip_refused_total", reason="unknown_source") == 4
    assert caplog.messages == [
        "! refused unknown_source: not answered to 192.0.2.1:5060",
        "! refused unknown_source: not answered to 192.0.2.1:5060, and 1 more since the last line",
    ]
    assert "+4930555" not in caplog.text
