"""What a plan says about keys, boiled down."""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.sip.events import KeyWay

from .collecting import FieldSettings


@dataclass(frozen=True, slots=True)
class KeypadSetup:
    """A call's share of ``[keypad]``; when the agent is told is in ``digits``."""

    barge_in: bool = True
    """Whether a key stops what the agent is saying."""
    in_band: bool = False
    """Whether tones in the audio count."""
    send: KeyWay = "rfc4733"
    """How keys of agents are sent."""
    fields: tuple[FieldSettings, ...] = ()
    """Numbers that agents may ask for by name; none: any number, and nothing is sensitive."""

    @property
    def has_secrets(self) -> bool:
        """Tell whether some number is sensitive."""
        return any(field.is_sensitive for field in self.fields)
