"""Whom a call is to reach, read from what was written, so that no spelling evades a rule.

A number counts in one form however it is written: separators are left out, ``00`` and, where the
country is known, a national ``0`` become ``+`` (RFC 3966 section 5.1; ITU-T E.164, E.123). Only
ASCII digits are digits. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sipagent.dialplan.globs import matches
from sipagent.sip.headers import uri_user
from sipagent.sip.numbers import one_form

MAX_CHARS = 256

_SIP_URI = re.compile(
    r"(?P<scheme>sips?):(?P<user>[!#-;=?A-~]{1,128})@"
    r"(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]{1,5})?"
    r"(?P<transport>;transport=(udp|tcp|tls))?",
    re.IGNORECASE,
)
"""Headers and other parameters of a URI could send the call elsewhere."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Whom to call."""

    uri: str
    """What is dialled: a number, or a SIP URI."""
    number: str
    """The number in its one form; ``""``: the user is none."""
    address: str
    """Of a SIP URI: ``sip:user@host``; ``""``: it is a number."""

    @property
    def key(self) -> str:
        """Return what is the same for calls that reach the same telephone."""
        return self.address or self.number

    def matches(self, glob: str) -> bool:
        """Tell whether a rule means it: a number by its number, a URI by ``sip:user@host``.

        A rule about numbers never means a URI: its host could be anybody's.
        """
        if glob.lower().startswith("sip:"):
            return bool(self.address) and matches(glob, self.address)
        return not self.address and matches(glob, self.number)


def destination(text: str, country_code: str = "") -> Destination:
    """Return whom ``text`` names.

    Args:
        text: A number, a ``tel:`` or a SIP URI.
        country_code: Ours, such as ``+49``: a number with one leading 0 is in that country.

    Raises:
        ValueError: If it names nobody; says what it should be.
    """
    text = text.strip()
    if len(text) > MAX_CHARS:
        raise ValueError(f"is longer than {MAX_CHARS} characters")
    if text.lower().startswith(("sip:", "sips:")):
        found = _SIP_URI.fullmatch(text)
        if found is None:
            raise ValueError('is no SIP URI like "sip:user@example.com"')
        user = uri_user(text)
        address = f"sip:{user}@{found['host'].lower()}"
        return Destination(text, one_form(user, country_code) or "", address)
    number = one_form(text, country_code)
    if number is None:
        raise ValueError('is neither a number ("+49301234") nor a URI ("sip:user@example.com")')
    return Destination(number, number, "")
