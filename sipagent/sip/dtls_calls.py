"""Calls whose audio is relayed: which dialogs they are, and what each side of them is shown.

Every method runs on the PJSIP thread but for what the relay tells.

| resource     | acquired                   | released                              | on failure |
|--------------|----------------------------|---------------------------------------|------------|
| relay        | ``open``, if there is DTLS | ``close``                             |            |
| leg of relay | INVITE, ours or not        | ``end``, ``close``                    | 488        |

An INVITE may become no call, and its refusal may never be sent (RFC 3261 section 18.2.2: where to,
the peer says): whoever has the calls is told of each new leg, and ends those that are nobody's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sipagent.errors import SipError

from .dtls_dialog import DtlsDialog
from .dtls_sdp import DTLS_PROFILE, audio_sections, picked, switched_off, with_profile
from .pj_sdp import SdpMessage, SdpModules
from .sdes_dialog import SdesDialog
from .settings import SipSettings

if TYPE_CHECKING:
    from .dtls_leg import RelayLeg
    from .dtls_relay import MediaRelay

log = logging.getLogger(__name__)

_NEGOTIATES = frozenset({"INVITE", "ACK", "PRACK", "UPDATE"})

DialogKey: TypeAlias = tuple[str, bool]
"""Call-ID of a dialog, and whether its INVITE was ours."""


@dataclass(slots=True)
class KnownDialog:
    """A dialog whose descriptions are not shown as they are."""

    dialog: DtlsDialog | SdesDialog
    leg: RelayLeg | None
    """None: PJSIP does it itself."""
    caller_tag: str
    theirs_came_last: bool = False
    """Whether the last offer was the peer's."""


