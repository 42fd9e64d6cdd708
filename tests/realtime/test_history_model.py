"""The history against a conversation kept by an endpoint.

Events travel in order and at any speed. The endpoint adds items anywhere, fills them, forgets to
repeat transcripts, deletes and truncates; the client retrieves what was truncated. When all is
read, the history is the endpoint's conversation.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sipagent.engine.items import ROOT, Conversation
from sipagent.realtime.history import History, HistoryChange
from sipagent.realtime.history_items import HistoryItem
from sipagent.realtime.item_json import from_wire, to_json

from .items import Wire, agent, call, typed, user

Told = Callable[[], HistoryChange | None]
PICK = st.integers(min_value=0, max_value=50)
SPOKEN_MS = 1000


class HistoryAndEndpoint(RuleBasedStateMachine):
    """Both, and what is on its way to the history."""

    def __init__(self) -> None:
        super().__init__()
        self.endpoint = Conversation()
        self.history = History()
        self.downward: deque[Told] = deque()
        self.retrievals: deque[str] = deque()
        self.count = 0
        self.unheard: list[str] = []
        self.outputs: dict[str, str] = {}

    @rule(where=PICK)
    def caller_types(self, where: int) -> None:
        self.add(typed(self.new_id(), f"text {self.count}"), where)

    @rule()
    def caller_speaks(self) -> None:
        item_id = self.new_id()
        self.unheard.append(item_id)
        self.add(user(item_id), None)

    @rule(where=PICK, is_committed=st.booleans())
    def caller_speaks_and_is_transcribed_before_the_item_is_told(
        self, where: int, is_committed: bool
    ) -> None:
        item_id, said = self.new_id(), f"said {self.count}"
        previous = self.endpoint.add(user(item_id), after=self.anchor(where))
        self.endpoint.set_transcript(item_id, said)
        if is_committed:
            self.downward.append(lambda: self.history.committed(item_id, previous))
        self.downward.append(lambda: self.history.transcribed(item_id, said))
        self.downward.append(lambda: self.history.taken(user(item_id), previous))

    @precondition(lambda self: self.unheard)
    @rule(which=PICK)
    def caller_is_transcribed(self, which: int) -> None:
        item_id, said = self.unheard.pop(which % len(self.unheard)), f"said {self.count}"
        self.endpoint.set_transcript(item_id, said)
        self.downward.append(lambda: self.history.transcribed(item_id, said))

    @rule(is_announced=st.booleans())
    def agent_begins_to_speak(self, is_announced: bool) -> None:
        item = agent(self.new_id(), None, status="in_progress")
        if is_announced:
            self.downward.append(lambda: self.history.taken(item))
        self.add(item, None)
        self.endpoint.set_audio_ms(item["id"], SPOKEN_MS)

    @precondition(lambda self: self.spoken())
    @rule(which=PICK)
    def agent_says_more(self, which: int) -> None:
        item_id = self.picked(self.spoken(), which)
        self.count += 1
        self.endpoint.set_transcript(item_id, f"answer {self.count}")
        self.tell(self.endpoint.snapshot(item_id))

    @precondition(lambda self: self.spoken())
    @rule(which=PICK)
    def endpoint_repeats_an_answer_without_what_it_says(self, which: int) -> None:
        item = self.endpoint.snapshot(self.picked(self.spoken(), which))
        item["content"][0]["transcript"] = ""
        self.tell(item)

    @precondition(lambda self: self.spoken())
    @rule(which=PICK)
    def caller_interrupts(self, which: int) -> None:
        item_id = self.picked(self.spoken(), which)
        self.endpoint.truncate(item_id, 0, 0)
        self.downward.append(lambda: self.truncated(item_id))

    @precondition(lambda self: self.retrievals)
    @rule()
    def endpoint_returns_what_was_truncated(self) -> None:
        item_id = self.retrievals.popleft()
        if item_id in self.endpoint:
            item = self.endpoint.snapshot(item_id)
            self.downward.append(lambda: self.history.retrieved(item))

    @rule()
    def agent_calls_a_tool(self) -> None:
        item_id = self.new_id()
        self.add(call(item_id, f"call_{item_id}", "in_progress"), None)

    @precondition(lambda self: self.unfinished_calls())
    @rule(which=PICK)
    def tool_answers(self, which: int) -> None:
        item_id = self.picked(self.unfinished_calls(), which)
        item = self.endpoint.item(item_id, "retrieve")
        item["status"] = "completed"
        self.tell(self.endpoint.snapshot(item_id))
        call_id, output = item["call_id"], f"output {self.count}"
        self.outputs[item_id] = output
        self.downward.append(lambda: self.history.function_output(call_id, output))
        wire = {"type": "function_call_output", "call_id": call_id, "output": output}
        self.add({"id": self.new_id(), **wire}, None)

    @rule(where=PICK)
    def endpoint_lists_tools(self, where: int) -> None:
        self.add({"id": self.new_id(), "type": "mcp_list_tools", "tools": []}, where)

    @precondition(lambda self: self.ids())
    @rule(which=PICK)
    def an_item_is_deleted(self, which: int) -> None:
        item_id = self.picked(self.ids(), which)
        self.endpoint.delete(item_id)
        self.downward.append(lambda: self.history.deleted(item_id))

    @precondition(lambda self: self.downward)
    @rule()
    def client_reads(self) -> None:
        before = self.history.items
        change = self.downward.popleft()()
        if change is None:
            return
        assert change.is_changed == (self.history.items != before)
        known = {item.item_id for item in before}
        new = [item for item in self.history.items if item.item_id not in known]
        assert new == ([] if change.added is None else [change.added])

    @invariant()
    def no_item_is_there_twice(self) -> None:
        ids = [item.item_id for item in self.history.items]
        assert len(ids) == len(set(ids))

    def teardown(self) -> None:
        while self.downward or self.retrievals:
            if self.downward:
                self.client_reads()
            else:
                self.endpoint_returns_what_was_truncated()
        shown = [essence(item) for item in self.history.items]
        assert shown == [essence(item) for item in self.shown_by_the_endpoint()]

    def new_id(self) -> str:
        self.count += 1
        return f"item_{self.count}"

    def ids(self) -> list[str]:
        return [item["id"] for item in self.endpoint.items()]

    def spoken(self) -> list[str]:
        return [item["id"] for item in self.endpoint.items() if item.get("role") == "assistant"]

    def unfinished_calls(self) -> list[str]:
        return [
            item["id"]
            for item in self.endpoint.items()
            if item.get("status") == "in_progress" and item["type"] == "function_call"
        ]

    def picked(self, ids: list[str], which: int) -> str:
        return ids[which % len(ids)]

    def anchor(self, where: int | None) -> str | None:
        """Return an anchor as a client gives it: one of the items, the root, or none."""
        places = [None, ROOT, *self.ids()]
        return None if where is None else places[where % len(places)]

    def add(self, item: Wire, where: int | None) -> None:
        previous = self.endpoint.add(item, after=self.anchor(where))
        told = self.endpoint.snapshot(item["id"])
        self.downward.append(lambda: self.history.taken(told, previous))

    def tell(self, item: Wire) -> None:
        self.downward.append(lambda: self.history.taken(item))

    def truncated(self, item_id: str) -> HistoryChange:
        self.retrievals.append(item_id)
        return self.history.truncated(item_id)

    def shown_by_the_endpoint(self) -> list[HistoryItem]:
        items = []
        for item in self.endpoint.items():
            is_finished = item["type"] != "function_call" or item["status"] == "completed"
            told = {**item, "output": self.outputs.get(item["id"])}
            read = from_wire(told, store_audio=False)
            if read is not None and is_finished:
                items.append(read)
        return items


def essence(item: HistoryItem) -> Wire:
    """Return what an item says; no transcript yet and an empty one say the same."""
    shown = to_json(item)
    for key in ("previous_item_id", "status"):
        shown.pop(key, None)
    for part in shown.get("content", []):
        part["transcript"] = part.get("transcript") or ""
    return shown


HistoryAndEndpoint.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None
)
TestTheHistoryIsTheEndpointsConversation = HistoryAndEndpoint.TestCase
