"""What a plan wants of the session descriptions of its calls. Pure.

PJSIP writes them; what it cannot be told is changed in its text before it is compared with the
peer's (RFC 3264): the order of codecs of one call, and how much audio a packet shall hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .headers import STATIC_PAYLOADS

NOWHERE = "0.0.0.0"
"""As an address of media it means hold (RFC 2543; RFC 3264 section 8.4)."""

EVENTS = "telephone-event"


@dataclass(frozen=True, slots=True)
class LineWishes:
    """Wishes of one leg."""

    codecs: tuple[str, ...] = ()
    """Names, best first; the others come after them, as without a wish."""
    ptime_ms: int | None = None
    """Audio of one packet; None: 20, or what the peer asks for."""


NO_WISHES = LineWishes()


def wished(ours: str, theirs: str, line: LineWishes) -> str:
    """Return ``ours`` as ``line`` wants it.

    Args:
        ours: What PJSIP is about to offer or answer.
        theirs: The offer that is answered; ``""``: this is one.
        line: The wishes.
    """
    lines = ours.replace("\r\n", "\n").rstrip("\n").split("\n")
    at = next((index for index, text in enumerate(lines) if _is_live_audio(text)), None)
    if at is None:
        return ours
    audio, rest = lines[at:], []
    for index, text in enumerate(audio[1:], 1):
        if text.startswith("m="):
            audio, rest = audio[:index], audio[index:]
            break
    audio[0] = _ordered(audio, theirs, line.codecs)
    if line.ptime_ms is not None:
        audio = [text for text in audio if not text.startswith("a=ptime:")]
        audio.append(f"a=ptime:{line.ptime_ms}")
    if _is_nowhere(theirs):
        audio = ["a=recvonly" if text == "a=sendrecv" else text for text in audio]
    return "\r\n".join((*lines[:at], *audio, *rest, ""))


def preferred(offered: Sequence[str], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codecs of an offer, ``NAME/clock``, in the order in which we take them."""
    return tuple(sorted(offered, key=lambda name: _rank(name.partition("/")[0].upper(), wanted)))


def _ordered(audio: list[str], theirs: str, wanted: tuple[str, ...]) -> str:
    """Return the media line with the wanted codecs first.

    PJSIP answers with the first codec of the peer's that we have, so an answer names one only.
    """
    media, payloads = audio[0].split()[:3], audio[0].split()[3:]
    names = _names(audio)
    ordered = sorted(payloads, key=lambda payload: _rank(names.get(payload, ""), wanted))
    if theirs:
        known = set(_names(theirs.replace("\r\n", "\n").split("\n")).values())
        agreed = [each for each in ordered if names.get(each) in wanted and names[each] in known]
        if agreed:
            kept = {agreed[0], *(each for each in payloads if names.get(each) == EVENTS.upper())}
            ordered = [payload for payload in ordered if payload in kept]
    return " ".join((*media, *ordered))


def _names(lines: list[str]) -> dict[str, str]:
    """Return the codec of each payload type of the audio in ``lines``."""
    start = next((index for index, text in enumerate(lines) if _is_live_audio(text)), None)
    if start is None:
        return {}
    names: dict[str, str] = {}
    for payload in lines[start].split()[3:]:
        names[payload] = STATIC_PAYLOADS.get(payload, "").partition("/")[0]
    for text in lines[start + 1 :]:
        if text.startswith("m="):
            break
        if text.startswith("a=rtpmap:"):
            payload, _, encoding = text.removeprefix("a=rtpmap:").partition(" ")
            names[payload] = encoding.strip().partition("/")[0].upper()
    return names


def _is_live_audio(text: str) -> bool:
    """Tell whether a section begins that is audio, and not switched off."""
    return text.startswith("m=audio ") and not text.startswith("m=audio 0 ")


def _rank(name: str, wanted: tuple[str, ...]) -> int:
    if name in wanted:
        return wanted.index(name)
    return len(wanted)


def _is_nowhere(sdp: str) -> bool:
    """Tell whether audio is wanted at no address: the last one before or in its section counts."""
    address = ""
    is_audio = False
    for text in sdp.replace("\r\n", "\n").split("\n"):
        if text.startswith("m="):
            if is_audio:
                break
            is_audio = text.startswith("m=audio ")
        elif text.startswith("c="):
            address = text.split(" ")[-1]
    return address == NOWHERE
