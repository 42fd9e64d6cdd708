"""What goes into operations on a ``pj.Call`` and what is read from it; on the PJSIP thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .events import LineStats
from .pjlib import pj

_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f]+")


def operation(status: int, reason: str, headers: Sequence[tuple[str, str]]) -> Any:
    """Return the parameters of a call operation; line breaks in values would be new headers."""
    parameters = pj.CallOpParam(True)
    parameters.statusCode = status
    parameters.reason = _LINE_BREAKS.sub(" ", reason)
    for name, value in headers:
        header = pj.SipHeader()
        header.hName, header.hValue = name, _LINE_BREAKS.sub(" ", value)
        parameters.txOption.headers.append(header)
    return parameters


def said(reason: Any) -> str:
    """Return a reason phrase, PJSIP's own words for a host without an address put plainly."""
    text = str(reason)
    return "no address was found" if "PJ_ERESOLVE" in text else text


def received(event: Any) -> str:
    """Return the message whose arrival ``event`` tells of, ``""`` if it tells of anything else."""
    if event.type != pj.PJSIP_EVENT_TSX_STATE:
        return ""
    state = event.body.tsxState
    return str(state.src.rdata.wholeMsg) if state.type == pj.PJSIP_EVENT_RX_MSG else ""


def audio_media(info: Any) -> Any:
    """Return the audio stream in the conference, on hold or not; a view of ``info``."""
    for media in info.media:
        is_streaming = media.status not in {pj.PJSUA_CALL_MEDIA_NONE, pj.PJSUA_CALL_MEDIA_ERROR}
        if media.type == pj.PJMEDIA_TYPE_AUDIO and is_streaming:
            return media
    return None


def encryption(dump: str) -> str:
    """Return how the keys of a stream that PJSIP encrypts were agreed on; empty: it does not.

    Args:
        dump: PJSUA's text about the call, which alone tells whether keys are in use: with SRTP
            optional, both kinds have the same profile.
    """
    return "SDES" if "SRTP status: Active" in dump else ""


def line_stats(stat: Any, transport: Any, stream: Any) -> LineStats:
    """Return the figures of a stream, its transport and what was agreed on."""
    rtcp = stat.rtcp
    return LineStats(
        packets_in=int(rtcp.rxStat.pkt),
        packets_out=int(rtcp.txStat.pkt),
        lost_in=int(rtcp.rxStat.loss),
        lost_out=int(rtcp.txStat.loss),
        discarded_in=int(rtcp.rxStat.discard) + int(stat.jbuf.discard),
        jitter_ms=rtcp.rxStat.jitterUsec.mean / 1000,
        rtt_ms=rtcp.rttUsec.mean / 1000,
        reports_in=int(rtcp.txStat.updateCount),
        jitter_buffer_ms=int(stat.jbuf.avgDelayMsec),
        empty_frames=int(stat.jbuf.empty),
        rtp_source=str(transport.srcRtpName),
        rtp_target=str(stream.remoteRtpAddress),
        is_peer_sending=bool(stream.dir & pj.PJMEDIA_DIR_DECODING),
    )
