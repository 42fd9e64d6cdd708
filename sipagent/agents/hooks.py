"""What an agent's owner may listen to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tool_context import ToolContext
    from .tools import FunctionTool


class AgentHooks:
    """Does nothing; a subclass overrides what it wants to hear of.

    ``context`` is that of the session or the run, but for tools, which have theirs; ``agent`` is a
    ``RealtimeAgent``, in a run an ``Agent``.
    """

    async def on_start(self, context: Any, agent: Any) -> None:
        """Hear that a response of ``agent`` began."""

    async def on_end(self, context: Any, agent: Any, output: Any) -> None:
        """Hear that a response of ``agent`` ended, and its last text, in a run the output."""

    async def on_handoff(self, context: Any, agent: Any, source: Any) -> None:
        """Hear that ``agent`` goes on in place of ``source``."""

    async def on_tool_start(self, context: ToolContext, agent: Any, tool: FunctionTool) -> None:
        """Hear that a tool is about to run."""

    async def on_tool_end(
        self, context: ToolContext, agent: Any, tool: FunctionTool, result: str
    ) -> None:
        """Hear what the model was told of a tool."""
