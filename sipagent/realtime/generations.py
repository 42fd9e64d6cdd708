"""Which connection work and decisions belong to: one generation after another.

    being opened   of our own: another generation, whose work is its own
                   of a phone call attached to: the same one, its endpoint knows the same calls
    in use         calls of an older generation wait for nobody's word any more
    lost           of our own: nobody is asked about what ended with it
    over           nobody is asked, and no tool of a call outlives it

| resource | acquired | released                      | on failure                |
|----------|----------|-------------------------------|---------------------------|
| workshop | `begin`  | `close`, the end of the call, | cancelled; see `workshop` |
|          |          | else with its connection      |                           |
"""

from __future__ import annotations

from .approvals import Approvals
from .work import WorkRunner
from .workshop import Workshop


class Generations:
    """Of one session.

    Args:
        runner: Does work.
        approvals: Of the session, whatever its connection.
    """

    def __init__(self, runner: WorkRunner, approvals: Approvals) -> None:
        self._runner, self.approvals = runner, approvals
        self._workshop: Workshop | None = None
        self.number = 0
        """Of the connection opened last, from 1."""

    def begin(self, *, is_attached: bool) -> Workshop:
        """Return where the work of a connection is done that is being opened."""
        if self._workshop is None or not is_attached:
            self.number += 1
            self._workshop = Workshop(self._runner, is_kept=is_attached)
        return self._workshop

    def used(self) -> None:
        """Note that the session uses the connection opened last."""
        self.approvals.begin(self.number)

    def lost(self) -> None:
        """Note that the connection in use is gone, and another may take its place."""
        if self._workshop is not None and not self._workshop.is_kept:
            self.approvals.begin(self.number + 1)

    def end(self) -> None:
        """Ask nobody for approval any more, and let no tool of a call outlive it."""
        self.approvals.begin(self.number + 1)
        if self._workshop is not None and self._workshop.is_kept:
            self._workshop.end()

    async def close(self) -> None:
        """Wait until work is cancelled; what begins then is another conversation's."""
        workshop, self._workshop = self._workshop, None
        if workshop is not None:
            await workshop.close()
