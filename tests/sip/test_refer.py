from __future__ import annotations

import pytest

from sipagent.errors import SipError
from sipagent.sip.refer import refer_target, refer_to


@pytest.mark.parametrize(
    "uri",
    [
        "sip:+4930123@example.org",
        "sips:desk@[2001:db8::1]:5061;transport=tls?X-Plan=desk",
        "tel:+49-30-123;phone-context=example.org",
    ],
)
def test_any_uri_can_be_referred_to(uri: str) -> None:
    assert refer_to(uri) == f"<{uri}>"
    assert refer_target(refer_to(uri)) == uri


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "desk",
        "+4930123",
        ":x",
        "sip:",
        "sip:x@y\r\nX-Forged: 1",
        "sip:x@y\n",
        "sip:x@y>;method=BYE",
        "sip:x y",
        'sip:"x"@y',
        "sip:ä@y",
        "sip:" + "x" * 600,
    ],
)
def test_what_is_no_uri_cannot_be_referred_to(uri: str) -> None:
    with pytest.raises(SipError, match="not a URI"):
        refer_to(uri)


@pytest.mark.parametrize(
    ("value", "uri"),
    [
        ("<sip:a@b>", "sip:a@b"),
        ("sip:a@b", "sip:a@b"),
        ("sip:a@b;method=INVITE", "sip:a@b"),
        ("<sip:a@b;x=1>;method=INVITE", "sip:a@b;x=1"),
        ('"Ada <sip:x@y>" <sip:a@b>', "sip:a@b"),
        ("Ada L. < sip:a@b >", "sip:a@b"),
        ("", ""),
        ("<>", ""),
        ("nobody", ""),
        ("<sip:a@b\x1b[31m>", ""),
        ("<sip:a@b", ""),
    ],
)
def test_the_target_of_a_refer(value: str, uri: str) -> None:
    assert refer_target(value) == uri
