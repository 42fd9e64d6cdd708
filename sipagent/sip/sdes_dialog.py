"""Dialogs that we begin with keys in SDP (RFC 4568) where others may have keys by DTLS.

PJSIP has one policy for all calls, and takes plain audio where it takes calls with DTLS, which are
plain to it. So what we offer is seen to here: the peer is shown the profile that requires
encryption, PJSIP the one it knows. Pure.
"""

from __future__ import annotations

from .dtls_sdp import (
    DTLS_PROFILE,
    IN_THE_CLEAR,
    audio_sections,
    picked,
    switched_off,
    ways_of,
    with_profile,
)
from .security import SrtpSettings


class SdesDialog:
    """Show each side of a dialog the descriptions of the other.

    Args:
        srtp: What is encrypted here.
    """

    agreed = way = None
    """Nothing is relayed."""

    def __init__(self, srtp: SrtpSettings) -> None:
        self._srtp = srtp
        self._is_raised = False
        self.fault = ""
        """Why the call cannot go on; ``""``: it can."""

    def offered(self, sdp: str) -> str:
        """Return what PJSIP is shown of an offer of the peer's: one by DTLS comes too late."""
        chosen = picked(sdp, self._srtp.model_copy(update={"keying": ("sdes",)}))
        return sdp if chosen is not None else with_profile(sdp, DTLS_PROFILE)

    def answers(self, sdp: str) -> str:
        """Return what the peer is shown of our answer."""
        return sdp

    def offers(self, sdp: str) -> str:
        """Return what the peer is shown of our offer."""
        ours = audio_sections(sdp)
        self._is_raised = self._srtp.mode == "required" and any(
            audio.profile == "RTP/AVP" and audio.has_keys for audio in ours
        )
        return with_profile(sdp, "RTP/SAVP") if self._is_raised else sdp

    def answered(self, sdp: str) -> str:
        """Return what PJSIP is shown of the peer's answer; one without keys is empty."""
        audio = next(iter(audio_sections(sdp)), None)
        if audio is None or self._srtp.mode != "required":
            return sdp
        if "sdes" not in ways_of(audio):
            self.fault = IN_THE_CLEAR
            return switched_off(sdp)
        return with_profile(sdp, "RTP/AVP") if self._is_raised else sdp
