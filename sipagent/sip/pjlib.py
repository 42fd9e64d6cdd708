"""The one import of pjsua2, and what its binding leaves out.

The module is untyped, so everything from it is ``Any``; nothing outside ``sipagent.sip`` sees it.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeAlias

from sipagent.errors import SipError

with warnings.catch_warnings():
    # SWIG's generated types have no __module__; CPython 3.12 warns of it at import.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pjsua2

pj: Any = pjsua2

Signatures: TypeAlias = Mapping[str, tuple[Any, list[Any]]]
"""Of C functions by name: what each returns, and its parameters."""


def destroy(proxy: Any) -> None:
    """Run the C++ destructor of ``proxy`` now, whoever still holds the Python object.

    A log record or a traceback may hold one far longer than PJSIP lives.
    """
    proxy.__swig_destroy__(proxy)


def native() -> ctypes.CDLL:
    """Return the extension module as a C library: PJSIP's own functions are exported from it."""
    return ctypes.CDLL(pj._pjsua2.__file__)


def declared(purpose: str, signatures: Signatures) -> Any:
    """Return PJSIP's functions, those named with their types: a pointer as an int would be cut.

    Args:
        purpose: What they are there for, should this build lack one, as in ``guards our calls``.
        signatures: Of the functions.

    Raises:
        SipError: If it does.
    """
    library = native()
    try:
        for name, (result, parameters) in signatures.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, parameters
    except AttributeError as error:
        raise SipError(f"this build of PJSIP lacks what {purpose}: {error}") from None
    return library


def transport_count() -> int:
    """Return how many connections there are, those being made too, and UDP."""
    pjsip = _pjsip()  # asked at every poll
    manager = pjsip.pjsip_endpt_get_tpmgr(pjsip.pjsua_get_pjsip_endpt())
    return int(pjsip.pjsip_tpmgr_get_transport_count(manager))


def call_limit() -> int:
    """Return how many calls this build really holds; valid after ``libInit``."""
    return int(native().pjsua_call_get_max_count())


@cache
def _pjsip() -> Any:
    pointer = ctypes.c_void_p
    return declared(
        "counts connections",
        {
            "pjsua_get_pjsip_endpt": (pointer, []),
            "pjsip_endpt_get_tpmgr": (pointer, [pointer]),
            "pjsip_tpmgr_get_transport_count": (ctypes.c_uint, [pointer]),
        },
    )
