"""Who does not hear whom, because an operator wants it so.

    inbound   the agent does not hear the caller. A turn that was begun is ended by silence; then
              nothing is sent, so that the endpoint's clock stands still.
    outbound  the caller does not hear the agent, who is kept from answering: words that nobody
              hears would be taken for heard. What it says all the same is cut off at once.

In both the endpoint decides nothing by itself, as on hold, and who is on hold stays so.

No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sipagent.operator_acts import Mute

from .hold import Hears, still


class Muting:
    """Decide what a mute means; carry nothing out.

    Args:
        turn_detection: Of the session, as it was set up; None: the endpoint does nothing by itself.
    """

    def __init__(self, turn_detection: Mapping[str, Any] | None) -> None:
        self._usual = turn_detection
        self._muted: set[str] = set()
        self._has_turn = self._is_held = False

    @property
    def hears(self) -> Hears:
        """What the agent hears of the caller now."""
        if not self.is_caller_muted:
            return Hears.ALL
        return Hears.SILENCE if self._has_turn else Hears.NOTHING

    @property
    def is_caller_muted(self) -> bool:
        """Tell whether the agent does not hear the caller."""
        return "inbound" in self._muted

    @property
    def is_muted(self) -> bool:
        """Tell whether one side does not hear the other."""
        return bool(self._muted)

    @property
    def is_agent_muted(self) -> bool:
        """Tell whether the caller does not hear the agent."""
        return "outbound" in self._muted

    def turn(self, *, is_open: bool) -> None:
        """Note that the endpoint heard the caller begin to speak, or end."""
        self._has_turn = is_open

    def act(self, act: Mute) -> Mapping[str, Any] | None:
        """Note what is wanted; return how the endpoint decides on turns from now on, if changed."""
        was_muted = bool(self._muted)
        (self._muted.add if act.is_muted else self._muted.discard)(act.direction)
        if bool(self._muted) == was_muted or self._is_held:
            return None
        return self._detection()

    def held(self, *, is_held: bool) -> Mapping[str, Any] | None:
        """Note that the other side left, or is back, and the endpoint was told about turns."""
        self._is_held = is_held
        return self._detection() if self._muted and not is_held else None

    def session_replaced(self) -> Mapping[str, Any] | None:
        """Note that another session goes on, which was not told to be still."""
        self._has_turn = False
        return self._detection() if self._muted and not self._is_held else None

    def _detection(self) -> Mapping[str, Any] | None:
        if self._usual is None:
            return None
        return still(self._usual) if self._muted else self._usual
