"""``sipagent call``: calls somebody, or says in one line why not."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from sipagent.audio.wav import read_wav
from tests.ports import rtp_ports
from tests.telephony.far_end import far_end

from .handset import handset
from .program import ended, program
from .test_exits import only_line


async def test_nobody_at_the_port_is_one_line_with_the_status() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        uri = f"sip:x@127.0.0.1:{free.getsockname()[1]};transport=tcp"
        assert only_line(await ended("call", uri)) == f"{uri}: Connection refused (503)"


@pytest.mark.parametrize(("mode", "said"), [("busy", "Busy Here (486)"), ("declines", "(603)")])
async def test_a_call_that_is_not_taken_is_one_line_with_the_status(mode: str, said: str) -> None:
    async with far_end(mode) as uri:
        text = only_line(await ended("call", uri))
    assert text.startswith(f"{uri}: ")
    assert text.endswith(said)


async def test_what_is_no_sip_uri_is_one_line() -> None:
    assert only_line(await ended("call", "nobody")).startswith("cannot call nobody: ")


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file or directory"), (b"text", "not a WAV file")]
)
async def test_a_sound_that_cannot_be_played_rings_nobodys_phone(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    wav = tmp_path / "x.wav"
    if content is not None:
        wav.write_bytes(content)
    async with handset() as phone:
        text = only_line(await ended("call", phone.uri, "--wav", str(wav)))
        assert phone.requests == []
    assert str(wav) in text
    assert said in text


async def test_who_hung_up_is_told() -> None:
    async with far_end("hangs up") as uri:
        status, output, errors = await ended("call", uri)
    assert (status, errors) == (0, [])
    assert (output[0], output[-1]) == (
        "answered",
        "the other end hung up: 200 Normal call clearing",
    )


async def test_a_call_ends_at_its_limit_and_what_was_heard_is_written(tmp_path: Path) -> None:
    wav = tmp_path / "heard.wav"
    async with handset() as phone:
        limits = ("--limit-s", "0.5", "--record", str(wav))
        status, output, errors = await ended("call", phone.uri, *limits)
        assert phone.requests == ["INVITE", "ACK", "BYE"]
    assert (status, errors) == (0, [])
    assert (output[:2], output[-1]) == (["answered", "hung up after 0.5 s"], f"wrote {wav}")
    pcm, rate_hz = read_wav(wav)
    assert rate_hz == 8_000
    assert len(pcm) > 0


async def test_a_recording_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    wav = tmp_path / "none" / "heard.wav"
    async with far_end("hangs up") as uri:
        status, _, errors = await ended("call", uri, "--record", str(wav))
    assert (status, errors) == (1, [f"sipagent: {wav}: No such file or directory"])


async def test_ctrl_c_hangs_up() -> None:
    async with handset() as phone, program("call", phone.uri, "--caller", "ada") as running:
        assert await running.line() == "answered"
        running.signal(signal.SIGINT)
        outcome = await running.end()
        assert phone.requests == ["INVITE", "ACK", "BYE"]
    assert (outcome.status, outcome.errors) == (130, [])


async def test_a_transfer_is_followed_and_told() -> None:
    async with (
        far_end("hangs up", rtp_ports=rtp_ports("another far end")) as target,
        far_end(f"refers to {target}") as uri,
    ):
        status, output, errors = await ended("call", uri)
    assert (status, errors) == (0, [])
    assert output[:2] == ["answered", f"transferred to {target}"]
    assert output[-1] == "the other end hung up: 200 Normal call clearing"


async def test_keys_are_pressed_once_the_other_end_is_silent() -> None:
    async with far_end("speaks") as uri:
        status, output, errors = await ended("call", uri, "--dtmf", "1,#")
    assert (status, errors) == (0, [])
    assert output[-1] == "the other end hung up: 200 Normal call clearing"


async def test_headers_are_sent() -> None:
    async with handset() as phone:
        headers = ("--header", "X-Plan: desk", "--header", "X-Room:7")
        status, _, errors = await ended("call", phone.uri, "--limit-s", "0.1", *headers)
        assert (status, errors) == (0, [])
        assert "\r\nX-Plan: desk\r\nX-Room: 7\r\n" in phone.invite


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--dtmf", "12x", "no key of a telephone: 'x'"),
        ("--header", "X-Plan", "not a header, like 'X-Plan: desk': 'X-Plan'"),
        ("--header", "X-Plan: a\r\nX-Forged: b", "not a header"),
    ],
)
async def test_what_cannot_be_sent_rings_nobodys_phone(option: str, value: str, said: str) -> None:
    async with handset() as phone:
        assert only_line(await ended("call", phone.uri, option, value)).startswith(said)
        assert phone.requests == []
