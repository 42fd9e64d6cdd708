"""The configuration: what the packages need, composed; ``sipagent.toml`` and the environment.

The only reader of the environment. A variable wins over the file, the file over the default.
Relative paths start at the file's folder; those from the environment at the working directory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from sipagent.dialplan.documents import Document, read_document, read_source
from sipagent.dialplan.findings import Finding, Severity, in_order, raise_errors
from sipagent.dialplan.validation import problems, trimmed, validate_data
from sipagent.errors import ConfigError
from sipagent.realtime.settings import EMBEDDED, RealtimeSettings
from sipagent.sip.settings import SipSettings

from .environment import ENVIRONMENT, Override, Place, read_environment

DEFAULT_FILE = Path("sipagent.toml")
OPENAI_KEY = "OPENAI_API_KEY"


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


class HttpSettings(Section):
    """``[http]``: metrics and health."""

    bind: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """Address that is listened on; there is no log-in, so keep it private."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    """0 takes a free one."""


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
    log: LogSettings = LogSettings()
    engine: EngineLimits = EngineLimits()


PATHS: tuple[Place, ...] = (
    ("dialplans", "path"),
    ("cdr", "path"),
    ("cdr", "timeline_path"),
    ("recordings", "path"),
    ("realtime", "api_key_file"),
)


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
    try:
        config = validate_data(Config, _merged(document.data, overrides))
    except ValidationError as error:
        for path, text in problems(Config, error):
            findings.append(_finding(document, overrides, path, text))
        return None, in_order(findings)
    config = _with_paths(config, document.file.parent, overrides)
    key = _api_key(config, document, overrides, environment)
    if isinstance(key, Finding):
        findings.append(key)
    else:
        config = _replaced(config, ("realtime", "api_key"), SecretStr(key))
        findings += _missing_key(config, document, overrides)
    is_right = not any(finding.is_error for finding in findings)
    return (config if is_right else None), in_order(findings)


def _merged(data: Mapping[str, Any], overrides: Mapping[Place, Override]) -> dict[str, Any]:
    merged = {**data}
    for (section, key), override in overrides.items():
        table = merged.get(section, {})
        if isinstance(table, dict):  # whatever else it is, the file is told off for it
            merged[section] = {**table, key: override.value}
    return merged


def _finding(
    document: Document,
    overrides: Mapping[Place, Override],
    path: tuple[str | int, ...],
    text: str,
    severity: Severity = Severity.ERROR,
) -> Finding:
    override = overrides.get((str(path[0]), str(path[1]))) if len(path) > 1 else None
    if override is not None:
        return Finding(ENVIRONMENT, 0, override.variable, text, severity)
    return document.finding(trimmed(path, document.lines), text, severity)


def _replaced(config: Config, place: Place, value: object) -> Config:
    section, key = place
    table: BaseModel = getattr(config, section)
    return config.model_copy(update={section: table.model_copy(update={key: value})})


def _with_paths(config: Config, folder: Path, overrides: Mapping[Place, Override]) -> Config:
    for place in PATHS:
        section, key = place
        path = getattr(getattr(config, section), key)
        if path and place not in overrides:
            config = _replaced(config, place, type(path)(folder / path))
    return config


def _api_key(
    config: Config,
    document: Document,
    overrides: Mapping[Place, Override],
    environment: Mapping[str, str],
) -> str | Finding:
    """Return the key: the one given, or the file's, or OPENAI_API_KEY unless it is not needed."""
    realtime = config.realtime
    key, file = realtime.api_key.get_secret_value(), realtime.api_key_file
    place = ("realtime", "api_key_file")
    if key and file:
        if (place in overrides) is (("realtime", "api_key") in overrides):
            return _finding(document, overrides, place, "give api_key or api_key_file, not both")
        key = "" if place in overrides else key
    if key or not file:
        return key or ("" if realtime.url == EMBEDDED else environment.get(OPENAI_KEY, "").strip())
    source = read_source(Path(file))
    if isinstance(source, Finding):
        return _finding(document, overrides, place, f"{file} {source.text}")
    key = source.decode("utf-8", "replace").strip()
    if not key.isascii() or not key.isprintable() or len(key.split()) != 1:
        text = f"{file} must hold the key, on one line, and nothing else"
        return _finding(document, overrides, place, text)
    return key


def _missing_key(
    config: Config, document: Document, overrides: Mapping[Place, Override]
) -> list[Finding]:
    realtime = config.realtime
    if realtime.url == EMBEDDED or realtime.headers or realtime.api_key.get_secret_value():
        return []
    text = f"has no key: set {OPENAI_KEY}, api_key_file or headers, unless it needs none"
    return [_finding(document, overrides, ("realtime", "url"), text, Severity.WARNING)]
