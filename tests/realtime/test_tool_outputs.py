"""Outputs of tools: sent until the endpoint has them, and there once."""

from __future__ import annotations

from sipagent.realtime.tool_outputs import ToolOutputs

from .playbook import Wire, output


def item(tool_call_id: str = "call_1", kind: str = "function_call_output") -> Wire:
    return {"id": "o", "type": kind, "call_id": tool_call_id}


def sent() -> tuple[ToolOutputs, Wire]:
    """Return outputs, one of them sent; and its item."""
    outputs = ToolOutputs(is_attached=True)
    return outputs, outputs.first("call_1", "noon").item


def test_an_output_that_nobody_may_send_again_has_no_id() -> None:
    outputs = ToolOutputs(is_attached=False)
    assert outputs.first("call_1", "noon").item == output("call_1", "noon")["item"]
    assert outputs.again(is_asked=True) == []


def test_an_output_has_the_same_id_in_every_process() -> None:
    _, first = sent()
    again = ToolOutputs(is_attached=True).instead("call_1", "gone").item
    assert again["id"] == first["id"]
    assert ToolOutputs(is_attached=True).first("call_2", "noon").item["id"] != first["id"]


def test_an_output_is_sent_again_until_the_endpoint_has_it() -> None:
    outputs, first = sent()
    for _ in range(2):
        assert [each.item for each in outputs.again(is_asked=False)] == [first]
    assert not outputs.added(item())
    assert outputs.again(is_asked=False) == []


def test_what_is_no_output_or_of_another_call_confirms_nothing() -> None:
    outputs, _ = sent()
    outputs.added(item(kind="function_call"))
    outputs.added(item("call_2"))
    assert len(outputs.again(is_asked=False)) == 1


def test_a_response_asked_for_after_what_was_lost_is_asked_for_again_once() -> None:
    outputs, _ = sent()
    outputs.first("call_2", "noon")
    outputs.again(is_asked=True)
    outputs.again(is_asked=False)
    assert outputs.added(item())
    assert not outputs.added(item("call_2"))


def test_a_response_asked_for_after_what_was_there_is_not_asked_for_again() -> None:
    outputs, _ = sent()
    (again,) = outputs.again(is_asked=True)
    assert outputs.is_refused_again(again.event_id)
    assert outputs.again(is_asked=False) == []
    outputs.first("call_2", "noon")
    assert not outputs.added(item("call_2"))


def test_other_errors_are_none_of_its_business() -> None:
    outputs, _ = sent()
    assert not outputs.is_refused_again(None)
    assert not outputs.is_refused_again("sipagent_response_create_1")
