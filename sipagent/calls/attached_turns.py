"""What the agent said on an attached call, and how much of it the caller heard.

The endpoint plays, and says when it begins, ends or is cut off; its transcript runs ahead of that.
An answer is told once: when it was played to its end; or when it was cut off, as soon as the
endpoint says where (Realtime: conversation.item.truncated), at the latest ``TRUNCATED_LIMIT_S``
later. No audio passes here, so the words that were heard are those that fit into the time.

    response.created ... transcript ... response.done
             started ----------------------- stopped     heard to its end
             started ---- cleared -- truncated           cut off

No I/O, no clock: ``now`` and ``at`` are always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sipagent.deadlines import earliest

from .facts import AgentSaid, AgentSaidSoFar, AgentSoundStarted, BargedIn
from .turns import heard_words

TRUNCATED_LIMIT_S = 1.0
"""How long after an answer was cut off the endpoint may take to say where."""

MS_PER_CHAR = 65
"""Of speech at an ordinary pace, in the languages that are written with letters."""

Told: TypeAlias = AgentSoundStarted | AgentSaid | BargedIn


@dataclass(slots=True)
class _Answer:
    """One response."""

    agent: str
    texts: dict[str, str] = field(default_factory=dict)
    """Of its items, in order, as far as they are known."""
    gap_ms: int | None = None
    started_at: float | None = None
    ended_at: float | None = None
    is_done: bool = False
    is_announced: bool = False
    is_cut: bool = False
    is_cut_by_caller: bool = False
    cut_item_id: str = ""
    cut_ms: int = 0

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more of it is made or heard."""
        return self.ended_at is not None and (self.is_done or self.is_cut)

    def heard_ms(self, now: float) -> int:
        """Return for how long it has been played."""
        if self.started_at is None:
            return 0
        ended_at = now if self.ended_at is None else self.ended_at
        return max(0, round((ended_at - self.started_at) * 1000))


