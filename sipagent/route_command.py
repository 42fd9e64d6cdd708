"""``sipagent route``: which dialplan answers a call, and why the others do not.

Asks the files as they are now, and nothing that runs; what they name is not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sipagent.calls.route_keys import route_keys
from sipagent.config import Config
from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.matching import Matcher, Verdict
from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.plan_texts import read_plans
from sipagent.dialplan.sources import is_address
from sipagent.dialplan.validation import listed, near_miss
from sipagent.errors import ConfigError
from sipagent.sip.headers import Invite, uri_user


@dataclass(frozen=True, slots=True)
class Question:
    """A call that might come."""

    uri: str
    """Who is called: a URI, or the user part of one."""
    caller: str = ""
    """The same of who calls."""
    headers: Sequence[str] = ()
    """``Name: value`` each."""
    source_address: str = ""
    trunk: str = ""
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of it."""

    keys: CallKeys
    verdicts: tuple[Verdict, ...]
    outcome: str
    """What the plan that takes it does, in words."""

    @property
    def plan(self) -> str | None:
        """Return the name of the plan that takes the call, None if nobody does."""
        return next((each.plan for each in self.verdicts if each.is_taken), None)

    def lines(self) -> Iterator[str]:
        """Yield the answer for people."""
        yield f"{self.plan}: {self.outcome}" if self.plan is not None else self.outcome
        width = max((len(each.plan) for each in self.verdicts), default=0)
        for each in self.verdicts:
            yield f"{'*' if each.is_taken else ' '} {each.plan:{width}}  {each.text}"

    def to_json(self) -> str:
        """Return the answer for programs."""
        verdicts = [
            {"plan": each.plan, "is_taken": each.is_taken, "why": each.text}
            for each in self.verdicts
        ]
        answer: dict[str, Any] = {"plan": self.plan, "outcome": self.outcome, "verdicts": verdicts}
        return json.dumps(answer | {"keys": json.loads(self.keys.to_json())}, indent=2)


def answer(config: Config, question: Question, at: datetime) -> Answer:
    """Return what becomes of a call.

    Args:
        config: Says where the plans are, which trunks and which emergency numbers.
        question: The call.
        at: When it comes.

    Raises:
        ConfigError: If the question makes no sense.
        DialplanError: If a key of a plan is wrong.
    """
    plans = read_plans(config.dialplans.path)
    keys = route_keys(
        _invite(config, question), question.call_id, at.timestamp(), config.sip.emergency_numbers
    )
    verdicts = tuple(Matcher(plans).explain(keys))
    taken = next((each.plan for each in verdicts if each.is_taken), None)
    by_name = {plan.name: plan for plan in plans}
    return Answer(keys, verdicts, _outcome(by_name.get(taken or ""), keys))


def instant(text: str, now: datetime) -> datetime:
    """Return the time that ``text`` says; where it names no zone, that of ``now``.

    Raises:
        ConfigError: If it is no time.
    """
    try:
        said = datetime.fromisoformat(text) if text else now
    except ValueError:
        raise ConfigError('must be a time, such as "2026-12-25 10:00"', where="--at") from None
    return said if said.tzinfo is not None else said.replace(tzinfo=now.tzinfo)


def _invite(config: Config, question: Question) -> Invite:
    trunks = {trunk.name: trunk for trunk in config.sip.trunks}
    if question.trunk and question.trunk not in trunks:
        close, known = near_miss(question.trunk, trunks), listed(sorted(trunks))
        raise ConfigError(
            f'there is no trunk "{question.trunk}"{close}; known: {known}', where="--trunk"
        )
    if question.source_address and not is_address(question.source_address):
        raise ConfigError('must be an IP address, such as "203.0.113.9"', where="--source")
    trunk = trunks.get(question.trunk)
    return Invite(
        sip_call_id="",
        called_user=_user(question.uri),
        called_uri=question.uri if ":" in question.uri else f"sip:{question.uri}@localhost",
        caller_user=_user(question.caller),
        caller_uri=question.caller,
        caller_name="",
        headers=tuple(map(_header, question.headers)),
        source_address=question.source_address and f"{question.source_address}:0",
        transport="",
        has_offer=True,
        offered_codecs=(),
        trunk=question.trunk,
        is_trusted=trunk is not None and trunk.trust_asserted_identity,
    )


def _user(text: str) -> str:
    return uri_user(text) if ":" in text else text.partition("@")[0]


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ConfigError('must be a header, such as "X-Queue: sales"', where="--header")
    return name.strip(), value.strip()


def _outcome(plan: Dialplan | None, keys: CallKeys) -> str:
    if plan is None:
        return f"nobody answers: {'503, an emergency' if keys.is_emergency else '404'}"
    if plan.refuse is not None:
        return f"refuses the call with {plan.refuse.status}"
    if plan.refer is not None:
        return f"sends the caller to {plan.refer.target_uri}"
    return f"{plan.agents[0].name} answers"
