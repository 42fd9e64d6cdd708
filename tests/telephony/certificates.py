"""Certificates for tests, made with ``openssl``: a root, and what it signs."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed"
)

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, as files."""

    certificate: str
    key: str


class Authority:
    """A root, in ``folder``.

    Args:
        folder: Of its files and of those it signs; it exists.
        name: Of the root.
    """

    def __init__(self, folder: Path, name: str = "root") -> None:
        self._folder = folder
        self._root = Certificate(str(folder / f"{name}.pem"), str(folder / f"{name}.key"))
        _openssl(
            *("req", "-x509", *NEW_KEY, "-days", "2", "-subj", f"/CN={name}"),
            *("-keyout", self._root.key, "-out", self._root.certificate),
        )

    @property
    def ca(self) -> str:
        """File of the root."""
        return self._root.certificate

    def issue(self, name: str, *, has_expired: bool = False) -> Certificate:
        """Return a certificate for 127.0.0.1."""
        made = Certificate(str(self._folder / f"{name}.pem"), str(self._folder / f"{name}.key"))
        request = self._folder / f"{name}.csr"
        extensions = self._folder / f"{name}.ext"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:127.0.0.1\n")
        _openssl(
            *("req", "-new", *NEW_KEY, "-subj", "/CN=127.0.0.1"),
            *("-keyout", made.key, "-out", str(request)),
        )
        _openssl(
            *("x509", "-req", "-in", str(request), "-extfile", str(extensions)),
            *("-CA", self.ca, "-CAkey", self._root.key, "-CAcreateserial"),
            *("-days", "-1" if has_expired else "2", "-out", made.certificate),
        )
        return made


def _openssl(*arguments: str) -> None:
    subprocess.run(("openssl", *arguments), check=True, capture_output=True, timeout=30)
