"""Transfers: when to ask the caller's telephone to call somebody else, and what came of it.

    IDLE        --TransferRequested-->      LAST_WORDS  what the agent said is heard first
    LAST_WORDS  --AgentFellSilent-->        LINGERING   let the last frames out
    LAST_WORDS  --last_words_limit_s-->     REFERRING   REFER (RFC 3515)
    LINGERING   --TAIL_S elapses-->         REFERRING   the same
    REFERRING   --the target answered-->    DONE        hang up (RFC 5589 section 6.1)
    REFERRING   --it did not-->             IDLE        the agent is told why
    REFERRING   --LIMIT_S elapses-->        GIVEN_UP    the agent is told
    GIVEN_UP    --the target answered-->    DONE        after all: hang up
    GIVEN_UP    --TransferRequested-->      LAST_WORDS

The call goes on all the time: the caller may speak, and be answered.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from .controller import TAIL_S
from .events import (
    AgentFellSilent,
    TimerFired,
    TransferEvent,
    TransferProgressed,
    TransferRequested,
)
from .transfer_commands import AnswerTransfer, EndTransferred, SendRefer, TransferCommand
from .transfer_outcome import failure, outcome_of

LIMIT_S = 30.0
"""From REFER to its outcome: longer than most people let a telephone ring."""


class _State(Enum):
    IDLE = auto()
    LAST_WORDS = auto()
    LINGERING = auto()
    REFERRING = auto()
    GIVEN_UP = auto()
    DONE = auto()


_AT_REST = frozenset({_State.IDLE, _State.GIVEN_UP})


class Transfer:
    """Decide how a caller is transferred; carry nothing out.

    Args:
        targets: URIs by name.
        last_words_limit_s: How long the agent may take to finish speaking.
    """

    def __init__(self, targets: Mapping[str, str], *, last_words_limit_s: float) -> None:
        self._targets, self._last_words_limit_s = targets, last_words_limit_s
        self._state, self._target, self._uri = _State.IDLE, "", ""
        self._deadline: float | None = None

    @property
    def is_under_way(self) -> bool:
        """Tell whether the outcome of a transfer is awaited."""
        return self._state not in _AT_REST

    def deadline(self) -> float | None:
        """Return when ``handle(TimerFired())`` is due, or None."""
        return self._deadline

    def handle(self, event: TransferEvent, *, now: float) -> list[TransferCommand]:
        """Advance on ``event``; return what to do about it, in order."""
        match event:
            case TransferRequested(target=target, uri=uri):
                return self._request(target, uri, now)
            case AgentFellSilent() if self._state is _State.LAST_WORDS:
                self._enter(_State.LINGERING, now + TAIL_S)
            case TransferProgressed(status, is_final) if is_final:
                return self._conclude(status)
            case TimerFired() if self._deadline is not None and now >= self._deadline:
                return self._expire(now)
            case _:
                pass
        return []

    def _request(self, target: str, uri: str, now: float) -> list[TransferCommand]:
        if not self.is_under_way:
            self._target, self._uri = target, uri or self._targets[target]
            self._enter(_State.LAST_WORDS, now + self._last_words_limit_s)
        return []

    def _conclude(self, status: int) -> list[TransferCommand]:
        if self._state not in {_State.REFERRING, _State.GIVEN_UP}:
            return []
        if 200 <= status < 300:
            self._enter(_State.DONE, None)
            return [EndTransferred(self._target)]
        was_told = self._state is _State.GIVEN_UP
        self._enter(_State.IDLE, None)
        return [] if was_told else [_failed(status)]

    def _expire(self, now: float) -> list[TransferCommand]:
        if self._state is _State.REFERRING:
            self._enter(_State.GIVEN_UP, None)
            return [_failed(408)]
        self._enter(_State.REFERRING, now + LIMIT_S)
        return [SendRefer(self._uri)]

    def _enter(self, state: _State, deadline: float | None) -> None:
        self._state, self._deadline = state, deadline


def _failed(status: int) -> AnswerTransfer:
    return AnswerTransfer(f"The transfer failed: {failure(status)}.", outcome_of(status), status)
