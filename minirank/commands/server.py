"""The server of a command: what its options say, else the `llm:` part of --config, else the defaults."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import fields, replace

from ..config.llm import LLMConfig
from ..errors import ConfigError

KEYS = {field.name for field in fields(LLMConfig)}


def server_of(options: Namespace, default: LLMConfig = LLMConfig()) -> LLMConfig:
    """The settings of the server that a command is to ask.

    Args:
        options: of the command line, None where one is not given.
        default: without --config.
    Raises:
        ConfigError: the configuration or an option cannot be used.
    """
    if options.config is None:
        found = default
    else:
        from ..config.configuration import load_config

        found = load_config(options.config, needs_data=False).llm
    given = {name: value for name, value in vars(options).items() if name in KEYS and value is not None}
    try:
        return replace(found, **given)
    except ValueError as error:
        raise ConfigError(str(error)) from None
