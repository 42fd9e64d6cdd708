"""What stands in URLs (RFC 3986). Pure."""

from __future__ import annotations


def host_in_url(host: str) -> str:
    """Return ``host`` as a URL has it: an IPv6 address in brackets (section 3.2.2)."""
    return f"[{host}]" if ":" in host else host
