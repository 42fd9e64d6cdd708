"""A session against an endpoint that has a mind of its own, and owners who all want something.

Messages travel in both directions at any speed, in order. Whatever the interleaving of texts,
tools, approvals, guardrails, MCP calls, requests of the owner's and responses of the endpoint's
own: one ``response.create`` is in flight at most, none is sent while a response is being made, and
what was asked for is made once. Responses live longer than messages travel: one that did not
could not be told from the one we asked for.
"""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from sipagent.agents.guardrails import GuardrailResult, GuardrailRun, OutputGuardrail
from sipagent.agents.tools import ToolOutcome
from sipagent.realtime.approvals import ApprovalRequest
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.playback import ClockPlayback
from sipagent.realtime.sequencer import ACTIVE_RESPONSE
from sipagent.wire.client import ResponseCreate

from .official import check
from .playbook import PCMU, Playbook, Wire, audio, created, done, error, function_call

POLITE = OutputGuardrail("polite", lambda *_: GuardrailResult(tripwire_triggered=False))
SPEECH: Wire = {
    "type": "input_audio_buffer.speech_started",
    "item_id": "item_u",
    "audio_start_ms": 0,
}


class CoreAndEndpoint(RuleBasedStateMachine):
    """Both, and the two directions of the wire between them."""

    def __init__(self) -> None:
        super().__init__()
        self.upward: deque[Wire] = deque()
        self.downward: deque[tuple[Wire, bool]] = deque()
        self.ids = count()
        self.is_making = False
        self.is_seen = False
        self.unanswered = 0
        self.response_id = ""
        self.wanted: list[str] = []
        self.made: list[str] = []

    @initialize(policy=st.sampled_from(["each", "all"]))
    def begin_session(self, policy: Literal["each", "all"]) -> None:
        options = SessionOptions(
            PCMU,
            PCMU,
            output_guardrails=[POLITE],
            debounce_text_length=3,
            tool_response_policy=policy,
        )
        self.book = Playbook(options=options, playback=ClockPlayback())

    # The owner, and what works for it.

    @rule()
    def owner_writes(self) -> None:
        self.book.writes("Hello?")

    @rule()
    def owner_wants_something_said(self) -> None:
        self.wanted.append(f"say {next(self.ids)}")
        self.book.core.send(ResponseCreate(response={"instructions": self.wanted[-1]}))

    @rule()
    def owner_asks_aside(self) -> None:
        self.book.core.send(ResponseCreate(response={"conversation": "none"}))

    @rule(cancel=st.booleans())
    def owner_interrupts(self, cancel: bool) -> None:
        self.book.interrupts([], cancel=cancel)

    @rule(must_respond=st.booleans(), needs_approval=st.booleans())
    def tools_end(self, must_respond: bool, needs_approval: bool) -> None:
        for call in self.book.calls():
            if needs_approval and not call.is_approved:
                self.book.core.tools.approval_needed(call, now=self.book.now)
            else:
                self.book.ends(call, ToolOutcome("done", must_respond=must_respond))

    @rule(is_approved=st.booleans())
    def somebody_decides(self, is_approved: bool) -> None:
        tools, now = self.book.core.tools, self.book.now
        for request in list(tools.pending_approvals):
            assert isinstance(request, ApprovalRequest)
            if is_approved:
                tools.approve(request, always=False, now=now)
            else:
                tools.reject(request, message=None, always=False, now=now)
        self.book.works()

    @rule(is_tripped=st.booleans())
    def guardrails_end(self, is_tripped: bool) -> None:
        works, self.book.checks = self.book.checks, []
        for work in works:
            run = GuardrailRun(POLITE, GuardrailResult(is_tripped))
            self.book.core.checked(work, [run], now=self.book.now)

    # The endpoint.

    @precondition(lambda self: not self.is_making)
    @rule()
    def caller_ends_a_turn(self) -> None:
        self.begin(is_asked=False)

    @rule()
    def caller_speaks(self) -> None:
        self.says(SPEECH)

    @rule()
    def endpoint_calls_a_tool_of_its_own(self) -> None:
        item = {"id": f"mcp_{next(self.ids)}", "type": "mcp_call", "name": "buy", "output": "tea"}
        self.says({"type": "conversation.item.done", "item": {**item, "arguments": "{}"}})

    @precondition(lambda self: self.is_making)
    @rule(name=st.sampled_from(["look_up", "fly", "transfer_to_billing"]))
    def model_calls(self, name: str) -> None:
        call_id = f"call_{next(self.ids)}"
        self.says(function_call(name, call_id, response_id=self.response_id))

    @precondition(lambda self: self.is_making)
    @rule()
    def model_speaks(self) -> None:
        item_id = f"item_of_{self.response_id}"
        where = {"response_id": self.response_id, "item_id": item_id, "output_index": 0}
        name = "response.output_audio_transcript.delta"
        self.says(audio(20, response_id=self.response_id, item_id=item_id))
        self.says({"type": name, **where, "content_index": 0, "delta": "Well, "})

    @precondition(lambda self: self.upward)
    @rule(is_named=st.booleans())
    def endpoint_reads(self, is_named: bool = True) -> None:
        message = self.upward.popleft()
        if message["type"] != "response.create" or is_aside(message):
            return
        if self.is_making:
            event_id = message.get("event_id") if is_named else None
            self.says(error(ACTIVE_RESPONSE, event_id=event_id), is_answer=True)
        else:
            self.made.append(message["response"].get("instructions", ""))
            self.begin(is_asked=True)

    @precondition(lambda self: self.is_making and not self.upward and not self.downward)
    @rule(status=st.sampled_from(["completed", "cancelled", "failed"]))
    def endpoint_finishes(self, status: str = "completed") -> None:
        self.is_making = False
        self.says(done(self.response_id, status))

    @precondition(lambda self: self.downward)
    @rule()
    def client_reads(self) -> None:
        message, is_answer = self.downward.popleft()
        self.unanswered -= is_answer
        self.is_seen = {"response.created": True, "response.done": False}.get(
            message["type"], self.is_seen
        )
        self.book.hears(message)

    # What always holds.

    @invariant()
    def one_request_is_in_flight_at_most_and_none_beside_a_response(self) -> None:
        for message in self.book.sent():
            check(message)
            self.upward.append(message)
            if message["type"] == "response.create" and not is_aside(message):
                assert not self.is_seen
                self.unanswered += 1
        assert self.unanswered <= 1

    def teardown(self) -> None:
        self.one_request_is_in_flight_at_most_and_none_beside_a_response()
        while self.upward or self.downward or self.is_making:
            if self.downward:
                self.client_reads()
            elif self.upward:
                self.endpoint_reads()
            else:
                self.endpoint_finishes()
            self.one_request_is_in_flight_at_most_and_none_beside_a_response()
        assert [each for each in self.made if each] == self.wanted

    def begin(self, *, is_asked: bool) -> None:
        self.is_making = True
        self.response_id = f"resp_{next(self.ids)}"
        self.says(created(self.response_id), is_answer=is_asked)

    def says(self, message: Wire, *, is_answer: bool = False) -> None:
        self.downward.append((message, is_answer))


def is_aside(create: Wire) -> bool:
    """Tell whether a request is for a response outside the conversation."""
    return bool(create["response"].get("conversation") == "none")


CoreAndEndpoint.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestOneRequestAtATime = CoreAndEndpoint.TestCase
