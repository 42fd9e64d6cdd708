"""Keys told by SIP INFO, in both bodies and the ways peers write them."""

from __future__ import annotations

import pytest

from sipagent.sip.info import InfoRead, read_info


def info(content_type: str, body: str) -> str:
    """Return a whole request."""
    head = "INFO sip:agent@192.0.2.1 SIP/2.0\r\nCSeq: 2 INFO\r\n"
    typed = f"Content-Type: {content_type}\r\n" if content_type else ""
    return f"{head}{typed}Content-Length: {len(body)}\r\n\r\n{body}"


@pytest.mark.parametrize(
    ("signal", "key"),
    [("5", "5"), (" 5 ", "5"), ("*", "*"), ("#", "#"), ("10", "*"), ("11", "#"), ("d", "D")],
)
def test_a_relayed_key_and_how_long_it_was(signal: str, key: str) -> None:
    body = f"Signal={signal}\r\nDuration=160\r\n"
    assert read_info(info("application/dtmf-relay", body)) == InfoRead(200, key, 160)


@pytest.mark.parametrize(
    ("body", "key"), [("5", "5"), ("#\r\n", "#"), ("11", "#"), ("15", "D"), ("0", "0")]
)
def test_a_bare_key(body: str, key: str) -> None:
    assert read_info(info("application/dtmf", body)) == InfoRead(200, key)


def test_types_and_names_are_read_in_any_case_and_with_parameters() -> None:
    message = info("Application/DTMF-Relay; charset=utf-8", "signal = 7\nduration = 250")
    assert read_info(message) == InfoRead(200, "7", 250)


def test_the_short_form_of_the_header_counts() -> None:
    message = info("application/dtmf", "7").replace("Content-Type", "c")
    assert read_info(message) == InfoRead(200, "7")


def test_an_impossible_duration_is_no_duration() -> None:
    body = "Signal=1\r\nDuration=99999"
    assert read_info(info("application/dtmf-relay", body)) == InfoRead(200, "1", 0)


@pytest.mark.parametrize("content_type", ["application/dtmf-relay", "application/dtmf", ""])
def test_an_empty_info_keeps_the_dialog_alive(content_type: str) -> None:
    assert read_info(info(content_type, "")) == InfoRead(200)


def test_a_flash_is_no_key() -> None:
    assert read_info(info("application/dtmf-relay", "Signal=16")) == InfoRead(200)


@pytest.mark.parametrize("body", ["garbage", "Signal=", "Signal=x", "Signal=55", "Signal=17"])
def test_what_names_no_key_is_a_bad_request(body: str) -> None:
    assert read_info(info("application/dtmf-relay", body)) == InfoRead(400)
    assert read_info(info("application/dtmf", body)) == InfoRead(400)


def test_other_bodies_are_not_understood() -> None:
    assert read_info(info("application/media_control+xml", "<x/>")) == InfoRead(415)
