"""What a client's values must be, and the error that names the one that is not. Pure."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class InvalidConfigError(ValueError):
    """A field is wrong.

    Args:
        param: Dotted path of the field.
        message: What is wrong, and what is allowed.
        code: As the API names it.
    """

    def __init__(self, param: str, message: str, code: str = "invalid_value") -> None:
        self.param, self.code = param, code
        super().__init__(message)


def mapping(value: Any, path: str) -> Json:
    """Return an object."""
    if not isinstance(value, dict):
        raise InvalidConfigError(path, f"{path} must be an object", "invalid_type")
    return value


def sequence(value: Any, path: str) -> list[Any]:
    """Return a list."""
    if not isinstance(value, list):
        raise InvalidConfigError(path, f"{path} must be a list", "invalid_type")
    return value


def text(value: Any, path: str) -> str:
    """Return a string."""
    if not isinstance(value, str):
        raise InvalidConfigError(path, f"{path} must be a string", "invalid_type")
    return value


def flag(value: Any, path: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise InvalidConfigError(path, f"{path} must be true or false", "invalid_type")
    return value


def number(value: Any, path: str, least: float, most: float) -> float:
    """Return a number of a range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidConfigError(path, f"{path} must be a number", "invalid_type")
    if not least <= value <= most:
        raise InvalidConfigError(path, f"{path} must be between {least:g} and {most:g}")
    return value


def whole(value: Any, path: str, least: int, most: int) -> int:
    """Return a whole number of a range, however it is written."""
    checked = number(value, path, least, most)
    if checked != int(checked):
        raise InvalidConfigError(path, f"{path} must be a whole number", "invalid_type")
    return int(checked)


def one_of(value: Any, path: str, *allowed: str) -> str:
    """Return a string that is one of those allowed."""
    if not isinstance(value, str) or value not in allowed:
        raise InvalidConfigError(path, f"{path} must be one of {', '.join(allowed)}")
    return value


def unknown(path: str) -> InvalidConfigError:
    """Return the error of a parameter nobody knows."""
    return InvalidConfigError(path, f"unknown parameter {path}", "unknown_parameter")
