"""When a leg that is encrypted by DTLS is told of as answered, or ended because it cannot be.

What an agent says before the handshake is done would be heard by nobody, so ``Confirmed`` waits for
the keys. A peer that can never be heard is hung up on; a BYE before the ACK to our 200 would be too
early (RFC 3261 section 15). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class TellConfirmed:
    """The dialog is there, and whoever speaks is heard."""


@dataclass(frozen=True, slots=True)
class EndForFault:
    """Hang up, or refuse what is not answered yet."""

    why: str


EncryptionCommand: TypeAlias = TellConfirmed | EndForFault


class LegEncryption:
    """Decide for one leg; carry nothing out."""

    def __init__(self) -> None:
        self._awaits_ack = self._owes_confirmed = False
        self.fault = ""
        """Why the peer can never be heard; ``""``: it can."""

    def answered(self) -> None:
        """Note that we have sent 200."""
        self._awaits_ack = True

    def confirmed(self, *, awaits_keys: bool) -> list[EncryptionCommand]:
        """Take that the dialog is there: ACK was received or sent."""
        self._awaits_ack = False
        if self.fault:
            return [EndForFault(self.fault)]
        self._owes_confirmed = awaits_keys
        return [] if awaits_keys else [TellConfirmed()]

    def keyed(self) -> list[EncryptionCommand]:
        """Take that there are keys."""
        owed, self._owes_confirmed = self._owes_confirmed, False
        return [TellConfirmed()] if owed else []

    def failed(self, why: str) -> list[EncryptionCommand]:
        """Take that there will be none; the first reason counts."""
        if self.fault:
            return []
        self.fault = why
        return [] if self._awaits_ack else [EndForFault(why)]
