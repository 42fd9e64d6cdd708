"""What a session core has to say: to the endpoint, to its owner, and to its driver.

The parts of a core write here, in order; the driver takes it away after every call. Wishes for a
response go through the sequencer, whoever has them. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import OutputGuardrail
from sipagent.wire.client import ConversationItemCreate, ResponseCreate
from sipagent.wire.codec import encode
from sipagent.wire.events import Event, Json

from .events import SessionEvent
from .guardrail_runs import Check
from .sequencer import ResponseSequencer
from .tool_calls import HandoffCall, ToolCall


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """Guardrails of an agent that must look at what it says."""

    check: Check
    agent: RealtimeAgent
    guardrails: tuple[OutputGuardrail, ...]
    """The session's and the agent's, each once."""


Work: TypeAlias = ToolCall | HandoffCall | OutputCheck
"""What takes time, and comes back to the core when it is done."""


class Outbox:
    """Keep messages, events and work until they are taken."""

    def __init__(self) -> None:
        self.sequencer = ResponseSequencer()
        self._messages: list[str] = []
        self._events: list[SessionEvent] = []
        self._work: list[Work] = []

    def send(self, *messages: Event) -> None:
        """Send to the endpoint."""
        self._messages += [encode(message) for message in messages]

    def request_response(self, response: Json | None = None, event_id: str | None = None) -> None:
        """Ask for a response when its turn comes; None is automatic (see ``sequencer``)."""
        self.send(*self.sequencer.request(response, event_id))

    def send_message(self, item: Json, *, must_respond: bool = True, **more: Any) -> None:
        """Add an item to the conversation, and have it answered.

        Args:
            item: Of the conversation.
            must_respond: False: it waits for what is said or sent next.
            more: Other fields of the message, such as ``event_id``.
        """
        self.send(ConversationItemCreate(item=item, **more))
        if must_respond:
            self.request_response()

    def tell(self, *events: SessionEvent) -> None:
        """Tell the owner."""
        self._events += events

    def start(self, work: Work) -> None:
        """Have something done."""
        self._work.append(work)

    def take_over(self, before: Outbox, *, must_respond: bool) -> None:
        """Ask for the responses that a connection before wanted, of the same conversation.

        Args:
            before: What it had to say.
            must_respond: Whether one is wanted besides; automatic ones become one.
        """
        wanted = before.sequencer.waiting
        wanted += [ResponseCreate(response={})] if must_respond else []
        is_automatic_asked = False
        for event in wanted:
            if event.response or not is_automatic_asked:
                self.request_response(event.response or None, event.event_id)
            is_automatic_asked = is_automatic_asked or not event.response

    def take_messages(self) -> list[str]:
        """Return what to send, in order."""
        messages, self._messages = self._messages, []
        return messages

    def take_events(self) -> list[SessionEvent]:
        """Return what to tell, in order."""
        told, self._events = self._events, []
        return told

    def take_work(self) -> list[Work]:
        """Return what to do; all of it may be done at once."""
        work, self._work = self._work, []
        return work


def user_text(text: str) -> Json:
    """Return the item of a user message."""
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "user", "content": content}
