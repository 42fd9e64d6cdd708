"""Trunks: accounts at providers and PBXs, ``[[sip.trunks]]`` of the configuration. Pure.

A trunk says who we are to a peer (From, credentials, outbound proxy), and which calls are the
peer's. No error, log or ``repr`` shows a password.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from sipagent.errors import SipError

from .digest import ALGORITHMS

MAX_TRUNKS = 7
"""PJSUA holds 8 accounts (``PJSUA_MAX_ACC``); one is for calls without a trunk."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\]"
_PEER_URI = re.compile(
    rf"sips?:(?P<hostport>(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?)"
    r"(?P<parameters>(?:;[A-Za-z0-9.!%*_+`'~-]+(?:=[A-Za-z0-9.!%*_+`'~\[\]:-]+)?)*)",
    re.IGNORECASE,
)
_USER = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,;?/#-]{1,128}")
"""What RFC 3261 section 25.1 lets stand in a user part, and ``#``, which is sent escaped."""

_LEFT_AS_IT_IS = "-_.!~*'()&=+$,;?/"


def _peer_uri(text: str) -> str:
    match = _PEER_URI.fullmatch(text)
    if text and (match is None or int(match["port"] or 1) not in range(1, 65_536)):
        raise ValueError('must be like "sip:provider.example:5060;transport=tcp", without a user')
    return text


def _user(text: str) -> str:
    if text and _USER.fullmatch(text) is None:
        raise ValueError("must be the user part of a SIP URI: letters, digits, + . - _ and such")
    return text


def _one_line(text: str) -> str:
    if not text.isprintable() or len(text) > 255:
        raise ValueError("must be printable, on one line, at most 255 characters")
    return text


def _host(text: str) -> str:
    if text and re.fullmatch(_HOST, text) is None:
        raise ValueError('must be a host name or an address, such as "provider.example"')
    return text


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError('must be an address or a network, such as "203.0.113.0/24"') from None


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")  # pydantic would show what it is
    return value


PeerUri = Annotated[str, AfterValidator(_peer_uri)]
User = Annotated[str, AfterValidator(_user)]
OneLine = Annotated[str, AfterValidator(_one_line)]
Password = Annotated[SecretStr, BeforeValidator(_text)]


