"""An answer that a guardrail blocked: how it is stopped, and what the model says instead.

    NONE        left alone: a newer response began
    REPLY       over already: only what follows
    CANCEL      written: cancelled
    INTERRUPT   spoken: cut off, as far as it was not heard

What follows are the guardrail's own instructions, or a message of the user's that says why and
asks for another answer. No I/O, no clock.
"""

from __future__ import annotations

from sipagent.wire.client import ResponseCancel

from .guardrail_runs import Remedy, Trip
from .outbox import Outbox, user_text
from .speech import Speech


def block(trip: Trip, out: Outbox, speech: Speech, *, now: float) -> None:
    """Stop an answer, and have another one made."""
    match trip.remedy:
        case Remedy.NONE:
            return
        case Remedy.INTERRUPT:
            speech.stop(trip.response_id, now=now)
        case Remedy.CANCEL:
            if out.sequencer.cancel():
                out.send(ResponseCancel(response_id=trip.response_id))
        case Remedy.REPLY:
            pass
    if trip.tripwire.instead:
        out.request_response({"instructions": trip.tripwire.instead})
    else:
        out.send_message(user_text(trip.feedback))
