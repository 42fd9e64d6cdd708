"""The one import of pjsua2, and what its binding leaves out.

The module is untyped, so everything from it is ``Any``; nothing outside ``sipagent.sip`` sees it.
"""

from __future__ import annotations

import ctypes
import warnings
from typing import Any

with warnings.catch_warnings():
    # SWIG's generated types have no __module__; CPython 3.12 warns of it at import.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pjsua2

pj: Any = pjsua2


def destroy(proxy: Any) -> None:
    """Run the C++ destructor of ``proxy`` now, whoever still holds the Python object.

    A log record or a traceback may hold one far longer than PJSIP lives.
    """
    proxy.__swig_destroy__(proxy)


def native() -> ctypes.CDLL:
    """Return the extension module as a C library: PJSIP's own functions are exported from it."""
    return ctypes.CDLL(pj._pjsua2.__file__)


def transport_count() -> int:
    """Return how many connections there are, those being made too, and UDP."""
    library = native()
    library.pjsip_endpt_get_tpmgr.restype = ctypes.c_void_p
    library.pjsua_get_pjsip_endpt.restype = ctypes.c_void_p
    endpoint = ctypes.c_void_p(library.pjsua_get_pjsip_endpt())
    manager = ctypes.c_void_p(library.pjsip_endpt_get_tpmgr(endpoint))
    return int(library.pjsip_tpmgr_get_transport_count(manager))


def call_limit() -> int:
    """Return how many calls this build really holds; valid after ``libInit``."""
    return int(native().pjsua_call_get_max_count())
