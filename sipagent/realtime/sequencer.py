"""One ``response.create`` at a time.

An endpoint makes one response at a time, and answers a second ``response.create`` with an
error. Many want one: tools, greetings, text; and with VAD the endpoint makes some itself.
Automatic ones say only "go on", so several that wait become one; those with instructions of
their own never do.

    FREE       --request-->            REQUESTED   (sent)
    REQUESTED  --response.created-->   ONGOING
    ONGOING    --response.done-->      FREE        the next that waits is sent
    REQUESTED  --error of ours-->      FREE        kept for later if a response was in the way

No I/O, no clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from sipagent.wire.client import ResponseCreate

ACTIVE_RESPONSE = "conversation_already_has_active_response"


@dataclass(frozen=True, slots=True)
class _Wanted:
    event: ResponseCreate
    is_automatic: bool


class ResponseSequencer:
    """Decide when a wanted response may be asked for."""

    def __init__(self) -> None:
        self._waiting: deque[_Wanted] = deque()
        self._sent: _Wanted | None = None
        self._is_cancelled = False
        self._is_doubtful = False
        self._count = 0
        self.is_ongoing = False
        """Whether the endpoint is making a response now."""

    @property
    def waiting(self) -> list[ResponseCreate]:
        """What is wanted and was not asked for yet, in order."""
        return [each.event for each in self._waiting]

    @property
    def is_asked(self) -> bool:
        """Tell whether one was asked for that is not known to have begun."""
        return self._sent is not None and not self.is_ongoing

    @property
    def is_busy(self) -> bool:
        """Tell whether a response is made, was asked for or is wanted."""
        return self.is_ongoing or self._sent is not None or bool(self._waiting)

    @property
    def may_be_ongoing(self) -> bool:
        """Tell whether the endpoint may be making a response, as far as is known."""
        return self.is_ongoing or self._sent is not None or self._is_doubtful

    def doubt(self) -> None:
        """Note that a response may go on which an earlier connection told of."""
        self._is_doubtful = True

    def request(
        self, response: dict[str, Any] | None = None, event_id: str | None = None
    ) -> list[ResponseCreate]:
        """Ask for a response; None is automatic. Return what to send now.

        Args:
            response: Of ``response.create``, for one that is not automatic.
            event_id: The owner's; None: one of ours.
        """
        if response is None and self._waiting and self._waiting[-1].is_automatic:
            return []
        self._count += 1
        ours = f"sipagent_response_create_{self._count}"
        event = ResponseCreate(event_id=event_id or ours, response=response or {})
        self._waiting.append(_Wanted(event, response is None))
        return self._next()

    def cancel(self) -> bool:
        """Return whether a ``response.cancel`` is worth sending; in doubt one is."""
        if not self.is_ongoing and self._is_doubtful:
            self._is_doubtful = False
            return True
        if not self.is_ongoing or self._is_cancelled:
            return False
        self._is_cancelled = True
        return True

    def response_created(self) -> None:
        """Note that a response began, ours or the endpoint's own."""
        self.is_ongoing, self._is_doubtful = True, False

    def response_done(self) -> list[ResponseCreate]:
        """Note that it ended; return what to send now."""
        self.is_ongoing, self._is_cancelled, self._is_doubtful = False, False, False
        self._sent = None
        return self._next()

    def refused(
        self, event_id: str | None, code: str | None, message: str = ""
    ) -> tuple[bool, list[ResponseCreate]]:
        """Take an ``error``; return whether it answers our request, and what to send now."""
        refused = self._sent
        is_about_us = code == ACTIVE_RESPONSE or any(
            name in f"{code} {message}" for name in ("response.create", "response_create")
        )
        if event_id is None and is_about_us and refused is not None:
            event_id = refused.event.event_id  # not every endpoint names what it answers
        if refused is None or event_id != refused.event.event_id:
            return False, []
        self._sent = None
        if code == ACTIVE_RESPONSE:  # the endpoint's own response came first: ours follows it
            self.is_ongoing = True
            first = self._waiting[0] if self._waiting else None
            if not (refused.is_automatic and first is not None and first.is_automatic):
                self._waiting.appendleft(refused)
        return True, self._next()

    def _next(self) -> list[ResponseCreate]:
        if self.is_ongoing or self._sent is not None or not self._waiting:
            return []
        self._sent = self._waiting.popleft()
        return [self._sent.event]
