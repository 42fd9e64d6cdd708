"""From ``[keypad]`` of a dialplan to what one call needs. Pure."""

from __future__ import annotations

from dataclasses import replace

from sipagent.dialplan.keypad import Keypad
from sipagent.dialplan.plans import Plan

from .collecting import FieldSettings
from .digits import DigitSettings
from .keypad_setup import KeypadSetup
from .keypad_tools import guarded


def digit_settings(keypad: Keypad) -> DigitSettings | None:
    """Return when the agent is told of keys it has not asked for; None: never."""
    if keypad.digits == "none":
        return None
    return DigitSettings(keypad.end, keypad.pause_s, keypad.count)


def keypad_setup(keypad: Keypad) -> KeypadSetup:
    """Return everything else."""
    return KeypadSetup(
        barge_in=keypad.barge_in,
        in_band=keypad.in_band,
        send=keypad.send,
        fields=tuple(
            FieldSettings(
                name=field.name,
                description=field.description,
                min_digits=field.min_digits,
                max_digits=field.max_digits,
                end=field.end,
                timeout_s=field.timeout_s,
                pause_s=field.pause_s,
                is_sensitive=field.sensitive,
                show_last=field.show_last,
                check=field.check,
                ends_on_speech=field.on_speech == "cancel",
            )
            for field in keypad.fields
        ),
    )


def guarded_plan(plan: Plan) -> Plan:
    """Return ``plan`` with tools that cannot tell what is sensitive."""
    if not any(field.sensitive for field in plan.dialplan.keypad.fields):
        return plan
    return replace(plan, tools={name: guarded(tool) for name, tool in plan.tools.items()})
