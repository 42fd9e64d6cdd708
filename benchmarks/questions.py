"""Questions that a caller asks, and what an appliance told of their answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .rtp import PACKET_S, Packet

ANSWER_LIMIT_S = 18.0
HEARD_SHARE = 0.6
"""Least share of an answer's time in which the caller heard voice: between words there is none."""


@dataclass(frozen=True, slots=True)
class Question:
    """One that was asked."""

    day: str
    at: float
    """Monotonic seconds when its first word was said."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the appliance wrote of the call."""

    facts: list[dict[str, Any]]

    def all(self, fact: str) -> list[dict[str, Any]]:
        """Return the facts of one kind."""
        return [each for each in self.facts if each["fact"] == fact]

    def answer(self, question: Question) -> dict[str, Any] | None:
        """Return what the agent said to ``question``, if it did and was not cut off."""
        for said in self.all("AgentSaid"):
            is_in_time = 0 < said["at"] - question.at < ANSWER_LIMIT_S
            is_right = said["said"].startswith(f"On {question.day} we are ")
            if is_in_time and is_right and not said["interrupted"]:
                return said
        return None

    def after(self, question: Question) -> list[str]:
        """Return what was told of the time in which it is answered, for people."""
        return [
            f"{after_s:6.2f} {each['fact']} {each.get('text') or each.get('said', '')}"
            for each in self.facts
            if 0 < (after_s := each["at"] - question.at) < ANSWER_LIMIT_S
        ]

    def understood(self, question: Question) -> bool:
        """Tell whether the day asked about was recognised."""
        return any(
            0 < said["at"] - question.at < ANSWER_LIMIT_S and question.day.lower() in said["text"]
            for said in self.all("CallerSaid")
        )


def is_heard(packets: Sequence[Packet], begin: float, length_s: float) -> bool:
    """Tell whether there was voice for most of ``length_s`` from ``begin`` on."""
    span = [packet for packet in packets if begin <= packet.at < begin + length_s]
    return sum(packet.is_voiced for packet in span) * PACKET_S >= HEARD_SHARE * length_s
