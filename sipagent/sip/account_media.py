"""What every account of ours shares: addresses, RTP ports, encryption, timers."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from .pjlib import pj
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

LEAST_KEEP_ALIVE_S = 2
"""PJSUA waits 80 to 100 % of an interval, in whole seconds: less than this would be no wait at all,
and nothing but keep-alives would leave the process."""


def warn_of_plain_signalling(settings: SrtpSettings, transports: Collection[str]) -> None:
    """Say what encryption is worth if all of ``transports`` are plain."""
    if settings.mode != "off" and "tls" not in transports:
        log.warning("! sip.srtp without TLS: whoever reads the signalling can decrypt the audio")


def _srtp_use(settings: SrtpSettings) -> int:
    """Return what PJSIP does itself: SDES. Calls with DTLS are plain to it (``dtls_relay``).

    Where both may be had, PJSIP takes either, and ``dtls_calls`` sees to it that one is.
    """
    if "sdes" not in settings.keying:
        return int(pj.PJMEDIA_SRTP_DISABLED)
    return int(_SRTP_USE["optional" if settings.has_dtls else settings.mode])


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
    media.srtpUse = _srtp_use(settings.srtp)
    media.srtpSecureSignaling = 0  # keys in the clear are warned of, call by call
    keyings = pj.IntVector()
    keyings.append(pj.PJMEDIA_SRTP_KEYING_SDES)
    media.srtpOpt.keyings = keyings
    calls, timers = config.callConfig, settings.session_timers
    calls.timerUse = _TIMERS[timers.mode]
    calls.timerSessExpiresSec, calls.timerMinSESec = timers.expires_s, timers.min_se_s
    calls.prackUse = _PRACK[settings.prack]
    nat = config.natConfig
    every_s = settings.nat.keep_alive_s
    nat.udpKaIntervalSec = every_s and max(every_s, LEAST_KEEP_ALIVE_S)
    nat.contactRewriteUse = 0
    nat.viaRewriteUse = 0
    nat.sdpNatRewriteUse = 0
