"""``sipagent call``: the built-in test phone on the command line."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from sipagent.audio.frames import Pcm
from sipagent.audio.wav import read_wav
from sipagent.calls.keys import check_keys
from sipagent.calls.phone import Phone
from sipagent.calls.speech import caller_speech
from sipagent.engine.tts.speaker import Speaker
from sipagent.errors import SipAgentError
from sipagent.sip.endpoint import SipEndpoint
from sipagent.sip.settings import SipSettings

PAUSE_S = 1.0
"""Silence after which the other end has finished speaking."""

GREETING_LIMIT_S = 5.0
"""How long the caller waits to be greeted."""

_HEADER = re.compile(r"([A-Za-z0-9!%*_+`'~.-]+)\s*:\s*([^\x00-\x1f\x7f]*)")
"""Name and value in one line (RFC 3261 section 25.1)."""

RTP_PORTS = (32_000, 32_199)

Sound: TypeAlias = tuple[Pcm, int]
"""PCM and its rate in Hz."""


@asynccontextmanager
async def phone_endpoint(*, follows_refer: bool = False) -> AsyncIterator[SipEndpoint]:
    """Run a SIP endpoint that only dials."""
    settings = SipSettings(bind="0.0.0.0", port=0, rtp_ports=RTP_PORTS, user_agent="sipagent phone")
    endpoint = SipEndpoint(
        settings,
        on_incoming=lambda leg: leg.reject(480, "Temporarily Unavailable"),
        on_refused=lambda _: None,
        follows_refer=follows_refer,
    )
    await endpoint.start()
    try:
        yield endpoint
    finally:
        await endpoint.close()


async def place_call(
    uri: str,
    *,
    say: Sequence[str],
    wav: Path | None,
    digits: str,
    record: Path | None,
    caller: str,
    headers: Sequence[str],
    limit_s: float,
) -> None:
    """Call ``uri``, speak and press keys when the other end is silent, and listen.

    Raises:
        SipAgentError: If the call is not answered, a file cannot be read or written, a digit is no
            key, or a header is none.
    """
    check_keys(digits)
    extra = [_header(line) for line in headers]
    sound = await _sound(wav) if wav is not None else None
    speaker = Speaker()
    try:
        async with (
            phone_endpoint(follows_refer=True) as endpoint,
            Phone(
                endpoint, uri, caller=caller, headers=extra, on_transferred=_tell_transfer
            ) as phone,
        ):
            await phone.until_answered()
            sys.stdout.write("answered\n")
            limit = asyncio.timeout(limit_s)
            try:
                async with limit:
                    await _converse(phone, speaker, say, sound, digits)
            except TimeoutError:
                why = f"after {limit_s:g} s" if limit.expired() else "since no answer was heard"
                sys.stdout.write(f"hung up {why}\n")
            _report(phone, record)
    finally:
        await speaker.close()


async def _sound(wav: Path) -> Sound:
    """Read what will be played before anybody's phone rings."""
    try:
        return await asyncio.to_thread(read_wav, wav)
    except OSError as error:
        raise SipAgentError(f"{wav}: {error.strerror}") from None


def _header(line: str) -> tuple[str, str]:
    found = _HEADER.fullmatch(line)
    if found is None:
        raise SipAgentError(f"not a header, like 'X-Plan: desk': {line!r}")
    return found.group(1), found.group(2).strip()


def _tell_transfer(target_uri: str) -> None:
    sys.stdout.write(f"transferred to {target_uri}\n")


async def _converse(
    phone: Phone, speaker: Speaker, say: Sequence[str], sound: Sound | None, digits: str
) -> None:
    await _be_greeted(phone)
    if sound is not None:
        phone.say(*sound)
        await phone.until_answer(PAUSE_S)
    for text in say:
        words = await caller_speech(text, speaker)
        await phone.until_silent(PAUSE_S, 60)  # a transfer meanwhile leaves nobody to talk to
        if phone.has_ended:
            return
        phone.say(words, speaker.rate_hz)
        await phone.until_answer(PAUSE_S)
    if digits and not phone.has_ended:
        await phone.press(digits)
        await phone.until_answer(PAUSE_S)
    if not say and sound is None and not digits:
        await phone.until_ended(3_600)
    heard_by = 0
    while heard_by < len(phone.transferred_to) and not phone.has_ended:
        heard_by = len(phone.transferred_to)
        await _be_greeted(phone)


async def _be_greeted(phone: Phone) -> None:
    """Listen until whoever is there has finished speaking, or says nothing."""
    spans = len(phone.ear.spans)
    try:
        await phone.until(lambda: phone.has_ended or len(phone.ear.spans) > spans, GREETING_LIMIT_S)
        await phone.until_silent(PAUSE_S, 60)
    except TimeoutError:
        pass  # nobody greets: the caller speaks first


def _report(phone: Phone, record: Path | None) -> None:
    heard_s = phone.ear.voiced_ms / 1000
    sys.stdout.write(f"heard {heard_s:.1f} s of voice in {len(phone.ear.spans)} spans\n")
    if phone.has_ended:
        sys.stdout.write(f"the other end hung up: {phone.status} {phone.reason}\n")
    if record is not None:
        try:
            phone.write(record)
        except OSError as error:
            raise SipAgentError(f"{record}: {error.strerror}") from None
        sys.stdout.write(f"wrote {record}\n")
