"""What every account of ours shares: addresses, RTP ports, encryption, timers."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Collection
from typing import Any

from sipagent.errors import SipStartError

from .pjlib import native, pj
from .security import SrtpSettings
from .settings import SipSettings

log = logging.getLogger(__name__)

_SRTP_USE = {
    "off": pj.PJMEDIA_SRTP_DISABLED,
    "optional": pj.PJMEDIA_SRTP_OPTIONAL,
    "required": pj.PJMEDIA_SRTP_MANDATORY,
}
_TIMERS = {
    "off": pj.PJSUA_SIP_TIMER_INACTIVE,
    "optional": pj.PJSUA_SIP_TIMER_OPTIONAL,
    "required": pj.PJSUA_SIP_TIMER_REQUIRED,
    "always": pj.PJSUA_SIP_TIMER_ALWAYS,
}
_PRACK = {
    "off": pj.PJSUA_100REL_NOT_USED,
    "supported": pj.PJSUA_100REL_OPTIONAL,
    "required": pj.PJSUA_100REL_MANDATORY,
}
_KEYING = {
    "sdes": pj.PJMEDIA_SRTP_KEYING_SDES,
    "dtls": pj.PJMEDIA_SRTP_KEYING_DTLS_SRTP,
}


def check_keying(settings: SrtpSettings, transports: Collection[str]) -> None:
    """Look whether this PJSIP can agree on keys as it should; after ``libCreate``.

    Args:
        settings: Of the endpoint.
        transports: That carry the keys; a warning if all of them are plain.

    Raises:
        SipStartError: If not; the published wheel has no DTLS.
    """
    if settings.mode != "off" and "tls" not in transports:
        log.warning("! sip.srtp without TLS: whoever reads the signalling can decrypt the audio")
    count, known = ctypes.c_uint(8), (ctypes.c_int * 8)()
    native().pjmedia_srtp_enum_keying(ctypes.byref(count), known)
    for name in settings.keying:
        if settings.mode != "off" and _KEYING[name] not in known[: count.value]:
            why = f'this PJSIP was built without "{name}" (PJMEDIA_SRTP_HAS_{name.upper()})'
            raise SipStartError(f"sip.srtp.keying: {why}")


def configure_account(config: Any, settings: SipSettings) -> None:
    """Set what an account needs to carry calls; identity and registration are the caller's.

    Args:
        config: A new ``pj.AccountConfig``.
        settings: Of the endpoint.
    """
    media = config.mediaConfig
    first, last = settings.rtp_ports
    rtp = media.transportConfig
    rtp.port, rtp.portRange = first, last - first
    rtp.boundAddress = settings.bind
    rtp.publicAddress = settings.public_address
    media.srtpUse = _SRTP_USE[settings.srtp.mode]
    media.srtpSecureSignaling = 0  # keys in the clear are warned of, call by call
    keyings = pj.IntVector()
    for name in settings.srtp.keying:
        keyings.append(_KEYING[name])
    media.srtpOpt.keyings = keyings
    calls, timers = config.callConfig, settings.session_timers
    calls.timerUse = _TIMERS[timers.mode]
    calls.timerSessExpiresSec, calls.timerMinSESec = timers.expires_s, timers.min_se_s
    calls.prackUse = _PRACK[settings.prack]
    nat = config.natConfig
    nat.udpKaIntervalSec = settings.nat.keep_alive_s
    nat.contactRewriteUse = 0
    nat.viaRewriteUse = 0
    nat.sdpNatRewriteUse = 0
