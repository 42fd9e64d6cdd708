"""What is being said, while it is being said: when is it worth telling?

A turn is told once, when it is over. A process that is killed before that tells nothing of it, so
what was said and heard so far is told as well, while it grows, for whoever keeps it until the turn
itself comes.

    nothing said --a frame was played, or a piece of a transcript came--> looks EVERY_S later
    looks        --something is being said--> tells what is new, looks again
    looks        --nothing is being said-->   nothing said

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from .speech_facts import AgentSaidSoFar, CallerSaidSoFar

EVERY_S = 1.0
"""At most so often something is told of one call."""

SoFar: TypeAlias = AgentSaidSoFar | CallerSaidSoFar


class SpeechSoFar:
    """Decide when to tell what is being said on one call."""

    def __init__(self) -> None:
        self._look_at: float | None = None
        self._of_caller: dict[str, str] = {}
        self._told: dict[str, SoFar] = {}

    def deadline(self) -> float | None:
        """Return when :meth:`due` is to be called, or None."""
        return self._look_at

    def agent_sounds(self, now: float) -> None:
        """Note that something of the agent's begins to be heard."""
        self._look_soon(now)

    def agent_fell_silent(self) -> None:
        """Note that nothing of the agent's is heard any more."""
        if not self._of_caller:
            self._look_at = None

    def caller_said_more(self, item_id: str, piece: str, now: float) -> None:
        """Take a piece of the transcript of what the caller is saying."""
        self._of_caller[item_id] = self._of_caller.get(item_id, "") + piece
        self._look_soon(now)

    def caller_said(self, item_id: str) -> None:
        """Note that the transcript is there, and told as a turn."""
        self._of_caller.pop(item_id, None)

    def due(self, agent: Sequence[AgentSaidSoFar], now: float) -> list[SoFar]:
        """Return what is new, if it is time to tell.

        Args:
            agent: What the agent is saying, as far as it was heard.
            now: Monotonic seconds.
        """
        if self._look_at is None or now < self._look_at:
            return []
        caller = [CallerSaidSoFar(item_id, text) for item_id, text in self._of_caller.items()]
        everything: list[SoFar] = [*agent, *caller]
        said = {each.item_id: each for each in everything}
        new = [
            each for item_id, each in said.items() if _text(each) != _text(self._told.get(item_id))
        ]
        self._told = said
        self._look_at = now + EVERY_S if agent or new else None
        return new

    def _look_soon(self, now: float) -> None:
        if self._look_at is None:
            self._look_at = now + EVERY_S


def _text(so_far: SoFar | None) -> tuple[str, ...]:
    """Return the words, which is what is worth writing down again."""
    match so_far:
        case AgentSaidSoFar(said=said, heard=heard):
            return said, heard
        case CallerSaidSoFar(text=text):
            return (text,)
        case _:
            return ()
