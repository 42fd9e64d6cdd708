"""What a leg tells as events of its call's controller, where one follows from the other. Pure."""

from __future__ import annotations

from sipagent.sip import events as sip_events

from .events import CallEvent, LegDisconnected, LegProgressed, MediaBegan
from .leg_prompts import PROMPTS


def call_event_of(event: sip_events.SipEvent | sip_events.MediaFact) -> CallEvent | None:
    """Return what ``event`` is to the controller; None for what concerns others."""
    match event:
        case sip_events.MediaStarted():
            return MediaBegan()
        case sip_events.Progressed(status=status):
            return LegProgressed(status)
        case sip_events.Disconnected(status, reason, by_peer, reason_header, is_fault):
            detail = "; ".join(filter(None, (reason, reason_header)))
            return LegDisconnected(status, by_peer, detail, is_fault)
        case sip_events.ItemPlayed(item_id=item_id):
            return PROMPTS.get(item_id)
        case _:
            return None
