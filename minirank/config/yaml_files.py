"""YAML files and single values in YAML, as the command line gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError

LARGEST = 2**20  # bytes of a configuration
LONGEST_NUMBER = 1_000  # characters
MOST_VALUES = 50_000  # in one


def read_yaml(path: Path) -> Any:
    """What a YAML file holds.

    Raises:
        ConfigError: it cannot be read, or is no YAML.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8; save it as UTF-8") from None
    if len(content) > LARGEST:
        raise ConfigError(f"{path}: larger than {LARGEST:,} bytes, which no configuration is; give another file")
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
    loader = _UniqueKeys(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _count(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _count(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node holds once every alias is written out: ten lines of aliases can stand for billions.

    Args:
        known: id of a node -> its count, 0 while it is counted.
    Raises:
        ValueError: more than `MOST_VALUES`, a value that holds itself, a number that would take long to read.
    """
    if isinstance(node, yaml.ScalarNode):
        if len(node.value) > LONGEST_NUMBER and node.tag.rpartition(":")[2] in ("int", "float"):
            raise ValueError(f"a number of {len(node.value):,} characters")
        return 1
    if id(node) in known:
        if not known[id(node)]:
            raise ValueError("a section that holds itself")
        return known[id(node)]
    known[id(node)] = 0
    parts = node.value if isinstance(node, yaml.SequenceNode) else [part for pair in node.value for part in pair]
    total = 1 + sum(_count(part, known) for part in parts)
    if total > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES:,} values, with every alias written out")
    known[id(node)] = total
    return total


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
