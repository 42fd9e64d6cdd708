"""What can be pressed on a telephone, and how fast."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sipagent.errors import SipError

KEYS = frozenset("0123456789*#ABCD")
"""RFC 4733 section 3.2."""

KEY_S = 0.25
"""How long a key is pressed (PJMEDIA: 200 ms) and let go, since nobody tells when that is over."""

PAUSE = ","
PAUSE_S = 1.0


def check_keys(digits: str) -> None:
    """Make sure that all of ``digits`` can be pressed.

    Raises:
        SipError: If something is neither a key nor a comma.
    """
    for digit in digits:
        if digit not in KEYS and digit != PAUSE:
            raise SipError(f"no key of a telephone: {digit!r}")


async def press_keys(digits: str, press: Callable[[str], None]) -> None:
    """Press keys one after the other, pause at each comma; return after the last."""
    for digit in digits:
        if digit != PAUSE:
            press(digit)
        await asyncio.sleep(PAUSE_S if digit == PAUSE else KEY_S)