class AttachedTurns:
    """Join transcripts with what the endpoint says of its playing, response by response."""

    def __init__(self) -> None:
        self._answers: dict[str, _Answer] = {}

    @property
    def is_silent(self) -> bool:
        """Tell whether nothing is being heard, made or about to be heard."""
        return all(answer.is_over for answer in self._answers.values())

    def deadline(self) -> float | None:
        """Return when :meth:`due` has something to tell, or None."""
        cut = [each.ended_at for each in self._answers.values() if each.is_cut]
        first = earliest(cut)
        return None if first is None else first + TRUNCATED_LIMIT_S

    def heard_ms(self, response_id: str, now: float) -> int:
        """Return for how long a response has been played."""
        answer = self._answers.get(response_id)
        return 0 if answer is None else answer.heard_ms(now)

    # What is made.

    def response_started(self, response_id: str, agent: str) -> None:
        """Note that an answer is being made."""
        self._answers.setdefault(response_id, _Answer(agent))

    def add_delta(self, response_id: str, item_id: str, delta: str) -> list[Told]:
        """Add a piece of the transcript."""
        answer = self._answers.get(response_id)
        if answer is None:
            return []
        answer.texts[item_id] = answer.texts.get(item_id, "") + delta
        return self._announce(answer)

    def finish_transcript(self, response_id: str, item_id: str, text: str) -> list[Told]:
        """Take the whole transcript of an item."""
        answer = self._answers.get(response_id)
        if answer is None:
            return []
        answer.texts[item_id] = text
        return self._announce(answer)

    def response_done(self, response_id: str, *, is_whole: bool) -> list[Told]:
        """Note that nothing more is made of an answer.

        Args:
            response_id: Of the answer.
            is_whole: Whether it was made to its end, so that what was not heard yet will be.
        """
        answer = self._answers.get(response_id)
        if answer is None:
            return []
        answer.is_done = True
        if answer.started_at is None and not (answer.texts and is_whole):
            answer.is_cut = answer.is_cut or not is_whole
            return self._tell(response_id)  # there is nothing to hear, or will never be
        if answer.ended_at is not None and not answer.is_cut:
            return self._tell(response_id)
        return []

    # What is heard.

    def output_started(self, response_id: str, at: float, gap_ms: int | None) -> list[Told]:
        """Note that an answer is being heard; ``gap_ms``: after the caller's last word."""
        answer = self._answers.get(response_id)
        if answer is None or answer.started_at is not None:
            return []
        answer.started_at, answer.gap_ms = at, gap_ms
        return self._announce(answer)

    def output_stopped(self, response_id: str, at: float) -> list[Told]:
        """Note that an answer was heard to its end."""
        answer = self._answers.get(response_id)
        if answer is None:
            return []
        answer.ended_at = at
        return self._tell(response_id) if answer.is_done or answer.cut_item_id else []

    def output_cleared(self, response_id: str, at: float, *, by_caller: bool) -> list[Told]:
        """Note that the rest of an answer was dropped."""
        answer = self._answers.get(response_id)
        if answer is None:
            return []
        answer.ended_at, answer.is_cut, answer.is_cut_by_caller = at, True, by_caller
        return self._tell(response_id) if answer.cut_item_id else []

    def truncated(self, item_id: str, audio_end_ms: int) -> list[Told]:
        """Note where an item was cut, before or after its answer was."""
        for response_id, answer in self._answers.items():
            if item_id in answer.texts:
                answer.cut_item_id, answer.cut_ms = item_id, audio_end_ms
                return self._tell(response_id) if answer.is_cut else []
        return []

    def due(self, now: float) -> list[Told]:
        """Return what is told now that the endpoint does not say where it cut."""
        late = [
            response_id
            for response_id, answer in self._answers.items()
            if answer.is_cut
            and answer.ended_at is not None
            and now >= answer.ended_at + TRUNCATED_LIMIT_S
        ]
        return [told for response_id in late for told in self._tell(response_id)]

    def so_far(self, now: float) -> list[AgentSaidSoFar]:
        """Return what is known by now of answers that are being heard."""
        return [
            AgentSaidSoFar(
                share.item_id,
                answer.agent,
                answer.texts[share.item_id].strip(),
                _heard(answer.texts[share.item_id], share).strip(),
                share.heard_ms,
            )
            for answer in self._answers.values()
            if answer.started_at is not None and answer.ended_at is None
            for share in _shares(replace(answer, ended_at=now, is_cut=True))
            if share.heard_ms
        ]

    def finish(self, now: float, *, is_cut: bool) -> list[Told]:
        """Return what is known of every answer, since no more will be heard of it.

        Args:
            now: When that was known.
            is_cut: Whether the caller does not hear the rest of it either.
        """
        for answer in self._answers.values():
            if answer.ended_at is None:
                answer.ended_at, answer.is_cut = now, is_cut
        return [told for response_id in list(self._answers) for told in self._tell(response_id)]

    def _announce(self, answer: _Answer) -> list[Told]:
        if answer.is_announced or answer.started_at is None or not answer.texts:
            return []
        answer.is_announced = True
        return [AgentSoundStarted(next(iter(answer.texts)), answer.agent, answer.gap_ms)]

    def _tell(self, response_id: str) -> list[Told]:
        answer = self._answers.pop(response_id)
        told: list[Told] = []
        for share in _shares(answer):
            text = answer.texts[share.item_id]
            said, heard = text.strip(), _heard(text, share).strip()
            if not said and not share.heard_ms:
                continue  # made without a word, and without a sound
            told.append(
                AgentSaid(share.item_id, answer.agent, said, heard, share.heard_ms, share.is_cut)
            )
            if share.is_cut_here and answer.is_cut_by_caller:
                told.append(BargedIn(share.item_id, share.heard_ms, None))
        return told


@dataclass(frozen=True, slots=True)
class _Share:
    """How much of an item was heard."""

    item_id: str
    heard_ms: int
    is_cut: bool
    is_cut_here: bool
    """Whether it is the one that was being heard."""


def _heard(text: str, share: _Share) -> str:
    """Return the words of an item that fit into its share."""
    if not share.is_cut:
        return text
    return heard_words(text, share.heard_ms, len(text) * MS_PER_CHAR)


def _shares(answer: _Answer) -> list[_Share]:
    """Divide the time an answer was heard among its items, in order."""
    left_ms = answer.heard_ms(0.0)
    is_cut = answer.is_cut or bool(answer.cut_item_id)
    is_past, last = False, next(reversed(answer.texts), "")
    shares: list[_Share] = []
    for item_id, text in answer.texts.items():
        whole_ms = len(text) * MS_PER_CHAR
        is_last = item_id == last
        ends_here = item_id == answer.cut_item_id
        if not answer.cut_item_id:
            ends_here = is_last or left_ms < whole_ms
        if is_past:
            shares.append(_Share(item_id, 0, is_cut=True, is_cut_here=False))
        elif is_cut and ends_here:
            heard_ms = answer.cut_ms if answer.cut_item_id else left_ms
            shares.append(_Share(item_id, heard_ms, is_cut=True, is_cut_here=True))
            is_past = True
        else:
            heard_ms = left_ms if is_last else min(left_ms, whole_ms)
            left_ms -= heard_ms
            shares.append(_Share(item_id, heard_ms, is_cut=False, is_cut_here=False))
    return shares
