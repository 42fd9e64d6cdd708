"""What of an INVITE plans look at."""

import pytest

from sipagent.calls.route_keys import route_keys
from sipagent.dialplan.call_keys import CallKeys
from sipagent.sip.headers import parse_invite

TEXT = """INVITE sip:+4930123@box.example SIP/2.0
From: "Ann" <sip:+49171@carrier.example>;tag=1
To: <sip:+4930123@box.example>
P-Asserted-Identity: <sip:+49172@carrier.example>
Authorization: Digest response="secret"
Proxy-Authorization: Digest response="secret"
X-Queue: sales

"""


@pytest.mark.parametrize(
    ("address", "host"),
    [("203.0.113.5:5060", "203.0.113.5"), ("[2001:db8::1]:5060", "2001:db8::1"), ("", "")],
)
def test_keys_are_all_that_plans_look_at(address: str, host: str) -> None:
    keys = route_keys(parse_invite(TEXT, address), "c1", 1_700_000_000.5, ("112",))
    assert (keys.called, keys.caller, keys.source_address) == ("+4930123", "+49171", host)
    assert (keys.at_s, keys.call_id, keys.is_emergency) == (1_700_000_000.5, "c1", False)
    assert ("X-Queue", "sales") in keys.headers


def test_credentials_are_not_kept() -> None:
    keys = route_keys(parse_invite(TEXT, ""), "c1", 0.0, ())
    assert "secret" not in keys.to_json()


def test_an_emergency_is_part_of_the_keys() -> None:
    text = TEXT.replace("+4930123", "112")
    assert route_keys(parse_invite(text, ""), "c1", 0.0, ("112",)) == CallKeys(
        "112",
        "+49171",
        route_keys(parse_invite(text, ""), "c1", 0.0, ()).headers,
        is_emergency=True,
        call_id="c1",
    )


def test_headers_without_end_are_cut_off() -> None:
    many = "".join(f"X-{number}: {'a' * 500}\n" for number in range(120))
    keys = route_keys(parse_invite(TEXT.replace("X-Queue", f"{many}X-Queue"), ""), "c1", 0.0, ())
    assert 30 < len(keys.headers) < 40
