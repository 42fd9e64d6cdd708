"""What every request passes before it is anything: the deciders, in their order.

Wires :mod:`.malformed`, :mod:`.admission`, :mod:`.options`, :mod:`.refer`, :mod:`.other_methods`
and :mod:`.invite_flood` into the modules of :mod:`.pj_requests`. ``open`` and ``close`` run on the
PJSIP thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from time import monotonic

from .admission import Admission
from .events import Refused
from .headers import name_and_uri, uri_user
from .invite_flood import InviteFlood
from .late_answers import LateAnswers
from .malformed import drop_stray_ack, refuse_malformed
from .options import Capacity, OptionsAnswer
from .other_methods import refuse_others
from .pj_requests import DESK, DOOR, RequestModule, drop_methods
from .refer import refuse_refer
from .requests import Request, parse_request
from .settings import SipSettings
from .socket_budget import MediaBudget
from .stray_answers import StrayAnswers

SECRET_BYTES = 32


class Doorway:
    """Turn requests away, or let them in.

    Args:
        settings: Of the endpoint.
        capacity: Returns what is free.
        sockets: Of media.
        on_refused: Called with each request that was refused for a reason.
        on_late: Called with the Call-ID of a call of ours that is answered though it was given up.
    """

    def __init__(
        self,
        settings: SipSettings,
        capacity: Callable[[], Capacity],
        sockets: MediaBudget,
        on_refused: Callable[[Refused], None],
        on_late: Callable[[str], None],
    ) -> None:
        self._on_refused, self._on_late = on_refused, on_late
        self.admission = Admission(
            settings.trunks,
            settings.strangers,
            settings.invites_per_source_per_s,
            secrets.token_bytes(SECRET_BYTES),
        )
        flood = InviteFlood(sockets)
        self._door = (drop_stray_ack, self.admission.at_the_door, flood.at_the_door)
        self._desk = (
            *(refuse_malformed, OptionsAnswer(capacity), refuse_refer, refuse_others),
            *(self.admission.at_the_desk, flood.at_the_desk),
        )
        self._modules: list[RequestModule | LateAnswers | StrayAnswers] = []

    def open(self) -> None:
        """Stand in the way of requests, and of answers nobody waits for; PJSIP is up.

        Raises:
            SipError: If this build of PJSIP has no place for that.
        """
        drop_methods("SUBSCRIBE", "MESSAGE", "PUBLISH")
        self._modules.append(RequestModule(DESK, self._desk, self._refused))
        self._modules.append(RequestModule(DOOR, self._door, self._refused))
        self._modules.append(LateAnswers(self._on_late))
        self._modules.append(StrayAnswers())

    def close(self) -> None:
        """Let go of what PJSIP knew of us; it is destroyed."""
        self._modules.clear()

    def trunk_of(self, text: str, source_address: str) -> str:
        """Return the name of the trunk whose INVITE this is, ``""`` if it is none's."""
        return self.admission.trunk_of(parse_request(text, source_address, at=monotonic()))

    def _refused(self, request: Request, status: int, why: str) -> None:
        _, caller_uri = name_and_uri(request.first("from"))
        users = uri_user(caller_uri), uri_user(request.uri)
        call_id, source = request.first("call-id"), request.source_address
        self._on_refused(Refused(status, "", *users, call_id, source, why=why))
