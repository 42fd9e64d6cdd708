"""Offers of media that are more than PJSIP can take, refused before it opens sockets. Pure.

Every new INVITE opens two media sockets for each of its audio sections, before anybody asks what
becomes of it; so does an offer inside a dialog, for what it adds and for what it takes up again.
What comes too fast for the :mod:`.socket_budget` is refused (503), and so is an offer of more media
than anybody needs (488, RFC 3261 section 21.4.26).
"""

from __future__ import annotations

from .requests import Answer, Request
from .socket_budget import MAX_MEDIA_SECTIONS, MediaBudget, Share

RETRY_AFTER_S = 1
WITH_OFFERS = frozenset({"INVITE", "UPDATE", "PRACK"})


class InviteFlood:
    """Decides on offers of media that are more than PJSIP can take.

    Args:
        budget: Asked for what an offer would open.
    """

    def __init__(self, budget: MediaBudget) -> None:
        self._budget = budget

    def at_the_door(self, request: Request) -> Answer | None:
        """Refuse what offers too much, in a dialog or not, and what comes too fast in dialogs."""
        if request.method not in WITH_OFFERS:
            return None
        if len(request.media) > MAX_MEDIA_SECTIONS:
            return Answer(488, why="too_much_media")
        sections = request.media.count("audio")
        if not sections or not (request.is_in_dialog or request.claims_dialog):
            return None
        return self._paced(sections, request.at)

    def at_the_desk(self, request: Request) -> Answer | None:
        """Refuse new INVITEs that come too fast."""
        if request.method != "INVITE":
            return None
        return self._paced(max(1, request.media.count("audio")), request.at)

    def _paced(self, sections: int, now: float) -> Answer | None:
        if self._budget.admits(Share.INVITE, sections, now=now):
            return None
        return Answer(503, (("Retry-After", str(RETRY_AFTER_S)),), "flood")
