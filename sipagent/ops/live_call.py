"""One call that lasts, as the API shows it, made of its facts.

    dialling --CalleeRang--> ringing --CallAnswered--> talking     calls that we place
    ringing  --CallAnswered--> talking                             calls that come in
    talking  --CallHeld--> held, --TransferStarted--> transferring, and back
    transferring --TransferEnded, bridged--> bridged               the agent is gone
    any      --CallEnded--> ended

What changed is collected until somebody takes it. No I/O, no clock: facts bring their time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from .api_shapes import CallShown, defaults
from .channel import FactTold
from .clock import shown_time
from .live_cost import LiveCost
from .live_transcript import Fields, Transcript

_FIRST: Fields = defaults(CallShown)


class LiveCall:
    """One call.

    Args:
        call_id: Ours.
        source: The process that has it.
        at: Unix seconds, of the first that is known of it.
        cost: Counts what it costs.
        known: What of it is.
    """

    def __init__(
        self, call_id: str, source: Hashable, at: float, cost: LiveCost, **known: Any
    ) -> None:
        self.call_id, self.source, self._cost = call_id, source, cost
        self.ended_at: float | None = None
        self.shown: Fields = {"call_id": call_id, **_FIRST, "started_at": shown_time(at), **known}
        self._changes: Fields = dict(self.shown)
        self.transcript = Transcript()
        self._is_answered = self._is_held = self._is_bridged = False

    def take_changes(self) -> Fields:
        """Return what is different since the last time; ``transcript``: turns that are."""
        changes, self._changes = self._changes, {}
        turns = self.transcript.take_changes()
        return changes | ({"transcript": turns} if turns else {})

    def take(self, told: FactTold) -> None:
        """Take note of a fact."""
        if self.ended_at is not None and told.name != "CallOffered":
            return
        self.transcript.take(told)
        self._set(**self._cost.take(told))
        act = _ACTS.get(told.name)
        if act is not None:
            act(self, told.fields, told.at)

    def end(self, result: str, reason: str, *, at: float, **more: Any) -> None:
        """Note that it is over."""
        self.ended_at = at
        over: Fields = {"state": "ended", "floor": "nobody", "tools": [], "silence": ""}
        self._set(**over, ended_at=shown_time(at), result=result, reason=reason, **more)

    # What happened.

    def _offered(self, told: Fields, at: float) -> None:
        is_outgoing = told["direction"] == "outgoing"
        self.ended_at = None  # another process may have taken it up again
        self._set(
            direction=told["direction"],
            attached=bool(told["realtime_call_id"]),
            caller=told["caller"],
            called=told["called"],
            source_address=told["source_address"],
            sip_call_id=told["sip_call_id"],
            realtime_call_id=told["realtime_call_id"],
            state="dialling" if is_outgoing else "ringing",
            ended_at=None,
            result=None,
            reason=None,
        )

    def _routed(self, told: Fields, at: float) -> None:
        self._set(plan=told["plan"], agent=told["agent"])

    def _rang(self, told: Fields, at: float) -> None:
        if not self._is_answered:
            self._set(state="ringing")

    def _answered(self, told: Fields, at: float) -> None:
        self._is_answered = True
        self._set(answered_at=shown_time(at), codec=told["codec"])
        self._set_state()

    def _opened(self, told: Fields, at: float) -> None:
        """Note that there is a session: of a call that was taken up again, nothing else tells."""
        if self.shown["attached"]:
            self._is_answered = True
            self._set_state()

    def _ended(self, told: Fields, at: float) -> None:
        self.end(**told["termination"], at=at, duration_ms=told["duration_ms"])

    def _held(self, told: Fields, at: float) -> None:
        self._is_held = True
        self._set_state()

    def _resumed(self, told: Fields, at: float) -> None:
        self._is_held = False
        self._set_state()

    def _transfer_started(self, told: Fields, at: float) -> None:
        self._set(transfer_target=told["target"])
        self._set_state()

    def _transfer_ended(self, told: Fields, at: float) -> None:
        self._is_bridged = told["outcome"] == "bridged"
        self._set(transfer_target="")
        self._set_state()

    def _peer_changed(self, told: Fields, at: float) -> None:
        self._set(sip_call_id=told["sip_call_id"], caller=told["caller"])

    def _set_state(self) -> None:
        states = (
            ("held", self._is_held),
            ("transferring", bool(self.shown["transfer_target"])),
            ("bridged", self._is_bridged),
            ("talking", self._is_answered),
        )
        self._set(state=next((name for name, holds in states if holds), self.shown["state"]))

    # Who speaks.

    def _caller_spoke(self, told: Fields, at: float) -> None:
        self._set(floor="caller")

    def _caller_stopped(self, told: Fields, at: float) -> None:
        if self.shown["floor"] == "caller":
            self._set(floor="nobody")

    def _agent_sounded(self, told: Fields, at: float) -> None:
        gap = {} if told["gap_ms"] is None else {"turn_gap_ms": told["gap_ms"]}
        self._set(floor="agent", agent=told["agent"], **gap)

    def _agent_said(self, told: Fields, at: float) -> None:
        if self.shown["floor"] == "agent":
            self._set(floor="nobody")

    def _operated(self, told: Fields, at: float) -> None:
        direction = told["what"].get("direction")
        if told["act"] in {"mute", "unmute"}:
            others = [each for each in self.shown["muted"] if each != direction]
            self._set(muted=[*others, direction] if told["act"] == "mute" else others)

    def _agent_changed(self, told: Fields, at: float) -> None:
        self._set(agent=told["to_agent"])

    # What else is of interest.

    def _tool_started(self, told: Fields, at: float) -> None:
        tool = {
            "tool_call_id": told["tool_call_id"],
            "name": told["name"],
            "started_at": shown_time(at),
        }
        self._set(tools=[*self.shown["tools"], tool])

    def _tool_called(self, told: Fields, at: float) -> None:
        ended = told["tool_call_id"]
        self._set(tools=[each for each in self.shown["tools"] if each["tool_call_id"] != ended])

    def _session_gone(self, told: Fields, at: float) -> None:
        """Note that what ran and who spoke is told no end of; an endpoint's own call goes on."""
        if not self.shown["attached"]:
            self._set(tools=[])
            self._caller_stopped(told, at)

    def _used(self, told: Fields, at: float) -> None:
        self._set(
            input_tokens=self.shown["input_tokens"] + told["input_tokens"],
            output_tokens=self.shown["output_tokens"] + told["output_tokens"],
        )

    def _line(self, told: Fields, at: float) -> None:
        self._set(
            mos_in=told["mos_in"],
            mos_out=told["mos_out"],
            loss_in_percent=_percent(told["lost_in"], told["packets_in"] + told["lost_in"]),
            loss_out_percent=_percent(told["lost_out"], told["packets_out"]),
            jitter_ms=round(told["jitter_ms"], 1),
            rtt_ms=round(told["rtt_ms"], 1),
        )

    def _silent(self, told: Fields, at: float) -> None:
        self._set(silence=told["cause"])

    def _heard_again(self, told: Fields, at: float) -> None:
        self._set(silence="")

    def _callee(self, told: Fields, at: float) -> None:
        self._set(callee=dict(told))

    def _set(self, **values: Any) -> None:
        for key, value in values.items():
            if self.shown[key] != value:
                self.shown[key] = self._changes[key] = value


