"""Where the configuration comes from: its file, the environment, and the files that hold secrets.

Pure but for reading the files of secrets. No finding repeats a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from sipagent.dialplan.documents import Document, read_source
from sipagent.dialplan.findings import Finding, Severity
from sipagent.dialplan.validation import trimmed
from sipagent.ops.api_tokens import LOCAL
from sipagent.ops.http_settings import FEWEST_CHARS, TokenSettings
from sipagent.ops.settings import WebhookSettings
from sipagent.realtime.settings import EMBEDDED, RealtimeSettings
from sipagent.sip.trunks import TrunkSettings
from sipagent.wire.webhook import secret_to_key

from .environment import ENVIRONMENT, Override, Place

OPENAI_KEY = "OPENAI_API_KEY"
OPENAI_SECRET = "OPENAI_WEBHOOK_SECRET"


@dataclass(frozen=True, slots=True)
class Sources:
    """All that was read."""

    document: Document
    overrides: Mapping[Place, Override]
    """What variables of ours say; they win over the document."""
    environment: Mapping[str, str]

    def merged(self) -> dict[str, Any]:
        """Return the document's data with the overrides in their places."""
        merged = {**self.document.data}
        for (section, key), override in self.overrides.items():
            table = merged.get(section, {})
            if isinstance(table, dict):  # whatever else it is, the file is told off for it
                merged[section] = {**table, key: override.value}
        return merged

    def finding(
        self, path: tuple[str | int, ...], text: str, severity: Severity = Severity.ERROR
    ) -> Finding:
        """Return a finding about the key at ``path``, which names whoever set it."""
        override = self.overrides.get((str(path[0]), str(path[1]))) if len(path) > 1 else None
        if override is not None:
            return Finding(ENVIRONMENT, 0, override.variable, text, severity)
        return self.document.finding(trimmed(path, self.document.lines), text, severity)

    def held(self, file: str, place: Place, given: Place | None) -> bytes | Finding | None:
        """Return what the file of a secret holds; None: the secret is to come from elsewhere.

        Args:
            file: Its path; empty: there is none.
            place: Where the file is named.
            given: Where the secret itself is written, if it is.
        """
        if file and given is not None:
            if (place in self.overrides) is (given in self.overrides):
                return self.finding(place, f"give {given[1]} or {place[1]}, not both")
            file = file if place in self.overrides else ""
        if not file:
            return None
        source = read_source(Path(file))
        if isinstance(source, Finding):
            return self.finding(place, f"{file} {source.text}")
        return source


def read_api_key(realtime: RealtimeSettings, sources: Sources) -> str | Finding:
    """Return the key: the one given, or the file's, or OPENAI_API_KEY unless it is not needed."""
    key, file = realtime.api_key.get_secret_value(), realtime.api_key_file
    place = ("realtime", "api_key_file")
    source = sources.held(file, place, ("realtime", "api_key") if key else None)
    if isinstance(source, Finding):
        return source
    if source is None:
        return key or _variable(OPENAI_KEY, realtime, sources)
    key = source.decode("utf-8", "replace").strip()
    if not key.isascii() or not key.isprintable() or len(key.split()) != 1:
        text = f"{file} must hold the key, on one line, and nothing else"
        return sources.finding(place, text)
    return key


def read_trunk_passwords(
    trunks: Sequence[TrunkSettings], sources: Sources
) -> tuple[tuple[TrunkSettings, ...], list[Finding]]:
    """Return the trunks with the passwords of their files, and what is wrong with those."""
    findings: list[Finding] = []
    read = []
    for index, trunk in enumerate(trunks):
        path = ("sip", "trunks", index, "password_file")
        if not trunk.password_file:
            read.append(trunk)
            continue
        if trunk.password.get_secret_value():
            findings.append(sources.finding(path, "give password or password_file, not both"))
            continue
        source = _beside(trunk.password_file, ("sip", "trunks"), sources)
        password = "" if isinstance(source, Finding) else source.decode("utf-8", "replace").strip()
        if isinstance(source, Finding):
            findings.append(sources.finding(path, f"{trunk.password_file} {source.text}"))
        elif not password.isprintable() or not password:
            text = f"{trunk.password_file} must hold the password, on one line, and nothing else"
            findings.append(sources.finding(path, text))
        else:
            read.append(trunk.model_copy(update={"password": SecretStr(password)}))
    return tuple(read), findings


def read_http_tokens(
    tokens: Sequence[TokenSettings], sources: Sources
) -> tuple[tuple[TokenSettings, ...], list[Finding]]:
    """Return the tokens with those of their files in their places, and what is wrong with them."""
    findings: list[Finding] = []
    read: list[TokenSettings] = []
    for index, each in enumerate(tokens):
        path, key = ("http", "tokens", index), "token_file" if each.token_file else "token"
        token = each.token.get_secret_value()
        if each.token_file:
            source = _beside(each.token_file, ("http", "tokens"), sources)
            if token:
                findings.append(sources.finding((*path, key), "give token or token_file, not both"))
                continue
            if isinstance(source, Finding):
                findings.append(sources.finding((*path, key), f"{each.token_file} {source.text}"))
                continue
            token = source.decode("utf-8", "replace").strip()
        if len(token) < FEWEST_CHARS or not token.isascii() or not token.isprintable():
            text = f"must be at least {FEWEST_CHARS} printable characters of ASCII, on one line"
            findings.append(sources.finding((*path, key), text))
        elif each.name in {LOCAL.name, "token", *(known.name for known in read)}:
            findings.append(sources.finding((*path, "name"), f'"{each.name}" is taken already'))
        else:
            read.append(each.model_copy(update={"token": SecretStr(token)}))
    return tuple(read), findings


def _beside(file: str, place: Place, sources: Sources) -> bytes | Finding:
    """Return what a file holds that is named at ``place``, in the document's folder."""
    folder = Path() if place in sources.overrides else sources.document.file.parent
    return read_source(folder / file)


def read_webhook_secrets(
    webhooks: WebhookSettings, realtime: RealtimeSettings, sources: Sources
) -> tuple[SecretStr, ...] | Finding:
    """Return the secrets: those given, or the file's, or OPENAI_WEBHOOK_SECRET as with the key."""
    secrets, file = webhooks.secrets, webhooks.secrets_file
    place = ("webhooks", "secrets_file")
    source = sources.held(file, place, ("webhooks", "secrets") if secrets else None)
    if isinstance(source, Finding):
        return source
    if source is not None:
        lines = [line.strip() for line in source.decode("utf-8", "replace").splitlines()]
        found = [line for line in lines if line]
        if not found or not all(_is_secret(line) for line in found):
            return sources.finding(place, f"{file} must hold secrets, one per line, nothing else")
        return tuple(map(SecretStr, found))
    variable = _variable(OPENAI_SECRET, realtime, sources)
    if secrets or not variable:
        return secrets
    if not _is_secret(variable):
        return Finding(ENVIRONMENT, 0, OPENAI_SECRET, "is no webhook secret")
    return (SecretStr(variable),)


def _variable(name: str, realtime: RealtimeSettings, sources: Sources) -> str:
    """Return a variable of the provider's, which is not meant for the embedded engine."""
    return "" if realtime.url == EMBEDDED else sources.environment.get(name, "").strip()


def _is_secret(text: str) -> bool:
    try:
        secret_to_key(text)
    except ValueError:
        return False
    return True
