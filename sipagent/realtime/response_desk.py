"""Responses of a connection: which belong to the conversation, and what is told of them.

    asked for          of the conversation: when its turn comes
                       outside it: at once, it waits for none and holds up none
    response.created   of the conversation: told, with the agent who speaks
                       outside it: noted, so that nothing it makes is taken for the agent's
    response.done      whichever it is: told, and its tokens counted
                       of the conversation: told how it ended for the agent, once that is settled

A response outside the conversation is one its owner asked for so (Realtime: ``response.create``,
``conversation`` ``none``). No I/O, no clock.
"""

from __future__ import annotations

from sipagent.agents.agent import RealtimeAgent
from sipagent.wire.client import ResponseCancel, ResponseCreate
from sipagent.wire.events import Json

from .conversation_events import AgentEnded, AgentStarted, UsageReported
from .events import ResponseDone, ResponseStarted
from .history_feed import HistoryFeed
from .outbox import Outbox
from .responses import is_out_of_band, last_text, response_done
from .usage import UsageMeter


class ResponseDesk:
    """Decide what a response counts for.

    Args:
        out: Where it is said.
        feed: Leaves out what is not of the conversation.
        meter: Counts tokens.
    """

    def __init__(self, out: Outbox, feed: HistoryFeed, meter: UsageMeter) -> None:
        self._out, self._feed, self._meter = out, feed, meter

    def is_aside(self, response_id: str) -> bool:
        """Tell whether a response is outside the conversation."""
        return self._feed.is_ignored(response_id)

    # What its owner wants, in words of his own.

    def ask(self, event: ResponseCreate) -> None:
        """Ask for a response; one of the conversation waits for its turn."""
        if event.response.get("conversation") == "none":
            given = {} if event.event_id is None else {"event_id": event.event_id}
            self._out.send(ResponseCreate(response=event.response, **given))
        else:
            self._out.request_response(event.response, event.event_id)

    def cancel(self, event: ResponseCancel) -> None:
        """Cancel a response, if there is one to cancel."""
        if self.is_aside(event.response_id or "") or self._out.sequencer.cancel():
            self._out.send(event)

    # What the endpoint says.

    def created(self, response: Json, agent: RealtimeAgent, *, now: float) -> str | None:
        """Take a response that began while ``agent`` spoke.

        Returns:
            Its id; None if it is outside the conversation.
        """
        response_id = str(response.get("id", ""))
        if is_out_of_band(response):
            self._feed.ignore(response_id)
            return None
        self._out.tell(ResponseStarted(response_id, now), AgentStarted(agent, response_id, now))
        return response_id

    def done(self, response: Json, *, now: float) -> ResponseDone | None:
        """Take a response that ended.

        Returns:
            How; None if it was outside the conversation.
        """
        done = response_done(response, now=now)
        self._meter.count(done.usage)
        self._out.tell(done, UsageReported(done.response_id, done.usage, self._meter.total, now))
        return None if self.is_aside(done.response_id) else done

    def ended(self, response: Json, agent: RealtimeAgent, *, now: float) -> None:
        """Tell what ``agent`` said in a response that is done."""
        response_id = str(response.get("id", ""))
        self._out.tell(AgentEnded(agent, response_id, last_text(response), now))
