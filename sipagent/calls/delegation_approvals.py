"""Who is asked whether a tool of the backend agent may run. Protocol and values, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MAX_ARGUMENTS_CHARS = 8_000
"""A person approves what they have seen whole, or not at all."""


@dataclass(frozen=True, slots=True)
class Question:
    """A tool that waits for a person's word."""

    call_id: str
    plan: str
    agent: str
    tool: str
    arguments: str
    """As the model wrote them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the person said."""

    is_approved: bool
    message: str = ""
    """Of a rejection, for the model; ``""``: the usual words."""


class Approver(Protocol):
    """Gets a person's word."""

    async def ask(self, question: Question) -> Verdict:
        """Return what a person says; waits as long as that takes. Cancelling it withdraws it."""


class Nobody:
    """Where no person can be asked, everything is rejected."""

    async def ask(self, question: Question) -> Verdict:
        """Return a rejection."""
        return Verdict(False, f"Nobody can be asked to approve {question.tool}.")
