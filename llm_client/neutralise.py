"""What must not reach a model or a server inside somebody's text."""

from __future__ import annotations

import re

# Characters that steer terminals, hide text or break encoders: C0 and C1 controls (not tab and line ends), soft
# hyphens, zero-width and directional marks, variation selectors, the byte order mark, tags, lone surrogates.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
# What chat templates use as marks: <|im_start|>, <｜User｜>, [INST], <<SYS>>, <start_of_turn>, <s>, </think> ...
_MARK = re.compile(
    r"(?i)<[|｜][^<>|｜\n]{1,40}[|｜]>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS)\]|<</?SYS>>"
    r"|</?(?:s|bos|eos|pad|unk|think|start_of_turn|end_of_turn|tool_call|tool_response)>"
)


def neutralise(text: str) -> str:
    """The text with hidden characters as blanks and a template's marks defused.

    As long as before, character for character, so that offsets into it are offsets into the original.
    `<|im_start|>` becomes ` |im_start| `.
    """
    if _HIDDEN.search(text):
        text = _HIDDEN.sub(" ", text)
    return _MARK.sub(lambda found: f" {found[0][1:-1]} ", text) if "<" in text or "[" in text else text
