"""What the engine answers: text commands, scripts, or an echo. Pure.

Text commands are for tests and for anyone's SDK; a client sends them as user text:

    say:<text>                       speaks exactly that
    call:<tool> <json>               calls a function
    calls:<tool> <json> | ...        calls several in one response
    long:<n>                         n chunks of audio, up to 999, at a pace that can be interrupted
    anything else                    what the script has a rule for, else echo <text>

After a function's output the answer contains it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .script import Rule, Script
from .understanding import Listener, Understood


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function the client is asked to run."""

    name: str
    arguments: str
    """JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response, before it is spoken: words first, then calls."""

    say: str = ""
    calls: tuple[FunctionCall, ...] = ()
    slow_chunks: int = 0
    """Audio chunks to send at a pace instead of words."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a response answers to."""

    text: str | None
    """The last user words; None when nobody has spoken since the last answer."""
    is_typed: bool = False
    """Whether they came as text."""
    outputs: tuple[tuple[str, str], ...] = ()
    """Function outputs since the last answer: name and text."""
    instructions: str = ""
    """The response's own, if any."""
    tools: frozenset[str] = frozenset()
    """Names the session offers."""


@dataclass(slots=True)
class Brain:
    """Answer turn by turn; remembers what it waits for."""

    script: Script | None = None
    """None answers text commands and echoes only."""
    agent: str = ""
    """Name of the persona."""
    _missed: int = 0
    _after: dict[str, str] = field(default_factory=dict)
    _listeners: dict[str, Listener] = field(default_factory=dict)

    @property
    def position(self) -> int:
        """Which persona of the script speaks, 0 for the first."""
        if self.script is None:
            return 0
        return self.script.agents.index(self.script.agent(self.agent))

    def become(self, script: Script | None, agent: str) -> None:
        """Go on as a persona, of another script or the same."""
        if script is not self.script:
            self._listeners.clear()
        self.script, self.agent = script, agent

    def answer(self, turn: Turn) -> Answer:
        """Return what to say and call."""
        for prefix in ("say exactly:", "say:"):
            if turn.instructions.lower().startswith(prefix):
                return Answer(say=turn.instructions[len(prefix) :].strip())
        if turn.outputs:
            return self._after_outputs(turn.outputs)
        if turn.text is not None and turn.is_typed:
            return self._typed(turn.text, turn.tools)
        if self.script is None:
            return Answer(say=f"echo {turn.text}" if turn.text else turn.instructions or "Hello.")
        if turn.text is None:
            return Answer(say=self.script.agent(self.agent).greeting)
        return self._by_rule(self.script, turn.text, turn.tools)

    def _after_outputs(self, outputs: Sequence[tuple[str, str]]) -> Answer:
        if self.script is not None and any(_is_handoff(name) for name, _ in outputs):
            return Answer(say=self.script.agent(self.agent).greeting)
        said = [
            self._after.pop(name, "{output}").replace("{output}", text) for name, text in outputs
        ]
        return Answer(say=" ".join(said))

    def _typed(self, text: str, tools: frozenset[str]) -> Answer:
        command = _command(text)
        if command is not None:
            return command
        understood = None if self.script is None else self._understood(self.script, text)
        if self.script is None or understood is None:
            return Answer(say=f"echo {text}")
        return self._follow(self.script, understood, tools)

    def _by_rule(self, script: Script, text: str, tools: frozenset[str]) -> Answer:
        understood = self._understood(script, text)
        if understood is not None:
            return self._follow(script, understood, tools)
        agent = script.agent(self.agent)
        self._missed += 1
        return Answer(say=agent.otherwise[(self._missed - 1) % len(agent.otherwise)])

    def _understood(self, script: Script, text: str) -> Understood | None:
        agent = script.agent(self.agent)
        listener = self._listeners.get(agent.name)
        if listener is None:
            listener = Listener(script.rules_of(agent), script.slots)
            self._listeners[agent.name] = listener
        return listener.understand(text)

    def _follow(self, script: Script, understood: Understood, tools: frozenset[str]) -> Answer:
        self._missed = 0
        rule, agent = understood.rule, script.agent(self.agent)
        if not rule.call:
            return Answer(say=rule.say)
        name = next((each for each in tools if each.lower() == rule.call.lower()), None)
        if name is None:
            return Answer(say=rule.say or agent.otherwise[0])
        self._after[name] = rule.after
        arguments = _arguments(rule, understood.slots)
        return Answer(say=rule.say, calls=(FunctionCall(name, json.dumps(arguments)),))


def _is_handoff(name: str) -> bool:
    return name.lower().startswith("transfer_to_")


def _arguments(rule: Rule, slots: dict[str, str]) -> dict[str, Any]:
    filled = {}
    for key, value in rule.arguments.items():
        if not isinstance(value, str) or not value.startswith("$"):
            filled[key] = value
        elif value[1:] in slots:
            filled[key] = slots[value[1:]]
    return filled


def _command(text: str) -> Answer | None:
    """Return the answer to a text command, None if it is none."""
    command, colon, rest = (part.strip() for part in text.partition(":"))
    match command.lower() + colon:
        case "say:":
            return Answer(say=rest)
        case "call:":
            return Answer(calls=(_call(rest),))
        case "calls:":
            return Answer(calls=tuple(_call(each) for each in rest.split("|") if each.strip()))
        case "long:" if rest.isdecimal() and len(rest) <= 3:
            return Answer(slow_chunks=int(rest))
        case _:
            return None


def _call(text: str) -> FunctionCall:
    name, _, arguments = text.strip().partition(" ")
    return FunctionCall(name, arguments.strip() or "{}")
