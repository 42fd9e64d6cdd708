"""Scripts: what an agent without a model says and does. Files ``<id>.script.toml``.

[[agents]]
name = "Reception"
greeting = "Good morning, what can I do for you?"
otherwise = ["Sorry, I did not get that.", "You can ask for our opening hours."]

[[agents.rules]]
heard = ["what are your [opening] hours [on $day]"]
call = "opening_hours"
arguments = { day = "$day" }
after = "We are open {output}."
"""

from __future__ import annotations

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sipagent.errors import EngineError

from .patterns import PatternError, expand


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Model):
    """What is heard, and what is said or done then."""

    heard: Annotated[tuple[str, ...], Field(min_length=1)]
    say: str = ""
    call: str = ""
    """Name of a tool; called only if the session has it. ``transfer_to_x`` hands over."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """``$slot`` becomes the word heard, or is left out when none was."""
    after: str = "{output}"
    """What is said when the tool has answered."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.say and not self.call:
            raise ValueError("a rule needs say, call or both")
        return self


class ScriptAgent(_Model):
    """One persona."""

    name: str
    greeting: str
    """Said first, and when the persona takes over."""
    otherwise: Annotated[tuple[str, ...], Field(min_length=1)]
    """Said in turn when nothing fits."""
    rules: tuple[Rule, ...] = ()


class Script(_Model):
    """The personas of one prompt id."""

    agents: Annotated[tuple[ScriptAgent, ...], Field(min_length=1)]
    rules: tuple[Rule, ...] = ()
    """Heard by every agent."""
    slots: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Words that patterns name ``$slot``."""

    @model_validator(mode="after")
    def _has_good_patterns(self) -> Self:
        rules = {"": self.rules} | {
            f"agents[{index}].": agent.rules for index, agent in enumerate(self.agents)
        }
        for owner, owned in rules.items():
            for index, rule in enumerate(owned):
                for pattern in rule.heard:
                    try:
                        expand(pattern, self.slots)
                    except PatternError as error:
                        raise ValueError(f"{owner}rules[{index}].heard: {error}") from None
        return self

    def agent(self, name: str) -> ScriptAgent:
        """Return the persona called ``name``, or the first."""
        return next((each for each in self.agents if each.name == name), self.agents[0])

    def rules_of(self, agent: ScriptAgent) -> tuple[Rule, ...]:
        """Return what ``agent`` listens for."""
        return agent.rules + self.rules

    @cached_property
    def phrases(self) -> list[str]:
        """Everything a caller is expected to say, each pattern as often as any other."""
        rules = [*self.rules, *(rule for agent in self.agents for rule in agent.rules)]
        patterns = [pattern for rule in rules for pattern in rule.heard]
        return [phrase for pattern in patterns for phrase in self._repeated(pattern)]

    def _repeated(self, pattern: str) -> list[str]:
        phrases = expand(pattern, self.slots)
        return phrases * max(1, PHRASES_PER_PATTERN // len(phrases))


SUFFIX = ".script.toml"

PHRASES_PER_PATTERN = 60
"""A pattern with few variants is said no less often than one with many."""


def load_scripts(folder: Path) -> dict[str, Script]:
    """Return the scripts of ``folder`` by prompt id; none if there is no such folder.

    Raises:
        EngineError: If a file is broken; names file and key.
    """
    scripts = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            with path.open("rb") as file:
                scripts[path.name.removesuffix(SUFFIX)] = Script.model_validate(tomllib.load(file))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise EngineError(f"{path}: {error}") from None
        except ValidationError as error:
            first = error.errors()[0]
            text = first["msg"].removeprefix("Value error, ")
            parts = filter(None, (str(path), _key(first["loc"]), text))
            raise EngineError(": ".join(parts)) from None
    return scripts


def _key(path: tuple[int | str, ...]) -> str:
    """Return ``agents[0].name`` for a pydantic path."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")
