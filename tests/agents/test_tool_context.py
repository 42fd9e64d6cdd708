"""What a tool is told."""

from __future__ import annotations

from typing import Any

from sipagent.agents.tools import ToolContext


def test_the_history_is_a_copy_of_its_own() -> None:
    item: dict[str, Any] = {"role": "user", "content": [{"text": "Hello"}]}
    history = [item]
    context = ToolContext(None, "call_1", "Reception", history=history)
    item["content"][0]["text"] = "changed"
    history.clear()
    assert context.history == [{"role": "user", "content": [{"text": "Hello"}]}]


def test_nobody_shares_a_cancellation() -> None:
    one, other = (ToolContext(None, "call_1", "Reception") for _ in range(2))
    one.cancel()
    assert (one.is_cancelled, other.is_cancelled) == (True, False)
