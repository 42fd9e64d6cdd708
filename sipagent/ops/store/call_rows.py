"""One call's facts as rows of the store. Pure: each fact gives the writes that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from statistics import median
from typing import Any

from sipagent.calls import facts

from .call_json import Json
from .child_rows import child_write
from .costs import Bill, Price, Tokens
from .turn_rows import TurnRows
from .writes import Write, json_text

_TOLD_OTHERWISE = (
    facts.AgentSoundStarted,  # its gap is in the turn
    facts.CallerSpeechStarted,
    facts.CallerSpeechStopped,
    facts.TruncateConfirmed,
    facts.CalleeRang,
    facts.AgentWorded,
    facts.LineSeen,
    facts.SecondSeen,
    facts.RealtimeMessage,
    facts.ToolStarted,
    facts.TargetDialled,  # it is in the leg
)
"""Facts without a row: there are many, and timeline and flight record have them."""

_OFFERED = (
    *("direction", "called", "caller", "asserted_caller", "diverted_from", "source_address"),
    *("sip_call_id", "realtime_call_id"),
)
"""Columns that are as the fact has them."""


class CallRows:
    """What a call's facts make of its rows.

    Args:
        call_id: Ours.
        owner: Columns that say whose the call is.
        prices: By model.
        default_model: Where the plan wants none.
        now_ms: Unix milliseconds of the first fact.
    """

    def __init__(
        self,
        call_id: str,
        owner: Mapping[str, str],
        prices: Mapping[str, Price],
        default_model: str,
        *,
        now_ms: int,
    ) -> None:
        self._call_id, self._owner = call_id, owner
        self._bill = Bill(prices, default_model)
        self._last_ms = now_ms - 1
        self._answered_at_ms: int | None = None
        self._input_tokens = self._output_tokens = 0
        self._gaps_ms: list[int] = []
        self._turns = TurnRows()
        self._leg_at_ms = self._transfer_at_ms = 0
        self._connect_ms: int | None = None
        self._is_new = True

    def go_on(self, begun: Json) -> None:
        """Count on from what another process had counted; before the first fact.

        Args:
            begun: The call as the store has it, whole; see ``call_json``.
        """
        began_ms = _unix_ms(begun["started_at"])
        if begun["answered_at"] is not None:
            self._answered_at_ms = _unix_ms(begun["answered_at"])
        self._connect_ms = begun["connect_ms"]
        self._input_tokens, self._output_tokens = begun["input_tokens"], begun["output_tokens"]
        self._bill.model = begun["model"] or self._bill.model
        self._bill.tokens = Tokens(**begun["tokens"])
        gaps_ms = (turn.get("gap_ms") for turn in begun["turns"])
        self._gaps_ms = [gap_ms for gap_ms in gaps_ms if gap_ms is not None]
        open_legs = (leg["at_ms"] for leg in begun["legs"] if leg["ended_at"] is None)
        self._leg_at_ms = next((began_ms + at_ms for at_ms in open_legs), 0)

    def take(self, fact: facts.Fact, *, now_ms: int) -> list[Write]:
        """Return what ``fact`` writes.

        Args:
            fact: Of this call.
            now_ms: Unix milliseconds.
        """
        at_ms = self._last_ms = max(now_ms, self._last_ms + 1)
        writes = []
        call = self._call_values(fact, at_ms)
        turn = self._turns.take(fact, at_ms)
        if call or turn or self._is_new:  # the call's last moment is not that of its last turn
            owner = self._owner if self._is_new else {}
            values = {"call_id": self._call_id, "changed_at_ms": at_ms, **owner, **call}
            writes.append(Write("calls", values))
            self._is_new = False
        writes += self._leg_writes(fact, at_ms)
        if turn is not None:
            writes.append(self._row("turns", *turn))
        elif (child := child_write(fact)) is not None:
            table, values = child
            writes.append(self._row(table, at_ms, values))
        elif not call and not isinstance(fact, _TOLD_OTHERWISE):
            content = {"fact": type(fact).__name__, "content": json_text(asdict(fact))}
            writes.append(self._row("events", at_ms, content))
        return writes

    def _row(self, table: str, at_ms: int, values: dict[str, Any]) -> Write:
        return Write(table, {"call_id": self._call_id, "at_ms": at_ms, **values})

    def _call_values(self, fact: facts.Fact, at_ms: int) -> dict[str, Any]:
        """Return the columns of the call's own row that ``fact`` changes."""
        match fact:
            case facts.CallOffered():
                return _offered(fact)
            case facts.CallRouted():
                version = {"plan_version": fact.plan_version, "plan_sha": fact.plan_sha}
                return {"plan": fact.plan, "agent": fact.agent, **version}
            case facts.AgentChanged(to_agent=agent):
                return {"agent": agent}
            case facts.SessionOpened(connect_ms=connect_ms, model=model):
                self._bill.opened(model)
                if self._connect_ms is None:
                    self._connect_ms = connect_ms
                return {"connect_ms": self._connect_ms, "model": self._bill.model}
            case facts.CallAnswered():
                self._answered_at_ms = at_ms
                return {
                    "answered_at_ms": at_ms,
                    "answer_ms": fact.answer_ms,
                    "codec": fact.codec,
                    "transport": fact.transport,
                    "srtp": fact.srtp,
                }
            case facts.AgentSoundStarted(gap_ms=gap_ms):
                self._gaps_ms += [gap_ms] if gap_ms is not None else []
                return {}
            case facts.UsageReported():
                return self._used(fact, at_ms)
            case facts.LineMeasured():
                figures = {"mos_in": fact.mos_in, "mos_out": fact.mos_out}
                return {**figures, "line": json_text(asdict(fact))}
            case facts.CallEnded():
                return self._ended(fact, at_ms)
            case _:
                return {}

    def _used(self, used: facts.UsageReported, at_ms: int) -> dict[str, Any]:
        self._input_tokens += used.input_tokens
        self._output_tokens += used.output_tokens
        self._bill.use(asdict(used))
        talked_ms = at_ms - self._answered_at_ms if self._answered_at_ms is not None else 0
        return {
            "input_tokens": self._input_tokens,
            "output_tokens": self._output_tokens,
            **self._bill.tokens.as_values(),
            **self._cost(talked_ms),
        }

    def _cost(self, talked_ms: int) -> dict[str, float]:
        cost = self._bill.cost(talked_ms=talked_ms)
        return {} if cost is None else {"cost": cost}

    def _ended(self, ended: facts.CallEnded, at_ms: int) -> dict[str, Any]:
        end = ended.termination
        gap = {"turn_gap_ms": round(median(self._gaps_ms))} if self._gaps_ms else {}
        return {
            "ended_at_ms": at_ms,
            "result": end.result.value,
            "reason": end.reason.value,
            "detail": end.detail,
            "sip_status": end.sip_status,
            "duration_ms": ended.duration_ms,
            "extra": json_text(ended.extra),
            **gap,
            **(self._cost(ended.duration_ms) if ended.duration_ms else {}),
        }

    def _leg_writes(self, fact: facts.Fact, at_ms: int) -> list[Write]:
        """Return what ``fact`` says of the SIP dialogs of the call."""
        match fact:
            case facts.CallOffered() if not self._leg_at_ms:
                self._leg_at_ms = at_ms
                is_outgoing = fact.direction == "outgoing"
                kind, peer = ("callee", fact.called) if is_outgoing else ("caller", fact.caller)
                leg = {"kind": kind, "sip_call_id": fact.sip_call_id, "peer": peer}
                return [self._row("legs", at_ms, leg)]
            case facts.PeerChanged():
                before = self._row("legs", self._leg_at_ms, {"ended_at_ms": at_ms})
                self._leg_at_ms = at_ms
                now = {"kind": "peer", "sip_call_id": fact.sip_call_id, "peer": fact.caller}
                return [before, self._row("legs", at_ms, now)]
            case facts.TransferStarted():
                self._transfer_at_ms = at_ms
                kind = "consult" if fact.mode == "attended" else "refer"
                return [self._row("legs", at_ms, {"kind": kind, "peer": fact.target})]
            case facts.TargetDialled(sip_call_id=sip_call_id) if self._transfer_at_ms:
                return [self._row("legs", self._transfer_at_ms, {"sip_call_id": sip_call_id})]
            case facts.TransferEnded() if self._transfer_at_ms:
                over: dict[str, Any] = {"ended_at_ms": at_ms, "status": fact.status}
                leg = {**over, "outcome": fact.outcome}
                began_at_ms, self._transfer_at_ms = (
                    self._transfer_at_ms,
                    0,
                )  # the next may not begin
                return [self._row("legs", began_at_ms, leg)]
            case facts.CallEnded() if self._leg_at_ms:
                return [self._row("legs", self._leg_at_ms, {"ended_at_ms": at_ms})]
            case _:
                return []


def _unix_ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _offered(offered: facts.CallOffered) -> dict[str, Any]:
    keys = offered.keys
    return {
        **{name: getattr(offered, name) for name in _OFFERED},
        **({"trunk": keys.trunk, "keys": json_text(asdict(keys))} if keys is not None else {}),
    }
