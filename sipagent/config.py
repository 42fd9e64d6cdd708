"""The configuration: what the packages need, composed; ``sipagent.toml`` and the environment.

The only reader of the environment. A variable wins over the file, the file over the default.
Relative paths start at the file's folder; those from the environment at the working directory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from sipagent.dialplan.documents import Document, read_document
from sipagent.dialplan.findings import Finding, Severity, in_order, raise_errors
from sipagent.dialplan.validation import listed, near_miss, problems, validate_data
from sipagent.errors import ConfigError
from sipagent.ops.api_tokens import Asker, Role, Token
from sipagent.ops.flight.settings import FlightSettings
from sipagent.ops.http_settings import AuditSettings, TokenSettings
from sipagent.ops.settings import (
    AttachSettings,
    DialSettings,
    StoreSettings,
    TraceSettings,
    WebhookSettings,
)
from sipagent.ops.store.costs import Price
from sipagent.ops.store_url import store_url_in
from sipagent.realtime.settings import EMBEDDED, RealtimeSettings
from sipagent.sip.settings import SipSettings
from sipagent.urls import host_in_url

from .environment import Override, Place, read_environment
from .sources import (
    OPENAI_KEY,
    Sources,
    read_api_key,
    read_http_tokens,
    read_trunk_passwords,
    read_webhook_secrets,
)

_T = TypeVar("_T", bound=BaseModel)

DEFAULT_FILE = Path("sipagent.toml")

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that are bound, and where such a server is found on this machine."""


def _not_empty(path: Path) -> Path:
    if path == Path():
        raise ValueError("must not be empty")
    return path


GivenPath = Annotated[Path, AfterValidator(_not_empty)]


class Section(BaseModel):
    """A table of the file: closed, frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DialplanSettings(Section):
    """``[dialplans]``: where the dialplans are."""

    path: Path = Path("dialplans")
    """Folder of the dialplans, and of the scripts of the embedded engine."""
    versions_path: GivenPath = Path("dialplan-versions")
    """Folder that keeps the last 20 versions of them that were in use; made when it is needed."""


class HttpSettings(Section):
    """``[http]``: metrics, health and the admin API."""

    bind: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """Address that is listened on; metrics and health need no log-in, so keep it private."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    """0 takes a free one."""
    token: SecretStr = SecretStr("")
    """Bearer token of the admin API with which everything may be done; its name is ``token``."""
    tokens: tuple[TokenSettings, ...] = ()
    """More of them, with names and roles; without any token only this machine may ask."""

    @property
    def all_tokens(self) -> tuple[Token, ...]:
        """Return all there are, those who may do most first."""
        known = [(each.name, each.role, each.token) for each in self.tokens]
        known.sort(key=lambda each: each[1] is not Role.OPERATE)
        first = [("token", Role.OPERATE, self.token)] if self.token.get_secret_value() else []
        return tuple(
            Token(Asker(name, role), token.get_secret_value())
            for name, role, token in [*first, *known]
        )

    @property
    def url(self) -> str:
        """Where a running appliance with these settings is asked.

        Raises:
            ConfigError: If that is not known before it runs.
        """
        if not self.port:
            raise ConfigError("is 0: name the port that the appliance took", where="http.port")
        return f"http://{host_in_url(EVERYWHERE.get(self.bind, self.bind))}:{self.port}"


class CdrSettings(Section):
    """``[cdr]``: the call records."""

    path: GivenPath = Path("calls.jsonl")
    """One line of JSON is appended per call."""
    timeline_path: str = ""
    """One line of JSON is appended per event of every call, as it happens; empty: none."""


class RecordingSettings(Section):
    """``[recordings]``: for the plans that record."""

    path: GivenPath = Path("recordings")
    """Folder of the recordings; made when the first one is."""


class LogSettings(Section):
    """``[log]``: what is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    format: Literal["human", "json"] = "human"
    """``json``: one object per line."""


class EngineLimits(Section):
    """``[engine]``: the embedded engine, when ``realtime.url`` is ``embedded``."""

    recognisers: Annotated[int, Field(ge=1, le=16)] = 2
    """Processes that recognise speech; one serves many calls, an utterance at a time."""
    max_sessions: Annotated[int, Field(ge=1)] = 64
    """Sessions at once; more are refused."""


