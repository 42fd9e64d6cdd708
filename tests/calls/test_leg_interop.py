from __future__ import annotations

from dataclasses import replace

import pytest

from sipagent.calls.facts import InteropFound
from sipagent.calls.leg_interop import interop_found
from sipagent.sip.headers import parse_invite

INVITE = parse_invite("INVITE sip:b@x SIP/2.0\r\n\r\n", "192.0.2.1:5060")


def test_findings_are_told_once_and_logged_each_with_its_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    invite = replace(INVITE, findings=("no_rport", "odd_ptime"))
    assert interop_found("c1", invite) == [InteropFound(("no_rport", "odd_ptime"))]
    assert [line.split(": ")[0] for line in caplog.messages] == [
        "call=c1 ! no_rport",
        "call=c1 ! odd_ptime",
    ]
    assert "packets that are not 20 ms long" in caplog.messages[1]


def test_a_usual_invite_is_not_worth_a_word() -> None:
    assert interop_found("c1", INVITE) == []
