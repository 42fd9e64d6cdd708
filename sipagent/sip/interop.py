"""What an INVITE says that goes wrong on other lines: told once per call, by stable names. Pure.

A call with findings is taken like any other; most of them work here. They are what to look at first
when one does not: no sound one way (private addresses, RFC 1918 and RFC 6598), no keys
(RFC 4733), no answers (RFC 3581), or 488 (RFC 3264, RFC 4568).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from .dtls_sdp import HASHES
from .headers import Invite
from .security import SrtpSettings

USUAL_PTIME_MS = 20
LARGEST_DATAGRAM_BYTES = 1_300
"""What UDP should carry when nobody knows the path (RFC 3261 section 18.1.1)."""

FINDINGS = {
    "private_address_in_sdp": "the offer wants audio sent to a private address that the INVITE "
    "did not come from; audio goes where theirs comes from",
    "private_contact": "Contact names a private address that the INVITE did not come from; "
    "requests of ours, such as BYE, may get lost",
    "connection_address_zero": "the offer wants audio sent to 0.0.0.0: nobody hears us, as on hold",
    "no_rport": "Via has no rport: behind a translator, answers of ours may get lost",
    "large_over_udp": "the INVITE is longer than UDP carries for sure; use TCP",
    "no_offer": "the INVITE has no offer; ours comes with the answer",
    "no_audio": "the offer has no audio",
    "no_common_codec": "the offer has no codec of ours",
    "no_telephone_event": "the offer has no telephone-event: keys come by INFO or as sound only",
    "odd_ptime": "the offer wants packets that are not 20 ms long",
    "srtp_without_tls": "the keys of encrypted audio come over a line that is not encrypted",
    "plain_audio": "the offer is not encrypted, and sip.srtp.mode requires it",
    "encrypted_audio": "the offer is encrypted in a way that sip.srtp does not allow or know",
}
"""A sentence for each name."""

UNACCEPTABLE = ("no_audio", "no_common_codec", "plain_audio", "encrypted_audio")
"""Those that an answer of 488 is about."""

_PRIVATE = [
    *map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")),
    *map(ip_network, ("169.254.0.0/16", "fc00::/7", "fe80::/10")),
]
_HOST = re.compile(r"sips?:(?:[^@>]*@)?(\[[0-9a-fA-F:.]+\]|[^:;>\s]+)", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,6}")


@dataclass(slots=True)
class _Offer:
    """An audio section that is not switched off, and what holds for all."""

    connection: str = ""
    profile: str = ""
    attributes: list[str] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """Return the values of every attribute ``name``."""
        start = f"{name}:"
        return [each[len(start) :].strip() for each in self.attributes if each.startswith(start)]


def interop_findings(
    invite: Invite, text: str, *, codecs: Sequence[str], srtp: SrtpSettings
) -> tuple[str, ...]:
    """Return the names of what is unusual, in the order of :data:`FINDINGS`.

    Args:
        invite: What was read from ``text``.
        text: Of the INVITE, whole.
        codecs: Ours.
        srtp: What is encrypted here.
    """
    sdp = text.replace("\r\n", "\n").partition("\n\n")[2]
    found = {*_in_headers(invite, text)}
    if invite.has_offer:
        found |= {*_in_offer(invite, _taken(_offers(sdp), srtp), codecs, srtp)}
    else:
        found.add("no_offer")
    return tuple(name for name in FINDINGS if name in found)


def _in_headers(invite: Invite, text: str) -> Iterator[str]:
    first = {name.lower(): value for name, value in reversed(invite.headers)}
    contact = _HOST.search(first.get("contact", ""))
    if contact is not None and _is_private_elsewhere(contact.group(1), invite):
        yield "private_contact"
    if invite.transport == "udp":
        if not re.search(r";\s*rport\b", first.get("via", ""), re.IGNORECASE):
            yield "no_rport"
        if len(text) > LARGEST_DATAGRAM_BYTES:
            yield "large_over_udp"


def _in_offer(
    invite: Invite, offer: _Offer | None, codecs: Sequence[str], srtp: SrtpSettings
) -> Iterator[str]:
    if offer is None:
        yield "no_audio"
        return
    if offer.connection in {"0.0.0.0", "::"}:
        yield "connection_address_zero"
    elif _is_private_elsewhere(offer.connection, invite):
        yield "private_address_in_sdp"
    if not {name.upper().partition("/")[0] for name in invite.offered_codecs} & set(codecs):
        yield "no_common_codec"
    if not any("telephone-event/" in value.lower() for value in offer.values("rtpmap")):
        yield "no_telephone_event"
    if any(_number(value) not in {None, USUAL_PTIME_MS} for value in offer.values("ptime")):
        yield "odd_ptime"
    yield from _in_encryption(invite, offer, srtp)


def _in_encryption(invite: Invite, offer: _Offer, srtp: SrtpSettings) -> Iterator[str]:
    has_keys, has_dtls = _keys(offer)
    if has_keys and invite.transport in {"udp", "tcp"}:
        yield "srtp_without_tls"
    if srtp.mode == "required" and not (has_keys or has_dtls):
        yield "plain_audio"
    if _is_locked(offer, srtp):
        yield "encrypted_audio"


def _keys(offer: _Offer) -> tuple[bool, bool]:
    """Tell whether it has keys by SDES, and by DTLS."""
    has_keys = bool(offer.values("crypto"))
    has_dtls = "TLS/" in offer.profile or bool(offer.values("fingerprint"))
    return has_keys, has_dtls


def _is_locked(offer: _Offer, srtp: SrtpSettings) -> bool:
    """Tell whether it is encrypted in a way that we do not know or allow."""
    if "SAVP" not in offer.profile:
        return False
    has_keys, has_dtls = _keys(offer)
    hashes = {value.partition(" ")[0].lower() for value in offer.values("fingerprint")}
    opens = {
        *(("dtls",) if has_dtls and hashes & {*HASHES} else ()),
        *(("sdes",) if has_keys and "TLS/" not in offer.profile else ()),
    }
    return srtp.mode == "off" or not opens & {*srtp.keying}


def _taken(offers: Sequence[_Offer], srtp: SrtpSettings) -> _Offer | None:
    """Return the one that PJSIP answers; the others it switches off.

    A peer that would do either way offers both, plain and encrypted, as two sections: best is the
    encrypted one where we encrypt, and else the plain one.
    """
    known = [offer for offer in offers if not _is_locked(offer, srtp)]
    encrypted = [offer for offer in known if "SAVP" in offer.profile]
    return next(iter(encrypted or known or offers), None)


def _offers(sdp: str) -> list[_Offer]:
    shared, sections = _Offer(), list[_Offer]()
    section: _Offer | None = shared
    for raw in sdp.splitlines():
        kind, _, value = raw.strip().partition("=")
        if kind == "m":
            words = value.split()
            section = None  # not ours, unless it is audio
            if words[:1] == ["audio"] and words[1:2] != ["0"]:
                profile = words[2].upper() if len(words) > 2 else ""
                section = _Offer(shared.connection, profile, list(shared.attributes))
                sections.append(section)
        elif section is None:
            continue
        elif kind == "c":
            section.connection = value.split()[-1] if value.split() else ""
        elif kind == "a":
            section.attributes.append(value)
    return sections


def _is_private_elsewhere(host: str, invite: Invite) -> bool:
    host = host.strip("[]").partition("/")[0]
    if host == invite.source_address.rpartition(":")[0].strip("[]"):
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return False  # a name, or nothing that can be read
    return any(address in network for network in _PRIVATE)


def _number(value: str) -> int | None:
    match = _NUMBER.match(value)
    return int(match.group()) if match else None