class Config(Section):
    """All of it."""

    sip: SipSettings = SipSettings()
    realtime: RealtimeSettings = RealtimeSettings()
    dialplans: DialplanSettings = DialplanSettings()
    http: HttpSettings = HttpSettings()
    cdr: CdrSettings = CdrSettings()
    recordings: RecordingSettings = RecordingSettings()
    audit: AuditSettings = AuditSettings()
    log: LogSettings = LogSettings()
    engine: EngineLimits = EngineLimits()
    store: StoreSettings = StoreSettings()
    webhooks: WebhookSettings = WebhookSettings()
    attach: AttachSettings = AttachSettings()
    dial: DialSettings = DialSettings()
    traces: TraceSettings = TraceSettings()
    flights: FlightSettings = FlightSettings()
    prices: dict[str, Price] = Field(default_factory=dict)
    """What models cost, by their names."""


PATHS: tuple[tuple[str, ...], ...] = (
    ("dialplans", "path"),
    ("dialplans", "versions_path"),
    ("cdr", "path"),
    ("flights", "path"),
    ("cdr", "timeline_path"),
    ("audit", "path"),
    ("recordings", "path"),
    ("store", "spool"),
    ("realtime", "api_key_file"),
    ("webhooks", "secrets_file"),
    ("sip", "tls", "certificate"),
    ("sip", "tls", "key"),
    ("sip", "tls", "ca"),
)
STORE_URL: Place = ("store", "url")


def config_file(given: Path | None) -> Path | None:
    """Return the file to read: the one given, else ``sipagent.toml`` if it exists, else None."""
    return given or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)


def load_config(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Return the configuration, with the key of the realtime endpoint in its place.

    Args:
        file: None: ``sipagent.toml`` of the working directory, or none at all.
        environment: None: that of the process.

    Raises:
        ConfigError: Everything that is wrong, with file, line and key or the variable's name.
    """
    config, findings = read_config(file, environment)
    raise_errors(findings, ConfigError)
    assert config is not None
    return config


def read_config(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> tuple[Config | None, list[Finding]]:
    """Return the configuration, None if there are errors, and what is wrong. Never raises."""
    environment = os.environ if environment is None else environment
    file = config_file(file)
    document = read_document(file) if file is not None else Document(Path(), b"", {}, {})
    if isinstance(document, Finding):
        return None, [document]
    overrides, findings = read_environment(Config, environment)
    sources = Sources(document, overrides, environment)
    try:
        config = validate_data(Config, sources.merged())
    except ValidationError as error:
        findings += [sources.finding(path, text) for path, text in problems(Config, error)]
        return None, in_order(findings)
    config = _with_paths(config, document.file.parent, overrides)
    key = read_api_key(config.realtime, sources)
    if isinstance(key, Finding):
        findings.append(key)
    else:
        config = _replaced(config, ("realtime", "api_key"), SecretStr(key))
        findings += _missing_key(config, sources)
    findings += _unknown_trunk(config, sources)
    trunks, faults = read_trunk_passwords(config.sip.trunks, sources)
    findings += faults
    config = _replaced(config, ("sip", "trunks"), trunks)
    tokens, faults = read_http_tokens(config.http.tokens, sources)
    findings += faults
    config = _replaced(config, ("http", "tokens"), tokens)
    secrets = read_webhook_secrets(config.webhooks, config.realtime, sources)
    if isinstance(secrets, Finding):
        findings.append(secrets)
    else:
        config = _replaced(config, ("webhooks", "secrets"), secrets)
    is_right = not any(finding.is_error for finding in findings)
    return (config if is_right else None), in_order(findings)


def _replaced(config: _T, place: Sequence[str], value: object) -> _T:
    key, *rest = place
    inner = _replaced(getattr(config, key), rest, value) if rest else value
    return config.model_copy(update={key: inner})


def _with_paths(config: Config, folder: Path, overrides: Mapping[Place, Override]) -> Config:
    for place in PATHS:
        path: Any = reduce(getattr, place, config)
        if path and (place[0], place[1]) not in overrides:
            config = _replaced(config, place, type(path)(folder / path))
    if STORE_URL not in overrides:
        config = _replaced(config, STORE_URL, store_url_in(folder, config.store.url))
    return config


def _unknown_trunk(config: Config, sources: Sources) -> list[Finding]:
    named, known = config.dial.trunk, [trunk.name for trunk in config.sip.trunks]
    if not named or named in known:
        return []
    text = f'there is no trunk "{named}"{near_miss(named, known)}; known: {listed(known) or "none"}'
    return [sources.finding(("dial", "trunk"), text)]


def _missing_key(config: Config, sources: Sources) -> list[Finding]:
    realtime = config.realtime
    if realtime.url == EMBEDDED or realtime.headers or realtime.api_key.get_secret_value():
        return []
    text = f"has no key: set {OPENAI_KEY}, api_key_file or headers, unless it needs none"
    return [sources.finding(("realtime", "url"), text, Severity.WARNING)]
