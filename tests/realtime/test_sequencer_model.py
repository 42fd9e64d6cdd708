"""The sequencer against an endpoint that has a mind of its own.

Messages travel in both directions at any speed, in order, and the endpoint's VAD makes responses
when it likes. Responses live longer than messages travel: one that did not could not be told from
the one we asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import groupby

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sipagent.realtime.sequencer import ACTIVE_RESPONSE, ResponseSequencer
from sipagent.wire.client import ResponseCreate

AUTOMATIC = "go on"


class SequencerAndEndpoint(RuleBasedStateMachine):
    """Both, and the two directions of the wire between them."""

    def __init__(self) -> None:
        super().__init__()
        self.sequencer = ResponseSequencer()
        self.upward: deque[ResponseCreate] = deque()
        self.downward: deque[Callable[[], list[ResponseCreate]]] = deque()
        self.is_making = False
        self.wanted: list[str] = []
        self.made: list[str] = []

    @rule()
    def want_to_go_on(self) -> None:
        self.wanted.append(AUTOMATIC)
        self.upward += self.sequencer.request()

    @rule()
    def want_something_said(self) -> None:
        instructions = f"say {len(self.wanted)}"
        self.wanted.append(instructions)
        self.upward += self.sequencer.request({"instructions": instructions})

    @precondition(lambda self: not self.is_making)
    @rule()
    def caller_ends_a_turn(self) -> None:
        self.begin_response()

    @precondition(lambda self: self.upward)
    @rule()
    def endpoint_reads(self) -> None:
        event = self.upward.popleft()
        if self.is_making:
            self.downward.append(lambda: self.refuse(event))
        else:
            self.made.append(event.response.get("instructions", AUTOMATIC))
            self.begin_response()

    @precondition(lambda self: self.is_making and not self.upward and not self.downward)
    @rule()
    def endpoint_finishes(self) -> None:
        self.is_making = False
        self.downward.append(self.sequencer.response_done)

    @precondition(lambda self: self.downward)
    @rule()
    def client_reads(self) -> None:
        self.upward += self.downward.popleft()()

    @invariant()
    def at_most_one_request_is_in_flight(self) -> None:
        assert len(self.upward) <= 1

    @invariant()
    def nothing_said_is_said_twice(self) -> None:
        said = [each for each in self.made if each != AUTOMATIC]
        assert len(said) == len(set(said))

    def teardown(self) -> None:
        while self.upward or self.downward or self.is_making:
            if self.downward:
                self.client_reads()
            elif self.upward:
                self.endpoint_reads()
            else:
                self.endpoint_finishes()
        assert merged(self.made) == merged(self.wanted)

    def begin_response(self) -> None:
        self.is_making = True
        self.downward.append(self.announce)

    def announce(self) -> list[ResponseCreate]:
        self.sequencer.response_created()
        return []

    def refuse(self, event: ResponseCreate) -> list[ResponseCreate]:
        is_ours, messages = self.sequencer.refused(event.event_id, ACTIVE_RESPONSE)
        assert is_ours
        return messages


def merged(responses: list[str]) -> list[str]:
    """Return ``responses`` with neighbours that only say "go on" made one."""
    return [response for response, _ in groupby(responses)]


SequencerAndEndpoint.TestCase.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None
)
TestEveryRequestIsAnsweredOnceAndInOrder = SequencerAndEndpoint.TestCase
