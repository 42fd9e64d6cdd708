"""What happens on calls, in the log of those who want to see more (``debug``).

Names alone: what was said, keyed in or asked of a tool belongs in no log.
"""

from __future__ import annotations

import logging

from .facts import Fact

log = logging.getLogger(__name__)


class FactLog:
    """Log each fact."""

    def tell(self, call_id: str, fact: Fact, *, at: float) -> None:
        """Log ``fact``."""
        log.debug("call=%s = %s", call_id, type(fact).__name__)
