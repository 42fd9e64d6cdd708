"""Whom nobody may have us call, whatever else is allowed. Pure.

Those are the emergency services, and what is charged more than a call: premium rate, satellite and
the networks between countries, through which most telephone fraud is paid.
"""

from __future__ import annotations

from dataclasses import dataclass

from .emergency import EMERGENCY_NUMBERS, is_emergency, without_service_codes
from .headers import uri_user
from .numbers import one_form

PREMIUM = (
    *("+1900", "+1976", "+3389", "+34803", "+34806", "+34807", "+34905", "+39144", "+39166"),
    *("+39178", "+39199", "+3989", "+4190", "+43900", "+43901", "+43930", "+43931"),
    *("+4487", "+449"),
    *("+49118", "+49137", "+49900"),
    *("+808", "+870", "+878", "+881", "+882", "+883", "+888", "+979"),
    *("0137", "0900"),
)
"""Beginnings of numbers; those without ``+`` as they are dialled where no country is known. +87x
and +88x are satellites and networks of no country, +979 is premium rate everywhere (ITU-T E.164.1).
"""


@dataclass(frozen=True, slots=True)
class NeverCalled:
    """Which numbers those are here."""

    emergency_numbers: tuple[str, ...] = EMERGENCY_NUMBERS
    country_code: str = ""
    """Ours, such as ``+49``; ``""``: it is not known."""

    def has(self, uri: str) -> bool:
        """Tell whether a SIP or tel URI names one of them, whoever its host is."""
        user = uri_user(uri)
        number = one_form(user, self.country_code) or user
        return any(
            is_emergency(each, self.emergency_numbers) for each in (uri, number)
        ) or is_premium(user, self.country_code)


USUALLY = NeverCalled()
"""Where no configuration says more."""


def is_premium(number: str, country_code: str = "") -> bool:
    """Tell whether a call to ``number`` is charged more than a call."""
    form = one_form(without_service_codes(number.strip()), country_code)
    return form is not None and form.startswith(PREMIUM)
