"""From a mapping, as YAML gives it, to a frozen dataclass: every key and every type is checked."""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from minirank.errors import ConfigError, UnknownKey, nearest, suggestion

T = TypeVar("T")

_EXPECTED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", Path: "a path"}


def build(cls: type[T], mapping: Any, where: str = "") -> T:
    """An instance of the dataclass `cls` with the values of `mapping`.

    Nested dataclasses, `X | Y`, `X | None`, `list[X]`, `tuple[X, ...]`, `tuple[X, Y]`, `dict[str, X]`, `Literal`, bool, int,
    float, str, `Path`, `Any` and `Annotated[X, "what to write"]` are understood; a field that is left out keeps its default,
    also within a section that has a default of its own; a dataclass that was built already is taken as it is. A `ValueError`
    raised by `__post_init__` is reported under the key path of the dataclass.

    Args:
        mapping: dict of field name -> value; None (an empty section in YAML) is an empty dict.
        where: key path of `mapping` in the configuration, such as `data.table`; it opens every message.
    Raises:
        ConfigError: unknown key (suggests the nearest one), missing key, or wrong type.
    """
    if mapping is None:
        mapping = {}
    if not isinstance(mapping, dict):
        raise ConfigError(f"{where or 'configuration'}: expected a section of keys and values, got {mapping!r}")
    known = {field.name: field for field in fields(cast(Any, cls)) if field.init}
    for key in mapping:
        if key not in known:
            raise UnknownKey(f"{_join(where, key)}: unknown key; {suggestion(key, known)}")
    hints = get_type_hints(cls, include_extras=True)
    values = {}
    for name, field in known.items():
        if name in mapping:
            values[name] = _convert(hints[name], _over_default(hints[name], field.default, mapping[name]), _join(where, name))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ConfigError(f"{_join(where, name)}: missing; give {_describe(hints[name])}")
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}" if where else str(error)) from None


def _over_default(kind: Any, default: Any, value: Any) -> Any:
    """A section's keys on top of the default of that section, where it has one; an empty section is that default."""
    if not is_dataclass(default):
        return value
    if value is None and is_dataclass(kind):
        return default
    return vars(default) | value if isinstance(value, dict) else value


def _convert(kind: Any, value: Any, where: str) -> Any:
    """`value` as the type `kind`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if isinstance(kind, type) and is_dataclass(kind):
        return value if isinstance(value, kind) else build(kind, value, where)
    if origin in (Union, types.UnionType):
        return _convert_union(kind, arguments, value, where)
    if origin is Annotated:
        try:
            return _convert(arguments[0], value, where)
        except ConfigError:
            raise ConfigError(f"{where}: expected {_describe(kind)}, got {value!r}") from None
    if origin is Literal:
        if any(value == choice and type(value) is type(choice) for choice in arguments):
            return value
        near = nearest(value, arguments) if len(arguments) > 1 else None
        hint = f"; did you mean {near}?" if near else ""
        raise ConfigError(f"{where}: expected {_describe(kind)}, got {value!r}{hint}")
    if origin is tuple and isinstance(value, (list, tuple)):
        if arguments[-1] is Ellipsis:
            if set(map(type, value)) <= _plain_types(arguments[0]):  # SPEED: a vocabulary of a run has a million texts
                return tuple(value)
            return tuple(_convert(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(value))
        if len(value) == len(arguments):
            pairs = zip(arguments, value)
            return tuple(_convert(item_kind, item, f"{where}[{index}]") for index, (item_kind, item) in enumerate(pairs))
    if origin is list and isinstance(value, list):
        return [_convert(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        key_kind, item_kind = arguments
        return {_convert(key_kind, key, where): _convert(item_kind, item, _join(where, key)) for key, item in value.items()}
    if kind is float and type(value) in (int, str):
        value = _number(value)  # YAML 1.1 reads `1e-3` as a text, for want of a dot
    if kind is Path and isinstance(value, (str, Path)) and str(value):
        return Path(value)
    if isinstance(kind, type) and type(value) is kind:  # not isinstance: True is no whole number
        return value
    raise ConfigError(f"{where}: expected {_describe(kind)}, got {value!r}")


def _convert_union(kind: Any, choices: tuple, value: Any, where: str) -> Any:
    """`value` as the first of `choices` that takes it; the message of the only choice there is, where that fails."""
    if value is None and type(None) in choices:
        return None
    choices = tuple(choice for choice in choices if choice is not type(None))
    exact = [choice for choice in choices if type(value) is choice]
    if len(choices) == 1 or exact:
        return _convert((exact or choices)[0], value, where)
    structured: list[Any] = [choice for choice in choices if is_dataclass(choice) and isinstance(value, dict)]
    if len(structured) == 1:
        return build(structured[0], value, where)
    for choice in choices:
        try:
            return _convert(choice, value, where)
        except ConfigError:
            continue
    raise ConfigError(f"{where}: expected {_describe(kind)}, got {value!r}")


def _plain_types(kind: Any) -> set[type]:
    """The types whose values are taken as they are: `str | None` gives both."""
    return {choice for choice in get_args(kind) or (kind,) if choice in (bool, int, float, str, type(None))}


def _describe(kind: Any) -> str:
    """What a user has to write for `kind`, in words."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return arguments[1]
    if origin in (Union, types.UnionType):
        words = ["nothing" if item is type(None) else _describe(item) for item in arguments]
        return " or ".join(words)
    if origin is Literal:
        return ("one of " if len(arguments) > 1 else "") + ", ".join(str(item) for item in arguments)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"a list, each item {_describe(arguments[0])}"
        return f"a list of {len(arguments)} items ({', '.join(_describe(item) for item in arguments)})"
    if origin is dict or is_dataclass(kind):
        return "a section of keys and values"
    return _EXPECTED.get(kind, "a value")


def _number(value: int | str) -> float | int | str:
    """`value` as a float, or as it is where no float is that."""
    try:
        return float(value)
    except (ValueError, OverflowError):
        return value


def _join(where: str, key: Any) -> str:
    return f"{where}.{key}" if where else str(key)
