"""What can be pressed on a telephone. Pure."""

from __future__ import annotations

from sipagent.errors import SipError

KEYS = frozenset("0123456789*#ABCD")
"""RFC 4733 section 3.2."""

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