class TrunkSettings(BaseModel):
    """One of ``[[sip.trunks]]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=f"^{_NAME}$")]
    """What plans, metrics and log call it."""
    registrar: PeerUri = ""
    """Where we register, and where its outgoing calls go; ``""``: nowhere."""
    user: User = ""
    """User part of our address of record (RFC 3261 section 10), and of From."""
    auth_user: OneLine = ""
    """Name in credentials; ``""``: ``user``."""
    password: Password = SecretStr("")
    """It appears in no log and no error."""
    password_file: str = ""
    """File that holds the password and nothing else."""
    realm: OneLine = "*"
    """Whose challenges are answered; ``*``: anybody's on the way of its requests."""
    registers: Annotated[bool, Field(alias="register")] = False
    """Whether we register."""
    expires_s: Annotated[int, Field(ge=30, le=86_400)] = 300
    """How long a registration is asked to last."""
    proxy: PeerUri = ""
    """Outbound proxy: all its requests go there first (RFC 3261 section 8.1.2)."""
    from_domain: Annotated[str, AfterValidator(_host)] = ""
    """Host part of From and of our address of record; ``""``: the registrar's."""
    allow: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    """Networks its calls come from, beside the registrar that has registered it."""
    trust_asserted_identity: bool = False
    """Whether P-Asserted-Identity (RFC 3325) of its calls is believed."""
    challenge: bool = False
    """Whether its calls must show credentials: ``auth_user`` or ``user``, and the password."""
    algorithms: Annotated[tuple[Literal["SHA-256", "MD5"], ...], Field(min_length=1)] = ALGORITHMS
    """What a challenge offers, in this order; some peers read the first only."""
    caller_id: User = ""
    """User part of From of outgoing calls; ``""``: ``user``."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.registers and not (self.registrar and self.user):
            raise ValueError("register needs a registrar and a user")
        has_password = self.password.get_secret_value() or self.password_file
        if self.challenge and not (self.login and has_password):
            raise ValueError("challenge needs a user and a password or password_file")
        return self

    @property
    def login(self) -> str:
        """Return the name in credentials."""
        return self.auth_user or self.user

    @property
    def home(self) -> str:
        """Return the URI of whoever takes its calls; ``""`` if nobody does."""
        return self.registrar or self.proxy

    @property
    def next_hop(self) -> str:
        """Return the host its requests go to first; ``""`` if there is none."""
        match = _PEER_URI.fullmatch(self.proxy or self.registrar)
        return match["host"] if match is not None else ""

    @property
    def domain(self) -> str:
        """Return the host part of our address of record; ``""`` if there is none."""
        match = _PEER_URI.fullmatch(self.home)
        return self.from_domain or (match["host"] if match is not None else "")


def trunk_named(trunks: Iterable[TrunkSettings], name: str) -> TrunkSettings:
    """Return the trunk called ``name``.

    Raises:
        SipError: If there is none.
    """
    for trunk in trunks:
        if trunk.name == name:
            return trunk
    raise SipError(f'there is no trunk "{name[:32]}"')


def line_word(trunk: TrunkSettings) -> str:
    """Return what tells calls to our Contact at its registrar, ``""`` if nothing does.

    The same after a restart, or the registrar would have two Contacts of ours. It tells no more of
    the password than the answer to a challenge does, on the same way.
    """
    password = trunk.password.get_secret_value()
    if not (trunk.registers and password):
        return ""
    text = f"line {trunk.name} {trunk.user} {trunk.registrar}"
    return hmac.new(password.encode(), text.encode(), hashlib.sha256).hexdigest()[:20]


def transport_of(uri: str) -> str:
    """Return what a peer's URI asks to be reached by: ``udp``, ``tcp`` or ``tls``."""
    if uri.lower().startswith("sips:"):
        return "tls"
    asked = re.search(r";transport=(\w+)", uri, re.IGNORECASE)
    return asked[1].lower() if asked is not None else "udp"


def address_of_record(trunk: TrunkSettings, user: str) -> str:
    """Return ``user`` at the trunk's domain (RFC 3261 section 6); ``""`` if it has none."""
    scheme = "sips" if trunk.home.lower().startswith("sips:") else "sip"
    shown = f"{quote(user, safe=_LEFT_AS_IT_IS)}@" if user else ""
    return f"<{scheme}:{shown}{trunk.domain}>" if trunk.domain else ""


def dialled_uri(trunk: TrunkSettings, target: str) -> str:
    """Return the Request-URI of a call to ``target`` through ``trunk``.

    Args:
        target: A SIP URI, which stays; or a number or user, with or without ``tel:``, which
            becomes one at the trunk's peer.

    Raises:
        SipError: If it is nothing of these, or the trunk has no peer.
    """
    if re.match(r"sips?:", target, re.IGNORECASE):
        return target
    user = re.sub(r"^tel:", "", target, flags=re.IGNORECASE)
    if target != user:
        user = re.sub(r"[().-]", "", user.partition(";")[0])  # RFC 3966 section 5.1.1
    if _USER.fullmatch(user) is None:
        raise SipError(f"{target[:80]!r} is neither a number nor a SIP URI")
    match = _PEER_URI.fullmatch(trunk.home)
    if match is None:
        raise SipError(f"trunk {trunk.name} has neither a registrar nor a proxy to call through")
    scheme = match[0].partition(":")[0]
    return f"{scheme}:{quote(user, safe=_LEFT_AS_IT_IS)}@{match['hostport']}{match['parameters']}"
