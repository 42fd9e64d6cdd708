"""Output guardrails of a session: what is checked, and what is told of it.

A text is checked by the guardrails of the session and of the agent who says it; an agent without
any is not looked at. No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import GuardrailRun, OutputGuardrail, merged_guardrails
from sipagent.wire import server
from sipagent.wire.events import Json

from . import events
from .conversation_events import GuardrailCheckPassed, GuardrailCheckStarted, GuardrailTripped
from .guardrail_runs import Check, GuardrailRuns, Remedy, Source, Trip, Tripwire
from .outbox import Outbox, OutputCheck

AnswerDelta: TypeAlias = server.ResponseOutputAudioTranscriptDelta | server.ResponseOutputTextDelta
"""What makes a text grow."""


class CheckDesk:
    """Decide what is checked.

    Args:
        out: Where it is said.
        guardrails: Of the session.
        debounce_text_length: See ``guardrail_runs``.
    """

    def __init__(
        self, out: Outbox, guardrails: Sequence[OutputGuardrail], debounce_text_length: int
    ) -> None:
        self._out, self._guardrails = out, tuple(guardrails)
        self._runs = GuardrailRuns(debounce_text_length)
        self._replacement: str | None = None
        """Response that says what a guardrail wants instead; ``""``: it has not begun."""

    def move(self, out: Outbox) -> None:
        """Say everything over another connection, whose endpoint makes the same responses."""
        self._out = out

    def of(self, agent: RealtimeAgent) -> tuple[OutputGuardrail, ...]:
        """Return what looks at what ``agent`` says."""
        return merged_guardrails(self._guardrails, agent.output_guardrails)

    def response_created(self, response_id: str) -> None:
        """Note that a response began."""
        if self._replacement == "":
            self._replacement = response_id
        self._runs.response_started(response_id)

    def take(self, delta: AnswerDelta, agent: RealtimeAgent, *, now: float) -> None:
        """Add to what ``agent`` says."""
        if not self.of(agent):
            return
        is_spoken = isinstance(delta, server.ResponseOutputAudioTranscriptDelta)
        source: Source = "audio" if is_spoken else "text"
        check = self._runs.text_delta(delta.response_id, delta.item_id, delta.delta, source)
        self._start(agent, [] if check is None else [check], now=now)

    def response_done(self, agent: RealtimeAgent, response: Json, *, now: float) -> None:
        """Check what is left of a response."""
        if self.of(agent):
            last = self._runs.response_done(response)
            self._start(agent, [last, *self._runs.unchecked(last.response_id)], now=now)

    def checked(
        self, work: OutputCheck, runs: Sequence[GuardrailRun], *, now: float
    ) -> Trip | None:
        """Take what the guardrails said; return what to do if the answer is blocked.

        Args:
            work: What was looked at.
            runs: Empty for a check that was given up.
            now: Monotonic seconds.
        """
        for run in runs:
            if run.error is not None:
                text = f"{run.guardrail.name}: {type(run.error).__name__}"
                self._out.tell(
                    events.SessionErrorReported("guardrail_failed", text, "", False, now)
                )
        trip = self._runs.finished(work.check, _tripwire(runs), now=now)
        if trip is not None:
            trip = self._once(trip)
            self._out.tell(GuardrailTripped(work.agent, trip, now))
        elif _tripwire(runs) is None:
            is_cleared = self._runs.is_cleared(work.check.response_id)
            self._out.tell(GuardrailCheckPassed(work.check, is_cleared, now))
        return trip

    def _once(self, trip: Trip) -> Trip:
        """Let what is said instead be no answer to itself: blocked, it would come again."""
        if trip.response_id == self._replacement:
            return replace(trip, tripwire=replace(trip.tripwire, instead=""))
        if trip.tripwire.instead and trip.remedy is not Remedy.NONE:
            self._replacement = ""
        return trip

    def _start(self, agent: RealtimeAgent, checks: Sequence[Check], *, now: float) -> None:
        for check in checks:
            self._out.tell(GuardrailCheckStarted(check, now))
            self._out.start(OutputCheck(check, agent, self.of(agent)))


def _tripwire(runs: Sequence[GuardrailRun]) -> Tripwire | None:
    for run in runs:
        if run.result is not None and run.result.tripwire_triggered:
            guardrail = run.guardrail
            found = run.result.output_info
            return Tripwire(guardrail.name, guardrail.policy_hint, found, guardrail.instead)
    return None
