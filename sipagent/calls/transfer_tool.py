"""The built-in tool with which agents transfer callers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sipagent.agents.tools import FunctionTool, ToolContext
from sipagent.dialplan.transfer import TRANSFER_TOOL

from .transfer_setup import TransferSetup, TransferTarget
from .transfer_wish import TransferWish

if TYPE_CHECKING:
    from .tools import CallContext

BLIND_S = 60.0
"""More than a transfer takes that waits for the last words and then for its own limit."""

BRIEFING_S = 45.0
"""More than the briefing of an attended transfer may take."""


async def _transfer_call(context: ToolContext, values: Mapping[str, Any]) -> str:
    call: CallContext = context.context
    wish = TransferWish(values["target"], values.get("briefing") or "", context.agent_name)
    return await call.transfer(wish)


def transfer_tool(setup: TransferSetup) -> FunctionTool:
    """Return the tool that transfers the caller to a target of ``setup``, known by its name."""
    names = list(setup.targets)
    properties: dict[str, Any] = {
        "target": {
            "type": "string",
            "enum": names,
            "description": "Whom to transfer the caller to.",
        }
    }
    description = (
        "Transfer the phone call to somebody else, after everything said so far has been heard;"
        " this conversation then ends. Tell the caller first, and do not hang up. Possible"
        f" targets: {', '.join(names)}."
    )
    attended = {name: each for name, each in setup.targets.items() if each.is_attended}
    if attended:
        properties["briefing"] = {"type": "string", "description": _briefing(attended)}
        description += (
            f" The caller waits on hold while {', '.join(attended)} is asked;"
            " if that comes to nothing you are told why and talk to the caller again."
        )
    if any(each.needs_approval for each in setup.targets.values()):
        description += " A person may have to allow it first; keep the caller company until then."
    return FunctionTool(
        name=TRANSFER_TOOL,
        description=description,
        parameters={
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        },
        invoke=_transfer_call,
        timeout_s=max(_longest_s(setup, each) for each in setup.targets.values()),
    )


def _briefing(attended: Mapping[str, TransferTarget]) -> str:
    wishes = [f"{name}: {each.briefing}" for name, each in attended.items() if each.briefing]
    words = (
        "What the target is to know, in one to three spoken sentences, as you would tell a"
        " colleague: who is calling, what about, what was done so far. The caller does not hear it."
    )
    return " ".join([words, *wishes])


def _longest_s(setup: TransferSetup, target: TransferTarget) -> float:
    approval_s = setup.approval_s if target.needs_approval else 0.0
    consult_s = target.ring_s + BRIEFING_S + target.confirm_s if target.is_attended else 0.0
    return BLIND_S + approval_s + consult_s
