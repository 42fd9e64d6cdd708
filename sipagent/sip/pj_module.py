"""How a module of ours becomes one of PJSIP's (``pjsip/sip_module.h`` of PJSIP 2.15)."""

from __future__ import annotations

import ctypes
from typing import Any

from sipagent.errors import SipError

from .pj_structs import PjModule, pj_string
from .pjlib import native


def registered(name: str, priority: int, **callbacks: Any) -> PjModule:
    """Return a module that PJSIP calls; it must be kept until PJSIP is destroyed.

    Args:
        name: No other has it.
        priority: What comes passes low numbers first, what goes high ones.
        callbacks: By their names in the structure, each a ``PjCallback`` that is kept as long.

    Raises:
        SipError: If PJSIP does not take it.
    """
    library = native()
    try:
        endpoint_of, add = library.pjsua_get_pjsip_endpt, library.pjsip_endpt_register_module
    except AttributeError as error:
        raise SipError(f"this build of PJSIP takes no modules: {error}") from None
    endpoint_of.restype, endpoint_of.argtypes = ctypes.c_void_p, []
    add.restype, add.argtypes = ctypes.c_int, [ctypes.c_void_p, ctypes.c_void_p]
    module = PjModule(name=pj_string(name), id=-1, priority=priority, **callbacks)
    status = add(endpoint_of(), ctypes.byref(module))
    if status != 0:
        raise SipError(f"PJSIP takes no module of ours (status {status})")
    return module
