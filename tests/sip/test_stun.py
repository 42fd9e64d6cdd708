"""STUN (RFC 5389): the example of RFC 5769 section 2.2, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.stun import binding_request, mapped_address, server_address
from tests.telephony.stun_server import response

TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
SAMPLE = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220"
    "002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96"
)


def test_the_sample_response_is_read() -> None:
    assert mapped_address(SAMPLE, TRANSACTION) == ("192.0.2.1", 32_853)


def test_a_request_is_a_header_alone() -> None:
    request = binding_request(TRANSACTION)
    assert request.hex() == f"000100002112a442{TRANSACTION.hex()}"


def test_an_old_server_says_it_plainly() -> None:
    old = response(TRANSACTION, "203.0.113.9", 5_060, is_xored=False)
    assert mapped_address(old, TRANSACTION) == ("203.0.113.9", 5_060)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SAMPLE[:19],
        SAMPLE[:24],
        b"\x01\x11" + SAMPLE[2:],
        binding_request(TRANSACTION),
        SAMPLE.replace(TRANSACTION, bytes(12)),
    ],
)
def test_what_is_no_answer_is_none(data: bytes) -> None:
    assert mapped_address(data, TRANSACTION) is None


@given(st.binary(max_size=200))
def test_garbage_is_never_an_error(data: bytes) -> None:
    mapped_address(data, TRANSACTION)
    mapped_address(SAMPLE[:20] + data, TRANSACTION)


@pytest.mark.parametrize(
    ("text", "address"),
    [("stun.example.org", ("stun.example.org", 3_478)), ("192.0.2.1:19302", ("192.0.2.1", 19_302))],
)
def test_servers(text: str, address: tuple[str, int]) -> None:
    assert server_address(text) == address


@pytest.mark.parametrize("text", [":3478", "host:", "host:x", "host:0", "host:70000", "host:²"])
def test_what_is_no_server_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="host"):
        server_address(text)
