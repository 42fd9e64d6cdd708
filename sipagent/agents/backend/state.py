"""A run as it stands: what was given, said, called and decided; enough to go on from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from sipagent.errors import ConfigError, MaxTurnsExceeded, RunStateError

from .agent import Agent
from .decisions import Decision, Decisions
from .items import RunItem, input_items, response_item
from .model import Json
from .past import Past
from .questions import decide, interruptions, open_calls
from .resolving import ReadyAgent
from .saved_state import SCHEMA_VERSION, Cast, SavedState, read_saved, saved_item
from .turn import Turn


class RunState:
    """Where a run is; made by the runner, mutated by it, one run at a time.

    Args:
        agent: Begins.
        given: Text or items.
        context: Handed to tools, guardrails, hooks and instructions.
        max_turns: How often the model may be asked; None: as often as it likes.
        past: What the run begins after; None: nothing.

    Raises:
        ConfigError: If ``max_turns`` is below 1.
    """

    def __init__(
        self,
        agent: Agent,
        given: str | Sequence[Json],
        *,
        context: Any = None,
        max_turns: int | None = 10,
        past: Past | None = None,
    ) -> None:
        if max_turns is not None and max_turns < 1:
            raise ConfigError("max_turns must be at least 1, or None")
        self.agent = agent
        self.given = given if isinstance(given, str) else deepcopy([dict(each) for each in given])
        self.context = context
        self.max_turns = max_turns
        self.past = past or Past()
        self.current_turn = 0
        self.is_input_checked = False
        self.items: list[RunItem] = []
        """Of closed turns, and of the present response."""
        self.responses: list[Json] = []
        self.turn: Turn | None = None
        self.final_output: Any = None
        self.is_finished = False
        self.is_running = False
        self.decisions = Decisions()
        self.nested: dict[str, RunState] = {}
        """Of agents that are tools and have not answered yet, by call id."""
        self.spent = {"input_tokens": 0, "output_tokens": 0}
        """Tokens of those that have."""

    def to_string(self) -> str:
        """Return the state as text, the context included, keys of the endpoint not.

        What its session had is included, the session not.

        Raises:
            RunStateError: If the context is no JSON, or there is nothing to go on from.
        """
        return self._saved().to_text(self.context)

    def _saved(self) -> SavedState:
        if self.is_running or self.is_finished:
            raise RunStateError("only a run that stopped on its way can be saved")
        return SavedState(
            **{"$schemaVersion": SCHEMA_VERSION},
            agent=self.agent.name,
            given=self.given,
            context=None,
            max_turns=self.max_turns,
            current_turn=self.current_turn,
            is_input_checked=self.is_input_checked,
            previous_response_id=self.past.previous_response_id,
            conversation_id=self.past.conversation_id,
            known_count=self.past.known_count,
            has_session=self.past.has_session,
            past=self.past.items,
            items=[saved_item(item) for item in self.items],
            responses=self.responses,
            turn=self.turn.to_saved() if self.turn is not None else None,
            decisions=self.decisions.to_saved(),
            nested={call_id: inner._saved() for call_id, inner in self.nested.items()},
            spent=self.spent,
        )

    @classmethod
    def from_string(cls, initial_agent: Agent, text: str) -> RunState:
        """Return the state in ``text``.

        Args:
            initial_agent: All agents are found by name from here, through handoffs and agents
                that are tools.
            text: As ``to_string`` returned it.

        Raises:
            RunStateError: If it is none, of another version, or names an agent not found.
        """
        return cls._from_saved(read_saved(text), Cast(initial_agent))

    @classmethod
    def _from_saved(cls, saved: SavedState, cast: Cast) -> RunState:
        state = cls(
            cast.find(saved.agent),
            saved.given,
            context=saved.context,
            max_turns=saved.max_turns,
            past=Past(
                previous_response_id=saved.previous_response_id,
                conversation_id=saved.conversation_id,
            ),
        )
        state.current_turn = saved.current_turn
        state.is_input_checked = saved.is_input_checked
        state.past.known_count = saved.known_count
        state.past.has_session, state.past.items = saved.has_session, saved.past
        state.items = [cast.item(item) for item in saved.items]
        state.responses = saved.responses
        state.decisions = Decisions.from_saved(saved.decisions)
        if saved.turn is not None:
            state.turn = Turn.from_saved(saved.turn, state.last_output, cast)
        for call_id, each in saved.nested.items():
            state.nested[call_id] = inner = cls._from_saved(each, cast)
            inner.decisions.share(state.decisions)
        if not state.nested.keys() <= {call.call_id for call in open_calls(state)}:
            raise RunStateError("the saved run has an agent work on what was not called")
        state.spend(saved.spent)
        return state

    # What the owner decides.

    def approve(self, item: RunItem, *, always_approve: bool = False) -> None:
        """Let a call run, and with ``always_approve`` all later ones of the agent's tool.

        Raises:
            RunStateError: If nobody asked about it.
        """
        self._decide(item, Decision(is_approved=True), always=always_approve)

    def reject(
        self, item: RunItem, *, always_reject: bool = False, message: str | None = None
    ) -> None:
        """Do not let a call run, and with ``always_reject`` no later one of the agent's tool.

        Args:
            item: One of the interruptions.
            always_reject: Whether this is the answer to later calls.
            message: Exactly what the model is told, empty too; of later calls as well when
                they are always rejected.

        Raises:
            RunStateError: If nobody asked about it.
        """
        self._decide(item, Decision(is_approved=False, message=message), always=always_reject)

    def _decide(self, item: RunItem, decision: Decision, *, always: bool) -> None:
        if not decide(self, item, decision, always=always):
            raise RunStateError(f"nobody asked about the call {item.call_id}")

    # How it goes on.

    def begin_turn(self) -> None:
        """Count a question to the model.

        Raises:
            MaxTurnsExceeded: If it is one too many.
        """
        self.close_turn()
        if self.max_turns is not None and self.current_turn >= self.max_turns:
            raise MaxTurnsExceeded(self.max_turns)
        self.current_turn += 1

    def responded(self, response: Json, ready: ReadyAgent) -> list[RunItem]:
        """Take a complete response; return its items.

        Raises:
            ModelBehaviorError: If its calls cannot be told apart; the state is as it was.
        """
        output = response_output(response)
        turn = Turn(output)
        items = [response_item(raw, self.agent, ready) for raw in output]
        self.responses.append(response)
        self.items += items
        self.past.responded(self.last_response_id, len(self.items))
        self.turn = turn
        return items

    def close_turn(self) -> None:
        """Note that the present turn is over: answers are history, decisions forgotten."""
        if self.turn is not None:
            self.items += self.turn.answered_items()
        self.turn = None
        self.decisions.calls.clear()
        self.nested.clear()

    def spend(self, usage: Mapping[str, int]) -> None:
        """Count the tokens of an agent that is a tool."""
        for key in self.spent:
            self.spent[key] += usage.get(key, 0)

    def finish(self, output: Any) -> None:
        """Note the final output."""
        self.close_turn()
        self.final_output, self.is_finished = output, True

    # What it is.

    @property
    def new_items(self) -> list[RunItem]:
        """What the run made, answers of the present turn included."""
        return self.items + (self.turn.answered_items() if self.turn is not None else [])

    @property
    def history(self) -> list[Json]:
        """What the session had, what was given and made, as items of the wire; a copy."""
        return deepcopy(self.past.items or []) + self.additions

    @property
    def additions(self) -> list[Json]:
        """What was given and made: what the session gets; a copy."""
        made = [item.raw_item for item in self.new_items]
        return input_items(self.given) + deepcopy(made)

    @property
    def interruptions(self) -> list[RunItem]:
        """Calls that somebody must decide on, or did, and that have not run yet.

        Those of agents that are tools are among them.
        """
        return interruptions(self)

    @property
    def last_output(self) -> list[Json]:
        """Of the latest response."""
        return response_output(self.responses[-1]) if self.responses else []

    @property
    def last_response_id(self) -> str:
        """Of the latest response, empty before the first."""
        return str(self.responses[-1].get("id", "")) if self.responses else ""

    @property
    def usage(self) -> Mapping[str, int]:
        """Tokens of all responses, agents that are tools included."""
        usages = [response.get("usage") or {} for response in self.responses]
        usages += [self.spent, *(inner.usage for inner in self.nested.values())]
        return {key: sum(int(usage.get(key) or 0) for usage in usages) for key in self.spent}

    def unsent(self) -> tuple[Json, ...]:
        """Return what is to be sent: all, or what is new to an endpoint that keeps the past."""
        unsent_from = self.past.unsent_from
        if unsent_from is None:
            return tuple(self.history)
        return tuple(deepcopy([item.raw_item for item in self.new_items[unsent_from:]]))


def response_output(response: Json) -> list[Json]:
    """Return the items of a response, a copy."""
    return deepcopy([dict(item) for item in response.get("output") or []])
