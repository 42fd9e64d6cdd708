"""Session descriptions of encrypted audio: what they say, and how the two sides of a relay see it.

A peer that speaks DTLS-SRTP is answered by a relay of ours (``dtls_relay``), behind which PJSIP
speaks plain RTP: of every description one side sees the relay's address inside, the other the one
outside, with our fingerprint. Pure. Fingerprints RFC 8122; setup RFC 4145; profiles RFC 5764
section 8; keys by SDES RFC 4568; offers that are encrypted if the peer can RFC 8643; RTP and RTCP
on one port RFC 5761.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .security import SrtpSettings

Way: TypeAlias = Literal["dtls", "sdes", "plain"]
Address: TypeAlias = tuple[str, int]

IN_THE_CLEAR = "SRTP: the callee answers without the encryption that sip.srtp requires"

DTLS_PROFILE = "UDP/TLS/RTP/SAVP"
HASHES = ("sha-512", "sha-384", "sha-256", "sha-224", "sha-1")
"""Hash functions of fingerprints that are believed, best first (RFC 8122 section 5)."""

_OF_KEYS = ("fingerprint", "setup", "tls-id", "connection", "rtcp-mux", "rtcp-mux-only", "crypto")
_OF_PATH = ("rtcp", "rtcp-fb", "rtcp-rsize", "candidate", "ice-ufrag", "ice-pwd", "ice-options")


@dataclass(frozen=True, slots=True)
class Audio:
    """One audio section that is not switched off, with what holds for all."""

    at: int
    """Which section it is; 0 is what comes before the first."""
    profile: str
    rtp: Address
    rtcp: Address
    setup: str
    fingerprints: tuple[tuple[str, str], ...]
    """Hash function and value of each certificate; of unknown functions none."""
    has_keys: bool
    is_muxed: bool
    tls_id: str


def audio_sections(sdp: str) -> list[Audio]:
    """Return the audio sections of a description; garbage has none."""
    sections = _split(sdp)
    read = (_read(at, lines, sections[0]) for at, lines in enumerate(sections) if at)
    return [audio for audio in read if audio is not None]


def picked(sdp: str, srtp: SrtpSettings) -> tuple[Audio, Way] | None:
    """Return which section of an offer is taken and how, None if ``srtp`` allows none."""
    offered = audio_sections(sdp)
    ways: tuple[Way, ...] = srtp.keying if srtp.mode == "required" else (*srtp.keying, "plain")
    for way in ways:
        for audio in offered:
            if way in ways_of(audio):
                return audio, way
    return None


def ways_of(audio: Audio) -> set[Way]:
    """Return how a section can be had."""
    if "TLS/" in audio.profile:
        return {"dtls"} if audio.fingerprints else set()
    ways: set[Way] = set()
    if audio.fingerprints:
        ways.add("dtls")
    if audio.has_keys:
        ways.add("sdes")
    if "SAVP" not in audio.profile:
        ways.add("plain")
    return ways


def inside(sdp: str, audio: Audio, way: Way, rtp: Address, rtcp: Address) -> str:
    """Return what PJSIP is shown of a peer's description: the relay at ``rtp`` and ``rtcp``.

    A peer on hold by its address (RFC 3264 section 8.4) is shown so. Other audio sections are
    switched off, lest PJSIP takes another one.
    """
    sections = _split(sdp)
    for at, lines in enumerate(sections):
        if at and lines[0].lower().startswith("m=audio "):
            sections[at] = lines if at == audio.at else [_media(lines[0], port=0), *lines[1:]]
    host = "0.0.0.0" if audio.rtp[0] == "0.0.0.0" else rtp[0]
    first, *rest = sections[audio.at]
    dropped = _OF_PATH if way == "sdes" else (*_OF_PATH, *_OF_KEYS)
    profile = "RTP/SAVP" if way == "sdes" and "SAVP" in audio.profile else "RTP/AVP"
    kept = [line for line in rest if not line.startswith("c=") and not _is_of(line, dropped)]
    sections[audio.at] = [
        *(_media(first, port=rtp[1], profile=profile), f"c=IN IP4 {host}"),
        *(*kept, f"a=rtcp:{rtcp[1]} IN IP4 {host}"),
    ]
    shared = [line for line in sections[0] if not _is_of(line, ("group", *_OF_KEYS, *_OF_PATH))]
    return _joined([shared, *sections[1:]])


def outside(
    sdp: str, *, profile: str, way: Way, ports: tuple[int, int], attributes: Sequence[str]
) -> str:
    """Return what a peer is shown of PJSIP's description: the relay's ``ports``, ``attributes``.

    Args:
        sdp: PJSIP's.
        profile: Of the section; that of the offer, where this answers one.
        way: How it is encrypted; keys of PJSIP's are shown only with ``sdes``.
        ports: Of RTP and RTCP.
        attributes: That come with the way.
    """
    audio = next(iter(audio_sections(sdp)), None)
    if audio is None:
        return sdp
    sections = _split(sdp)
    first, *rest = sections[audio.at]
    dropped = _OF_PATH if way == "sdes" else (*_OF_PATH, *_OF_KEYS)
    kept = [line for line in rest if not _is_of(line, dropped)]
    rtcp = f"a=rtcp:{ports[1]} IN IP4 {audio.rtp[0]}"
    added = [f"a={attribute}" for attribute in attributes]
    changed = _media(first, port=ports[0], profile=profile)
    sections[audio.at] = [changed, *kept, rtcp, *added]
    return _joined(sections)


def with_profile(sdp: str, profile: str) -> str:
    """Return a description whose audio sections all have ``profile``."""
    sections = _split(sdp)
    for audio in audio_sections(sdp):
        sections[audio.at][0] = _media(sections[audio.at][0], profile=profile)
    return _joined(sections)


def switched_off(sdp: str) -> str:
    """Return a description without audio."""
    sections = _split(sdp)
    for audio in audio_sections(sdp):
        sections[audio.at][0] = _media(sections[audio.at][0], port=0)
    return _joined(sections)


def _read(at: int, lines: list[str], shared: list[str]) -> Audio | None:
    words = lines[0].removeprefix("m=").split()
    if len(words) < 3 or words[0].lower() != "audio":
        return None
    port = words[1].partition("/")[0]
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        return None
    host = _last([*shared, *lines], "c=").split(" ")[-1].partition("/")[0]
    rtp = host, int(port)
    fingerprints = _values(lines, "fingerprint") or _values(shared, "fingerprint")
    is_muxed = any(line.strip() == "a=rtcp-mux" for line in lines)
    return Audio(
        at=at,
        profile=words[2].upper(),
        rtp=rtp,
        rtcp=rtp if is_muxed else _rtcp(lines, rtp),
        setup=next(iter((*_values(lines, "setup"), *_values(shared, "setup"))), "").lower(),
        fingerprints=tuple(filter(None, map(_fingerprint, fingerprints))),
        has_keys=bool(_values(lines, "crypto")),
        is_muxed=is_muxed,
        tls_id=next(iter((*_values(lines, "tls-id"), *_values(shared, "tls-id"))), ""),
    )


def _rtcp(lines: list[str], rtp: Address) -> Address:
    """Return where RTCP goes: the next port, or what ``a=rtcp`` says (RFC 3605)."""
    host, port = rtp[0], min(rtp[1] + 1, 65_535)
    for value in _values(lines, "rtcp"):
        words = value.split()
        if words and words[0].isascii() and words[0].isdigit() and 0 < int(words[0]) < 65_536:
            return (words[3] if len(words) > 3 else host), int(words[0])
    return host, port


def _fingerprint(value: str) -> tuple[str, str] | None:
    function, _, digest = value.partition(" ")
    function = function.lower()
    return (function, digest.strip().upper()) if function in HASHES else None


def _split(sdp: str) -> list[list[str]]:
    """Return what comes before the first section, and each section, as lines."""
    sections: list[list[str]] = [[]]
    for line in sdp.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line.startswith("m="):
            sections.append([])
        if line:
            sections[-1].append(line)
    return sections


def _joined(sections: Sequence[Sequence[str]]) -> str:
    return "\r\n".join((*(line for lines in sections for line in lines), ""))


def _media(line: str, *, port: int | None = None, profile: str = "") -> str:
    words = line.split()
    if len(words) > 2:
        words[1] = words[1] if port is None else str(port)
        words[2] = profile or words[2]
    return " ".join(words)


def _is_of(line: str, names: Sequence[str]) -> bool:
    return line.startswith("a=") and line[2:].partition(":")[0].strip() in names


def _values(lines: Sequence[str], name: str) -> list[str]:
    start = f"a={name}:"
    return [line[len(start) :].strip() for line in lines if line.startswith(start)]


def _last(lines: Sequence[str], start: str) -> str:
    found = [line[len(start) :].strip() for line in lines if line.startswith(start)]
    return found[-1] if found else ""
