"""What plans look at to decide whose call it is: all of it, and nothing else.

The same plans answer in the same way for the same keys, so that a call on record can be asked about
again later, of other plans too. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class CallKeys:
    """One call, as the dialplan sees it."""

    called: str
    """User part of the Request-URI."""
    caller: str = ""
    """User part of From; ``""`` when it has none."""
    headers: tuple[tuple[str, str], ...] = ()
    """In order of arrival; a name may come more than once."""
    is_emergency: bool = False
    """Whether an emergency number was dialled: only plans that say so take such a call."""
    asserted_caller: str = ""
    """User part that the network asserts; ``""``: it does not, or is not trusted."""
    diverted_from: str = ""
    """User part of whoever sent the call on; ``""``: nobody did."""
    trunk: str = ""
    """Name of the trunk it came through, ``""``: none."""
    source_address: str = ""
    """IP address the INVITE came from, without its port; ``""``: not known."""
    at_s: float = 0.0
    """When it came, in Unix seconds."""
    call_id: str = ""
    """Ours; decides between plans that share their calls out."""

    def to_json(self) -> str:
        """Return the keys as a JSON object."""
        return _adapter().dump_json(self).decode()


def keys_from_json(text: str | bytes) -> CallKeys:
    """Return what :meth:`CallKeys.to_json` wrote; keys of other versions are left out.

    Raises:
        ValueError: If it is nothing of the kind.
    """
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[CallKeys]:
    return TypeAdapter(CallKeys)
