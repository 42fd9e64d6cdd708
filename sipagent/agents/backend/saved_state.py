"""A paused run as text: JSON with a version, agents by name.

A text may come from a store that others write to: what does not fit is refused, in words that
repeat nothing of it but names of agents.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sipagent.agents.function_schema import faults
from sipagent.errors import RunStateError

from .agent import Agent, AgentTool, as_handoff
from .items import ItemType, RunItem
from .model import Json

SCHEMA_VERSION = "1.1"


class Saved(BaseModel):
    """What is not known was written by somebody else."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SavedItem(Saved):
    """A ``RunItem``."""

    type: ItemType
    agent: str
    raw_item: Json
    target: str | None = None


class SavedDecision(Saved):
    """What was decided: of one call, or of all of a tool."""

    call_id: str | None = None
    agent: str | None = None
    tool: str | None = None
    is_approved: bool
    message: str | None = None


class SavedTurn(Saved):
    """What became of the calls of the last response."""

    answers: list[SavedItem]
    asked: list[str]


class SavedState(Saved):
    """A ``RunState``."""

    schema_version: str = Field(alias="$schemaVersion")
    agent: str
    given: str | list[Json]
    context: Any
    max_turns: int | None = Field(ge=1)
    current_turn: int = Field(ge=0)
    is_input_checked: bool
    previous_response_id: str
    conversation_id: str
    known_count: int | None = Field(ge=0)
    has_session: bool
    past: list[Json] | None
    items: list[SavedItem]
    responses: list[Json]
    turn: SavedTurn | None
    decisions: list[SavedDecision]
    nested: dict[str, SavedState]
    """Of agents that are tools and wait, by call id; they have the outer run's context."""
    spent: dict[str, int]
    """Tokens of agents that are tools and are done."""

    @model_validator(mode="after")
    def _has_one_past(self) -> SavedState:
        pasts = (self.previous_response_id, self.conversation_id, self.has_session)
        if sum(map(bool, pasts)) > 1:
            raise ValueError("two pasts")
        if self.past is not None and not self.has_session:
            raise ValueError("the past of no session")
        return self

    def to_text(self, context: Any) -> str:
        """Return the state as JSON, with the run's context.

        Raises:
            RunStateError: If the context is none.
        """
        try:
            # Pydantic would turn objects of the context into mappings, and they came back as such.
            values = self.model_dump(by_alias=True) | {"context": context}
            return json.dumps(values, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError) as error:
            kind = type(context).__name__
            raise RunStateError(f"the run's context cannot be saved as JSON: {kind}") from error


def read_saved(text: str) -> SavedState:
    """Return the state in ``text``.

    Raises:
        RunStateError: If it is none, or of a version that is not known.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunStateError("the saved run is no JSON") from error
    version = values.get("$schemaVersion") if isinstance(values, dict) else None
    if version != SCHEMA_VERSION:
        raise RunStateError(f"the saved run has not version {SCHEMA_VERSION}")
    try:
        return SavedState.model_validate(values)
    except ValidationError as error:
        raise RunStateError(f"the saved run: {faults(error)}") from error


def saved_item(item: RunItem) -> SavedItem:
    """Return ``item`` to be written."""
    target = None if item.target is None else item.target.name
    return SavedItem(type=item.type, agent=item.agent.name, raw_item=item.raw_item, target=target)


class Cast:
    """The agents of a run by name.

    Args:
        initial_agent: All others are found from here, through handoffs and agents that are tools.
    """

    def __init__(self, initial_agent: Agent) -> None:
        self._agents: dict[str, list[Agent]] = {}
        open_agents = [initial_agent]
        while open_agents:
            agent = open_agents.pop()
            known = self._agents.setdefault(agent.name, [])
            if not any(each is agent for each in known):
                known.append(agent)
                open_agents += [as_handoff(target).agent for target in agent.handoffs]
                open_agents += [tool.agent for tool in agent.tools if isinstance(tool, AgentTool)]

    def find(self, name: str) -> Agent:
        """Return the agent called ``name``.

        Raises:
            RunStateError: If there is none, or more than one.
        """
        found = self._agents.get(name, [])
        if len(found) != 1:
            raise RunStateError(f"there {'is no' if not found else 'are several'} agent {name!r}")
        return found[0]

    def item(self, saved: SavedItem) -> RunItem:
        """Return the item that was written.

        Raises:
            RunStateError: If its agent is not found.
        """
        target = None if saved.target is None else self.find(saved.target)
        return RunItem(saved.type, self.find(saved.agent), saved.raw_item, target)
