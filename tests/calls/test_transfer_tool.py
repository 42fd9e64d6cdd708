"""What the model is told of the tool that transfers callers."""

from __future__ import annotations

from sipagent.calls.transfer_setup import TransferSetup, TransferTarget, transfer_setup
from sipagent.calls.transfer_tool import transfer_tool
from sipagent.dialplan.transfer import Transfer

DESK = TransferTarget("sip:desk@x", is_attended=True, briefing="Say which invoice.", ring_s=40.0)
BLIND = TransferTarget("tel:1")


def test_blind_transfers_need_a_target_and_nothing_else() -> None:
    tool = transfer_tool(TransferSetup({"a": BLIND}))
    assert list(tool.parameters["properties"]) == ["target"]
    assert tool.parameters["properties"]["target"]["enum"] == ["a"]


def test_whoever_is_asked_first_is_to_be_told_something() -> None:
    tool = transfer_tool(TransferSetup({"a": BLIND, "desk": DESK}))
    assert tool.parameters["required"] == ["target", "briefing"]
    briefing = tool.parameters["properties"]["briefing"]["description"]
    assert briefing.endswith("desk: Say which invoice.")
    assert "on hold while desk is asked" in tool.description


def test_the_tool_has_time_for_every_wait() -> None:
    approved = TransferTarget("sip:desk@x", is_attended=True, needs_approval=True)
    quick = transfer_tool(TransferSetup({"a": BLIND}))
    slow = transfer_tool(TransferSetup({"a": BLIND, "desk": approved}, approval_s=100.0))
    assert slow.timeout_s >= quick.timeout_s + 100 + approved.ring_s + approved.confirm_s
    assert "may have to allow it" in slow.description


def test_a_plans_word_on_approval_holds_unless_a_target_has_its_own() -> None:
    free = {"uri": "tel:2", "needs_approval": False}
    plan = Transfer.model_validate({"targets": {"a": "tel:1", "b": free}, "needs_approval": True})
    setup = transfer_setup(plan)
    assert [each.needs_approval for each in setup.targets.values()] == [True, False]