class DtlsCalls:
    """Relay what shall be.

    Args:
        settings: Of the endpoint.
        on_judged: Called on the relay's thread with a dialog, and why its peer is never heard or
            ``""`` once there are keys.
        on_opened: Called once a dialog has begun, of which PJSIP knows nothing yet.
    """

    def __init__(
        self,
        settings: SipSettings,
        on_judged: Callable[[DialogKey, str], None],
        on_opened: Callable[[], None],
    ) -> None:
        self._srtp, self._on_judged, self._on_opened = settings.srtp, on_judged, on_opened
        self._where = settings.bind, settings.rtp_ports
        self._relay: MediaRelay | None = None
        self._dialogs: dict[DialogKey, KnownDialog] = {}
        self._modules: SdpModules | None = None

    def __len__(self) -> int:
        """Return how many legs the relay has."""
        return sum(known.leg is not None for known in self._dialogs.values())

    def open(self) -> None:
        """Take part in a PJSIP that is up, after all who may refuse an INVITE.

        Raises:
            SipError: If this build of PJSIP has no place for that.
        """
        if self._srtp.has_dtls:
            # OpenSSL and libsrtp, which who has no DTLS need not load.
            from .dtls_relay import MediaRelay  # noqa: PLC0415

            self._relay = MediaRelay(*self._where)
            self._modules = SdpModules(self._received, self._sending)

    @property
    def dialogs(self) -> list[DialogKey]:
        """All that have begun and not ended."""
        return list(self._dialogs)

    def of(self, key: DialogKey) -> RelayLeg | None:
        """Return the leg of a dialog, None if it has none."""
        known = self._dialogs.get(key)
        return known.leg if known is not None else None

    def is_keyed_by_dtls(self, key: DialogKey) -> bool:
        """Tell whether the audio of a dialog is encrypted by keys of a handshake."""
        known = self._dialogs.get(key)
        return known is not None and known.dialog.way == "dtls"

    def awaits_keys(self, key: DialogKey) -> bool:
        """Tell whether nothing can be heard yet, either way: the handshake is under way."""
        known = self._dialogs.get(key)
        if known is None or known.leg is None:
            return False
        return self.is_keyed_by_dtls(key) and not known.leg.rtp.has_keys

    def fault_of(self, key: DialogKey) -> str:
        """Return why the call of a dialog cannot go on; ``""``: it can."""
        known = self._dialogs.get(key)
        return known.dialog.fault if known is not None else ""

    def end(self, key: DialogKey) -> tuple[int, ...]:
        """End the leg of a dialog, if it has one; return handles of its ports to be closed."""
        known = self._dialogs.pop(key, None)
        if known is None or known.leg is None or self._relay is None:
            return ()
        return self._relay.end(known.leg)

    def close(self) -> None:
        """End all of them, and the relay."""
        self._dialogs.clear()
        if self._relay is not None:
            self._relay.close()

    def _received(self, message: SdpMessage) -> str:
        is_offer = not message.status and message.method != "ACK"
        key, known = self._find(message, is_ours=False)
        if not message.sdp:
            if known is None and message.method == "INVITE" and self._srtp.keying[0] == "dtls":
                self._open(key, message.from_tag)  # the offer will be ours
            return ""
        if known is None:
            return self._unknown(message, key) if is_offer else self._unasked(message.sdp)
        if message.method == "PRACK" and not message.status:
            is_offer = known.theirs_came_last
        known.theirs_came_last = is_offer
        if is_offer:
            return known.dialog.offered(message.sdp)
        shown = known.dialog.answered(message.sdp)
        if known.dialog.fault:
            self._on_judged(key, known.dialog.fault)
        self._agree(known)
        return shown

    def _unknown(self, message: SdpMessage, key: DialogKey) -> str:
        """Take an offer that begins a dialog; in one without a relay, look that it is allowed."""
        chosen = picked(message.sdp, self._srtp)
        if chosen is not None and chosen[1] != "dtls":
            return ""
        if chosen is None or message.to_tag:
            return with_profile(message.sdp, DTLS_PROFILE)
        known = self._open(key, message.from_tag)
        if known is None:
            return with_profile(message.sdp, DTLS_PROFILE)
        known.theirs_came_last = True
        return known.dialog.offered(message.sdp)

    def _unasked(self, sdp: str) -> str:
        """Take an answer in a dialog without a relay, or that is written as if it were."""
        return "" if self._may_be_pjsips(sdp) else switched_off(sdp)

    def _may_be_pjsips(self, sdp: str) -> bool:
        """Tell whether PJSIP may have such audio without a relay."""
        chosen = picked(sdp, self._srtp)
        return not audio_sections(sdp) if chosen is None else chosen[1] != "dtls"

    def _sending(self, message: SdpMessage) -> str:
        key, known = self._find(message, is_ours=True)
        if not message.sdp or self._is_shown(message.sdp):
            return ""
        if known is None:
            opens = message.method == "INVITE" and not message.status and not message.to_tag
            if not opens:
                if message.method in _NEGOTIATES and not self._may_be_pjsips(message.sdp):
                    raise SipError(f"leg {message.call_id} is of no dialog that is encrypted")
                return ""
            known = self._open(key, message.from_tag)
            if known is None:  # nobody can be heard so; the peer refuses what has no fingerprint
                return with_profile(message.sdp, DTLS_PROFILE)
        self._connect(known, message.sdp)
        is_answer = known.theirs_came_last and (bool(message.status) or message.method == "ACK")
        known.theirs_came_last = is_answer
        if not is_answer:
            return known.dialog.offers(message.sdp)
        shown = known.dialog.answers(message.sdp)
        self._agree(known)
        return shown

    def _find(self, message: SdpMessage, *, is_ours: bool) -> tuple[DialogKey, KnownDialog | None]:
        """Return the dialog of a message, or the key of the one it opens.

        Args:
            message: That is looked at.
            is_ours: Whether we send it.
        """
        is_from_us = is_ours is not bool(message.status)  # From stays with a request's sender
        ours = message.from_tag if is_from_us else message.to_tag
        theirs = message.to_tag if is_from_us else message.from_tag
        for key, tag in (((message.call_id, True), ours), ((message.call_id, False), theirs)):
            known = self._dialogs.get(key)
            if known is not None and known.caller_tag == tag:
                return key, known
        key = (message.call_id, is_from_us)
        if not is_ours and (message.status or message.method == "ACK"):
            # Of these the tags are only as well read as they are written.
            alone = [each for each in self._dialogs if each[0] == message.call_id]
            return (alone[0], self._dialogs[alone[0]]) if len(alone) == 1 else (key, None)
        return key, None

    def _open(self, key: DialogKey, caller_tag: str) -> KnownDialog | None:
        if key in self._dialogs:
            return None  # two calls with one Call-ID: the first has it
        self._on_opened()
        if key[1] and self._srtp.keying[0] == "sdes":
            sdes = self._dialogs[key] = KnownDialog(SdesDialog(self._srtp), None, caller_tag)
            return sdes
        assert self._relay is not None
        try:
            leg = self._relay.open(lambda why: self._on_judged(key, why))
        except OSError as error:
            log.error("leg %s ! no ports to relay its audio: %s", key[0], error)
            return None
        dialog = DtlsDialog(self._srtp, self._relay.identity.fingerprint, leg.ports)
        known = self._dialogs[key] = KnownDialog(dialog, leg, caller_tag)
        return known

    def _is_shown(self, sdp: str) -> bool:
        """Tell whether a description is one that the peer is shown: messages are sent again."""
        return self._relay is not None and self._relay.identity.fingerprint in sdp

    def _connect(self, known: KnownDialog, sdp: str) -> None:
        """Talk to where PJSIP says it is."""
        for audio in audio_sections(sdp)[:1] if known.leg is not None else ():
            assert known.leg is not None and self._relay is not None
            host = self._relay.inner_host
            known.leg.connect((host, audio.rtp[1]), (host, audio.rtcp[1]))

    def _agree(self, known: KnownDialog) -> None:
        if known.leg is not None and known.dialog.agreed is not None:
            assert self._relay is not None
            self._relay.agree(known.leg, known.dialog.agreed)
