"""Is this an emergency call? Such a call must reach people, so agents neither take nor make one.

A number counts however it is written: with separators, as ``tel:`` URI, with a ``+`` that some
exchange put before it, with the country code that a trunk adds (``+49112``), or among the ``*`` and
``#`` of service codes (``*31#112``, ``112#``). So does the service URN ``urn:service:sos`` and what
is below it (RFC 5031 section 4.2). What an exchange wants dialled before, such as ``0`` or ``9``
for an outside line, it does not know: ``0112`` is for the list.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .headers import Invite, uri_user

EMERGENCY_NUMBERS = ("112", "911", "000", "110", "118", "119", "999")
"""What telephones take for emergency numbers wherever they are (3GPP TS 22.101 section 10.1.1);
its 08 is left out: extensions are called so."""

_SOS = re.compile(r"urn:service:sos(\.[a-z0-9.-]+)?", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s().\-/]+")
"""Of numbers written for people (RFC 3966 section 5.1.1: visual separators)."""
_NUMBER = re.compile(r"(?P<international>\+|00)?(?P<digits>[0-9]+)")

MAX_COUNTRY_CODE_DIGITS = 3
"""ITU-T E.164 section 6.2.1. No subscriber has a number as short as this and an emergency's."""

_SERVICE_CODES = re.compile(r"(?:[*#]+[0-9]+#)+")
"""What switches something for one call, such as ``*31#``: no caller id (3GPP TS 22.030)."""


def without_service_codes(number: str) -> str:
    """Return who is called by a number that may be dialled among ``*`` and ``#``."""
    codes = _SERVICE_CODES.match(number)
    return number[codes.end() if codes else 0 :].rstrip("*#")


def is_emergency(target: str, numbers: Collection[str]) -> bool:
    """Tell whether ``target`` is one of the emergency ``numbers``, or the emergency service.

    Args:
        target: A number, a user part, or a ``sip:``, ``sips:``, ``tel:`` or ``urn:`` URI.
        numbers: Digits; compared as a whole, never as a prefix.
    """
    target = target.strip()
    if _SOS.fullmatch(target):
        return True
    written = _SEPARATORS.sub("", uri_user(target) or target)
    number = without_service_codes(written)
    if written in numbers or number in numbers:
        return True
    found = _NUMBER.fullmatch(number)
    if found is None or found["international"] is None:
        return False
    digits = found["digits"]
    return any(
        digits.endswith(each) and len(digits) - len(each) <= MAX_COUNTRY_CODE_DIGITS
        for each in numbers
    )


def is_emergency_call(invite: Invite, numbers: Collection[str]) -> bool:
    """Tell whether somebody who sends ``invite`` dialled an emergency number.

    The To header counts as well: an exchange may have put our address in place of the Request-URI
    of a call that it could not route (RFC 3261 section 8.1.1.2: To is who was meant).
    """
    written = next((value for name, value in invite.headers if name.lower() == "to"), "")
    bracketed = re.search(r"<([^>]*)>", written)
    meant = bracketed[1] if bracketed is not None else written.partition(";")[0]
    return any(is_emergency(each, numbers) for each in (invite.called_uri, meant))
