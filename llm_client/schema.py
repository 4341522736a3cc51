"""A small validator of JSON Schema: complete for the keywords it knows, and it refuses schemas with others.

Servers skip keywords silently, so a reply is believed only after this. The keywords: type, enum, required,
properties, additionalProperties, items, minItems, maxItems, minimum, maximum, minLength, maxLength, anyOf;
title, description and default are read by the model alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}
_TYPES |= {"boolean": bool, "null": type(None)}
_NOTES = {"title", "description", "default"}
_BOUNDS = {"minItems", "maxItems", "minimum", "maximum", "minLength", "maxLength"}
_KEYWORDS = _NOTES | _BOUNDS | {"type", "enum", "required", "properties", "additionalProperties", "items", "anyOf"}
_SHOWN = 40  # characters of a wrong value in a message
# `5`, `5+`, `5-7`, `5 to 7`, each with one word behind it, such as years
_COUNT = re.compile(r"\s*(\d{1,9})\s*(?:\+|(?:-|–|to)\s*\d{1,9})?\s*[^\W\d_]*\.?\s*", re.ASCII | re.IGNORECASE)


def check_schema(schema: object, path: str = "schema") -> None:
    """Refuse a schema that `validate` would not check completely.

    Raises:
        ValueError: names the place and the keyword or type that is not known.
    """
    if not isinstance(schema, dict):
        raise ValueError(f"{path} must be an object, got {type(schema).__name__}")
    unknown = sorted(set(schema) - _KEYWORDS)
    if unknown:
        raise ValueError(f"{path}: {unknown[0]} is not a keyword that is checked here; use one of {', '.join(sorted(_KEYWORDS))}")
    for name in _types(schema):
        if name not in _TYPES:
            raise ValueError(f"{path}: type must be one of {', '.join(_TYPES)}, got {name!r}")
    for place, part in _parts(schema):
        check_schema(part, path + place)
    if isinstance(schema.get("additionalProperties", False), dict):
        check_schema(schema["additionalProperties"], f"{path}.additionalProperties")


def _parts(schema: dict) -> Iterator[tuple[str, Any]]:
    """The schemas of properties, items and options, each with its place."""
    yield from ((f".{name}", part) for name, part in schema.get("properties", {}).items())
    if "items" in schema:
        yield ".items", schema["items"]
    yield from ((f".anyOf[{number}]", part) for number, part in enumerate(schema.get("anyOf", ())))


def is_strict(schema: dict) -> bool:
    """Whether every object names all its properties as required and allows no others, as OpenAI's strict mode wants."""
    closed = schema.get("additionalProperties") is False and set(schema.get("required", ())) == set(schema.get("properties", ()))
    if not closed and ("object" in _types(schema) or "properties" in schema):
        return False
    return all(is_strict(part) for _, part in _parts(schema))


def coerce(value: object, schema: dict) -> object:
    """Turn what models write for whole numbers into whole numbers, where the schema wants one.

    `"5"`, `"5+"`, `"5-7 years"`, `5.0` become 5, the lower end; everything else stays as it is and is for
    `validate` to judge. Containers that need no change are returned as they are.
    """
    if isinstance(value, dict):
        parts, other = schema.get("properties", {}), schema.get("additionalProperties")
        changed = {}
        for name, part in value.items():
            inner = parts.get(name, other)
            if isinstance(inner, dict) and (new := coerce(part, inner)) is not part:
                changed[name] = new
        return {**value, **changed} if changed else value
    if isinstance(value, list):
        inner = schema.get("items")
        if inner is None:
            return value
        new = [coerce(part, inner) for part in value]
        return new if any(a is not b for a, b in zip(new, value, strict=True)) else value
    options = (schema, *schema.get("anyOf", ()))
    names = {name for option in options for name in _types(option)}
    if "integer" not in names:
        return value
    if isinstance(value, float) and value.is_integer() and "number" not in names:
        return int(value)
    if isinstance(value, str) and "string" not in names and (found := _COUNT.fullmatch(value)):
        return int(found[1])
    return value


def validate(value: object, schema: dict, path: str = "") -> str | None:
    """The first thing that is wrong with a value, as short as it can be said; None when it follows the schema.

    Args:
        value: parsed JSON.
        schema: one that `check_schema` let pass.
        path: of the value, such as `skills[2].name`; empty at the top.
    """
    here = path or "the answer"
    if "anyOf" in schema:
        wrong = [validate(value, option, path) for option in schema["anyOf"]]
        if None not in wrong:  # say what is wrong under the option that has the value's type
            fitting = [said for said, option in zip(wrong, schema["anyOf"], strict=True) if _fits(value, option)]
            return min(fitting or wrong, key=lambda said: len(said or ""))
    if not _fits(value, schema):
        return f"{here} must be {' or '.join(_types(schema))}, got {_show(value)}"
    if "enum" in schema and not any(type(value) is type(option) and value == option for option in schema["enum"]):
        return f"{here} must be one of {', '.join(map(str, schema['enum']))}, got {_show(value)}"
    if isinstance(value, dict):
        return _object(value, schema, path)
    if isinstance(value, list):
        return _array(value, schema, path)
    if isinstance(value, str):
        return _bounds(len(value), schema, "minLength", "maxLength", here, "characters")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _bounds(value, schema, "minimum", "maximum", here, "")
    return None


def _object(value: dict, schema: dict, path: str) -> str | None:
    for name in schema.get("required", ()):
        if name not in value:
            return f"{path + '.' if path else ''}{name} is missing"
    parts, other = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, part in value.items():
        inner = parts.get(name, other)
        place = f"{path}.{name}" if path else name
        if inner is False:
            return f"{place[:_SHOWN]} is not allowed"
        if inner is not True and (wrong := validate(part, inner, place)):
            return wrong
    return None


def _array(value: list, schema: dict, path: str) -> str | None:
    wrong = _bounds(len(value), schema, "minItems", "maxItems", path or "the answer", "items")
    if wrong or "items" not in schema:
        return wrong
    for number, part in enumerate(value):
        if wrong := validate(part, schema["items"], f"{path}[{number}]"):
            return wrong
    return None


def _bounds(size: float, schema: dict, least: str, most: str, here: str, unit: str) -> str | None:
    verb, unit = ("have", f" {unit}") if unit else ("be", "")
    if least in schema and size < schema[least]:
        return f"{here} must {verb} at least {schema[least]}{unit}, got {size}"
    if most in schema and size > schema[most]:
        return f"{here} must {verb} at most {schema[most]}{unit}, got {size}"
    return None


def _types(schema: dict) -> tuple[str, ...]:
    given = schema.get("type", ())
    return (given,) if isinstance(given, str) else tuple(given)


def _fits(value: object, schema: dict) -> bool:
    """JSON's types: a boolean is no number, and 5.0 is no integer here until `coerce` made it one."""
    types = _types(schema)
    return not types or any(isinstance(value, _TYPES[name]) and isinstance(value, bool) == (name == "boolean") for name in types)


def _show(value: object) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return "null" if value is None else repr(value)[:_SHOWN]
