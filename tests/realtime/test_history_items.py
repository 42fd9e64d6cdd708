"""What items are and say, however they came."""

from __future__ import annotations

import pytest

from sipagent.realtime.history_items import (
    FunctionCall,
    InputAudio,
    InputImage,
    InputText,
    OutputAudio,
    OutputText,
    Part,
    part_text,
)


def test_a_parts_text_is_what_was_written_or_said() -> None:
    parts: list[Part] = [InputText("a"), InputAudio("AA==", "b"), InputAudio(), OutputText("c")]
    assert [part_text(part) for part in parts] == ["a", "b", "", "c"]
    assert part_text(OutputAudio(None, "d")) == "d"
    assert part_text(InputImage("data:")) == ""


@pytest.mark.parametrize(("output", "status"), [(None, "in_progress"), ("", "completed")])
def test_a_function_call_goes_on_until_its_tool_has_answered(
    output: str | None, status: str
) -> None:
    assert FunctionCall("item_1", "call_1", "look_up", "{}", output).status == status
