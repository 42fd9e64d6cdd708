"""Whose call is it, and is it let in? Pure; every refusal says why.

A request is known to be a trunk's

1. by the line it was sent to: our Contact at the registrar carries a word that nobody else knows,
   and comes back in the Request-URI (RFC 3261 section 10.2.1 and 16.5);
2. by the address it comes from: ``allow``, or the registrar that has registered us;
3. by its credentials, of a trunk that challenges and has no ``allow``.

What is nobody's is let in, refused, or not answered at all, as ``unknown_callers`` says: an answer
of any kind tells a scanner that it is worth coming back. ACK and CANCEL are never answered here.
What belongs to a dialog is always let in: whoever we called may be nobody's.
"""

from __future__ import annotations

import ipaddress
import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

from .digest import Challenger, Verdict, our_credentials
from .headers import uri_user
from .requests import Answer, Decision, Drop, Request
from .source_rate import SourceRate
from .trunks import TrunkSettings, line_word

GUESS_COSTS = 9.0
"""What wrong credentials cost of the rate of their source, beside their INVITE."""
RETRY_AFTER_S = 1
MAX_GUESTS = 256

_LINE = re.compile(r";line=([0-9a-f]+)(?:[;?>]|$)", re.IGNORECASE)

_REFUSED = {
    Verdict.MALFORMED: "malformed",
    Verdict.WRONG: "bad_credentials",
    Verdict.REPLAYED: "replayed_nonce",
}
"""Who brings nothing, or what is only too old, is asked (again), and that is no refusal."""


class Admission:
    """Decide on requests.

    Args:
        trunks: All of them.
        strangers: What becomes of requests that are no trunk's.
        invites_per_s: From each source.
        secret: Marks nonces.
    """

    def __init__(
        self,
        trunks: Sequence[TrunkSettings],
        strangers: Literal["accept", "refuse", "drop"],
        invites_per_s: float,
        secret: bytes,
    ) -> None:
        self._trunks, self._strangers = trunks, strangers
        self._networks = {
            trunk.name: [ipaddress.ip_network(each) for each in trunk.allow] for trunk in trunks
        }
        self._lines = {word: trunk for trunk in trunks if (word := line_word(trunk))}
        self._registrars: dict[str, str] = {}
        self._open = [trunk for trunk in trunks if trunk.challenge and not trunk.allow]
        self._rate, self._challenger = SourceRate(invites_per_s), Challenger(secret)
        self._guests: OrderedDict[str, None] = OrderedDict()
        """Call-IDs of strangers who showed credentials; they may cancel."""

    def registered(self, trunk: str, address: str) -> None:
        """Take calls from who has registered ``trunk``."""
        self._registrars[trunk] = address

    def at_the_door(self, request: Request) -> Decision | None:
        """Turn away what is nobody's, before PJSIP looks at it."""
        if self._strangers == "accept" or request.is_in_dialog or self._candidates(request):
            return None
        if request.first("call-id") in self._guests:
            return None
        if request.method in {"ACK", "CANCEL"}:
            return Drop()
        if request.method == "INVITE" and self._open:
            return None  # it may show credentials
        return (
            Answer(403, why="unknown_source")
            if self._strangers == "refuse"
            else Drop("unknown_source")
        )

    def at_the_desk(self, request: Request) -> Decision | None:
        """Let a new INVITE in, or ask for credentials."""
        if request.method != "INVITE":
            return None
        if not self._rate.admits(request.source, now=request.at):
            return Answer(503, (("Retry-After", str(RETRY_AFTER_S)),), "rate")
        candidates = self._candidates(request) or self._open
        if not candidates or not candidates[0].challenge:
            return None
        passwords = {
            trunk.login: trunk.password.get_secret_value()
            for trunk in candidates
            if trunk.challenge
        }
        offered = dict.fromkeys(each for trunk in candidates for each in trunk.algorithms)
        verdict = self._challenger.judge(
            _shown(request), request.method, passwords, now=request.at, algorithms=offered
        )
        if verdict is Verdict.ACCEPTED:
            self._remember(request.first("call-id"))
            return None
        if verdict is Verdict.WRONG:
            self._rate.charge(request.source, GUESS_COSTS, now=request.at)
        is_stale = verdict in {Verdict.STALE, Verdict.REPLAYED}
        asked = self._challenger.challenges([*offered], now=request.at, is_stale=is_stale)
        headers = tuple(("WWW-Authenticate", each) for each in asked)
        return Answer(401, headers, _REFUSED.get(verdict, ""))

    def trunk_of(self, request: Request) -> str:
        """Return the name of the trunk whose call an INVITE is that was let in; ``""``: none."""
        candidates = self._candidates(request) or self._open
        if not candidates:
            return ""
        if not candidates[0].challenge:
            return candidates[0].name
        proved = our_credentials(_shown(request))
        if proved is None:
            return ""
        its = (each.name for each in candidates if each.challenge and each.login == proved.username)
        return next(its, "")

    def _candidates(self, request: Request) -> list[TrunkSettings]:
        """Return the trunks whose request it may be, the likeliest first."""
        try:
            source = ipaddress.ip_address(request.source)
        except ValueError:
            return []
        called, ranked = uri_user(request.uri), []
        line = _LINE.search(request.uri)
        for trunk in self._trunks:
            prefixes = [each.prefixlen for each in self._networks[trunk.name] if source in each]
            if self._registrars.get(trunk.name) == request.source:
                prefixes.append(source.max_prefixlen)
            is_its_line = line is not None and self._lines.get(line[1].lower()) is trunk
            if prefixes or (is_its_line and not trunk.allow):
                is_called = bool(trunk.user) and trunk.user == called
                ranked.append((is_its_line, is_called, max(prefixes, default=0), trunk))
        ranked.sort(key=lambda each: each[:3], reverse=True)  # stable: then as configured
        return [trunk for *_, trunk in ranked]

    def _remember(self, call_id: str) -> None:
        self._guests[call_id] = None
        if len(self._guests) > MAX_GUESTS:
            self._guests.popitem(last=False)


def _shown(request: Request) -> list[str]:
    return [value for name, value in request.headers if name == "authorization"]
