"""YAML files and single values in YAML, as the command line gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError


def read_yaml(path: Path) -> Any:
    """What a YAML file holds.

    Raises:
        ConfigError: it cannot be read, or is no YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8; save it as UTF-8") from None
    try:
        return _parse(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f":{mark.line + 1}"
        raise ConfigError(f"{path}{line}: not valid YAML ({_problem(error)}); correct it") from None
    except ValueError as error:  # a date or a number that there is not
        raise ConfigError(f"{path}: a value that YAML cannot read ({error}); correct it, or put it in quotes") from None
    except RecursionError:
        raise ConfigError(f"{path}: too many sections within each other; correct it") from None


class _UniqueKeys(yaml.SafeLoader):
    """Safe YAML that refuses a key which its section has already."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node, seen = super().compose_mapping_node(anchor), set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise yaml.composer.ComposerError(None, None, f"the key {key.value!r} is there twice", key.start_mark)
                seen.add((key.tag, key.value))
        return node


def _parse(text: str) -> Any:
    return yaml.load(text, Loader=_UniqueKeys)


def _problem(error: Exception) -> str:
    """What is wrong, on one line."""
    return " ".join(str(getattr(error, "problem", None) or error).split())


def with_override(mapping: Any, override: str) -> dict[str, Any]:
    """`mapping` with `a.b=value` in place of what it holds at a, b.

    Raises:
        ConfigError: the override cannot be read, or does not fit the mapping.
    """
    key, equals, text = override.partition("=")
    *sections, last = key.split(".")
    if not equals or not all((*sections, last)):
        raise ConfigError(f"--set {override}: expected KEY=VALUE, such as training.epochs=3")
    try:
        value = _parse(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = _short(_problem(error))
        raise ConfigError(f"--set {_short(override)}: the value is not valid YAML ({problem}); correct it, or put it in quotes") from None
    if mapping is not None and not isinstance(mapping, dict):
        raise ConfigError(f"expected sections of keys and values, got {_short(repr(mapping))}; see examples/")
    mapping = section = dict(mapping or {})
    for name in sections:
        held = section.get(name)
        if held is not None and not isinstance(held, dict):
            raise ConfigError(f"--set {override}: {name} is no section of keys and values; set {name} as a whole")
        section[name] = dict(held or {})  # NOTE: a copy, for an alias in YAML may stand in two sections
        section = section[name]
    section[last] = value
    return mapping


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]} ..."