_ACTS: dict[str, Callable[[LiveCall, Fields, float], None]] = {
    "CallOffered": LiveCall._offered,
    "CallRouted": LiveCall._routed,
    "CalleeRang": LiveCall._rang,
    "CalleeDetected": LiveCall._callee,
    "CallAnswered": LiveCall._answered,
    "SessionOpened": LiveCall._opened,
    "SessionLost": LiveCall._session_gone,
    "SessionReplaced": LiveCall._session_gone,
    "CallHeld": LiveCall._held,
    "CallResumed": LiveCall._resumed,
    "TransferStarted": LiveCall._transfer_started,
    "TransferEnded": LiveCall._transfer_ended,
    "PeerChanged": LiveCall._peer_changed,
    "CallerSpeechStarted": LiveCall._caller_spoke,
    "CallerSpeechStopped": LiveCall._caller_stopped,
    "AgentSoundStarted": LiveCall._agent_sounded,
    "AgentSaid": LiveCall._agent_said,
    "AgentChanged": LiveCall._agent_changed,
    "OperatorActed": LiveCall._operated,
    "ToolStarted": LiveCall._tool_started,
    "ToolCalled": LiveCall._tool_called,
    "UsageReported": LiveCall._used,
    "LineSeen": LiveCall._line,
    "LineMeasured": LiveCall._line,
    "SilenceNamed": LiveCall._silent,
    "SilenceOver": LiveCall._heard_again,
    "CallEnded": LiveCall._ended,
}
"""By the name of the fact; what is not here is of no interest while a call lasts."""


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None
