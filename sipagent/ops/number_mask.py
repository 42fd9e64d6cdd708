"""Callers' numbers without their last digits, in all that is written of calls.

The number is hidden where it has a place of its own, and wherever it stands in headers; what was
said is left as it was said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sipagent.calls import facts
from sipagent.masking import masked_number


class NumberMask:
    """Tell ``observer`` facts without whole numbers of callers, or of whom we call."""

    def __init__(self, observer: facts.Observer) -> None:
        self._observer = observer

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Tell ``fact``."""
        match fact:
            case facts.CallOffered():
                fact = _masked_offer(fact)
            case facts.PeerChanged(caller=caller):
                fact = replace(fact, caller=masked_number(caller))
            case _:
                pass
        self._observer.tell(call_id, fact, at=at)


def _masked_offer(offered: facts.CallOffered) -> facts.CallOffered:
    is_outgoing = offered.direction == "outgoing"
    called, keys = offered.called, offered.keys
    if keys is not None:
        numbers = (offered.caller, offered.asserted_caller, offered.diverted_from)
        headers = tuple((name, _without(value, numbers)) for name, value in keys.headers)
        keys = replace(
            keys,
            headers=headers,
            caller=masked_number(keys.caller),
            asserted_caller=masked_number(keys.asserted_caller),
            diverted_from=masked_number(keys.diverted_from),
        )
    return replace(
        offered,
        called=masked_number(called) if is_outgoing else called,
        caller=offered.caller if is_outgoing else masked_number(offered.caller),
        asserted_caller=masked_number(offered.asserted_caller),
        diverted_from=masked_number(offered.diverted_from),
        keys=keys,
    )


def _without(text: str, numbers: Iterable[str]) -> str:
    for number in sorted(numbers, key=len, reverse=True):
        if (masked := masked_number(number)) != number:
            text = text.replace(number, masked)
    return text
