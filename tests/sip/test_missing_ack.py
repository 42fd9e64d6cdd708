from __future__ import annotations

import pytest

from sipagent.sip.missing_ack import MissingAck


@pytest.mark.parametrize(
    ("body", "status", "ends"),
    [("", 408, True), ("", 200, False), ("v=0\r\nm=audio 4 RTP/AVP 0\r\n", 408, False)],
)
def test_a_call_ends_whose_offer_of_ours_got_no_answer(body: str, status: int, ends: bool) -> None:
    missing = MissingAck()
    missing.invited(f"INVITE sip:a SIP/2.0\r\n\r\n{body}")
    assert missing.ends_call(status) is ends
