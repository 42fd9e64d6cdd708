"""Digest authentication, the side that asks (RFC 7616; RFC 3261 section 22). Pure.

Nothing is kept of a challenge: a nonce carries when it was made and our mark on it, so that no
flood of requests costs memory. What is kept is how often a nonce was used by somebody who knew the
password, so that no overheard request is good twice (RFC 7616 section 3.3, nonce count).

MD5 is offered beside SHA-256 because many exchanges know nothing else (RFC 8760).
A credential's ``uri`` is not held against the Request-URI: a proxy on the way may have changed that
(RFC 3261 section 22.4, item 6). What keeps it from being used elsewhere is that it is good once.

``now`` is monotonic seconds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

REALM = "sipagent"
ALGORITHMS: tuple[Literal["SHA-256", "MD5"], ...] = ("SHA-256", "MD5")
"""Best first; a peer takes the first that it knows (RFC 8760 section 2.4)."""
NONCE_LIFETIME_S = 60.0
MAX_USED_NONCES = 4_096
MAX_CREDENTIALS_CHARS = 4_096
USED_UP = 1 << 33
"""Count of a nonce that was used without counting (RFC 2617 section 3.2.2): once is enough."""

_PARAMETER = re.compile(r'\s*([A-Za-z*]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)')
_NONCE = re.compile(r"([0-9a-f]{1,16})\.([0-9a-f]{1,16})\.([0-9a-f]{32})")
_COUNT = re.compile(r"[0-9a-fA-F]{8}")


class Verdict(Enum):
    """What credentials are worth."""

    ACCEPTED = auto()
    MISSING = auto()
    """There are none for our realm: nobody asked for them yet."""
    MALFORMED = auto()
    WRONG = auto()
    STALE = auto()
    """Right, for a nonce that is too old, or of another process."""
    REPLAYED = auto()
    """Right, and used before."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An Authorization header."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str = "MD5"
    qop: str = ""
    cnonce: str = ""
    count: str = ""
    """``nc``, as it is written."""


def parse_credentials(value: str) -> Credentials | None:
    """Return the credentials in a header's value, None if it has none or makes no sense."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest" or len(value) > MAX_CREDENTIALS_CHARS:
        return None
    found: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None or match[1].lower() in found:
            return None
        quoted, bare = match[2], match[3]
        found[match[1].lower()] = re.sub(r"\\(.)", r"\1", quoted) if bare is None else bare
        position = match.end()
    if not {"username", "realm", "nonce", "uri", "response"} <= found.keys():
        return None
    return Credentials(
        username=found["username"],
        realm=found["realm"],
        nonce=found["nonce"],
        uri=found["uri"],
        response=found["response"],
        algorithm=found.get("algorithm", "MD5").upper(),
        qop=found.get("qop", "").lower(),
        cnonce=found.get("cnonce", ""),
        count=found.get("nc", ""),
    )


def our_credentials(values: Iterable[str]) -> Credentials | None:
    """Return the credentials that are judged: the first for our realm, of those that make sense."""
    parsed = map(parse_credentials, values)
    return next((each for each in parsed if each is not None and each.realm == REALM), None)


def digest_response(credentials: Credentials, password: str, method: str) -> str:
    """Return the response that proves ``password`` (RFC 7616 section 3.4.1).

    Raises:
        KeyError: If the algorithm is none of ours.
    """
    name = {"SHA-256": "sha256", "MD5": "md5"}[credentials.algorithm]

    def digest(*parts: str) -> str:
        text = ":".join(parts).encode("utf-8", "surrogateescape")  # bytes as they came
        return hashlib.new(name, text, usedforsecurity=False).hexdigest()

    secret = digest(credentials.username, credentials.realm, password)
    request = digest(method, credentials.uri)
    if not credentials.qop:
        return digest(secret, credentials.nonce, request)
    middle = (credentials.nonce, credentials.count, credentials.cnonce, credentials.qop)
    return digest(secret, *middle, request)


class Challenger:
    """Ask for credentials and judge them.

    Args:
        secret: Marks our nonces; a new one makes all before stale.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._issued = 0
        self._used: OrderedDict[str, int] = OrderedDict()
        self._valid_from_ms = 0
        """Of nonces from before this, we do not know any more how often they were used."""

    def challenges(
        self, algorithms: Sequence[str], *, now: float, is_stale: bool = False
    ) -> list[str]:
        """Return the values of the WWW-Authenticate headers, one per algorithm, in order."""
        self._issued += 1
        stamp = f"{int(now * 1_000):x}.{self._issued:x}"
        nonce = f"{stamp}.{self._mark(stamp)}"
        stale = ", stale=true" if is_stale else ""
        return [
            f'Digest realm="{REALM}", nonce="{nonce}", qop="auth", algorithm={name}{stale}'
            for name in algorithms
        ]

    def judge(
        self,
        values: Iterable[str],
        method: str,
        passwords: Mapping[str, str],
        *,
        now: float,
        algorithms: Collection[str] = ALGORITHMS,
    ) -> Verdict:
        """Judge what a request brought.

        Args:
            values: Of its Authorization headers.
            method: Of the request.
            passwords: By user name.
            algorithms: That were offered.
        """
        shown = [*values]
        given = our_credentials(shown)
        if given is None:
            is_read = all(parse_credentials(value) is not None for value in shown)
            return Verdict.MISSING if is_read else Verdict.MALFORMED
        if given.algorithm not in algorithms or given.qop not in {"", "auth"}:
            return Verdict.MALFORMED
        if given.qop and not (_COUNT.fullmatch(given.count) and given.cnonce):
            return Verdict.MALFORMED
        known = passwords.get(given.username)
        # An unknown name takes as long as a wrong password: neither is told from the other.
        expected = digest_response(given, known or "", method).encode()
        answer = given.response.lower().encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(expected, answer) or not known:
            return Verdict.WRONG
        return self._use(given, now)

    def _use(self, given: Credentials, now: float) -> Verdict:
        match = _NONCE.fullmatch(given.nonce)
        if match is None:
            return Verdict.STALE
        stamp, made_ms = f"{match[1]}.{match[2]}", int(match[1], 16)
        if not hmac.compare_digest(self._mark(stamp), match[3]):
            return Verdict.STALE
        is_in_time = 0 <= now * 1_000 - made_ms <= NONCE_LIFETIME_S * 1_000
        if not is_in_time or made_ms < self._valid_from_ms:
            return Verdict.STALE
        count = int(given.count, 16) if given.qop else USED_UP
        if count <= self._used.get(given.nonce, 0):
            return Verdict.REPLAYED
        self._used[given.nonce] = count
        if len(self._used) > MAX_USED_NONCES:
            oldest, _ = self._used.popitem(last=False)
            self._valid_from_ms = max(self._valid_from_ms, int(oldest.partition(".")[0], 16) + 1)
        return Verdict.ACCEPTED

    def _mark(self, stamp: str) -> str:
        return hmac.new(self._secret, stamp.encode(), hashlib.sha256).hexdigest()[:32]
