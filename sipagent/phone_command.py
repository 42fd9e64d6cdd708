"""``sipagent call``: the built-in test phone on the command line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from sipagent.audio.frames import Pcm
from sipagent.audio.wav import read_wav
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

RTP_PORTS = (32_000, 32_199)

Sound: TypeAlias = tuple[Pcm, int]
"""PCM and its rate in Hz."""


@asynccontextmanager
async def phone_endpoint() -> AsyncIterator[SipEndpoint]:
    """Run a SIP endpoint that only dials."""
    settings = SipSettings(bind="0.0.0.0", port=0, rtp_ports=RTP_PORTS, user_agent="sipagent phone")
    endpoint = SipEndpoint(
        settings,
        on_incoming=lambda leg: leg.reject(480, "Temporarily Unavailable"),
        on_refused=lambda _: None,
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
    record: Path | None,
    caller: str,
    limit_s: float,
) -> None:
    """Call ``uri``, speak when the other end is silent, and listen.

    Raises:
        SipAgentError: If the call is not answered, or a file cannot be read or written.
    """
    sound = await _sound(wav) if wav is not None else None
    speaker = Speaker()
    try:
        async with phone_endpoint() as endpoint, Phone(endpoint, uri, caller=caller) as phone:
            await phone.until_answered()
            sys.stdout.write("answered\n")
            limit = asyncio.timeout(limit_s)
            try:
                async with limit:
                    await _converse(phone, speaker, say, sound)
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


async def _converse(
    phone: Phone, speaker: Speaker, say: Sequence[str], sound: Sound | None
) -> None:
    try:
        await phone.until(lambda: phone.has_ended or bool(phone.ear.spans), GREETING_LIMIT_S)
        await phone.until_silent(PAUSE_S, 60)
    except TimeoutError:
        pass  # nobody greets: the caller speaks first
    if sound is not None:
        phone.say(*sound)
        await phone.until_answer(PAUSE_S)
    for text in say:
        if phone.has_ended:
            return
        phone.say(await caller_speech(text, speaker), speaker.rate_hz)
        await phone.until_answer(PAUSE_S)
    if not say and sound is None:
        await phone.until_ended(3_600)


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
