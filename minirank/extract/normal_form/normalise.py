"""The plain form of a text."""

from __future__ import annotations

from minirank.extract.edited_text import EditedText
from minirank.extract.normal_form.broken_words import mended_characters, mended_words
from minirank.extract.normal_form.characters import plain_characters
from minirank.extract.normal_form.spaced_letters import close_up


def normalise(text: str) -> EditedText:
    """The plain form of a text, and where its spans stand in the text.

    What `plain_characters` does, and across characters: a word that is broken at a hyphen becomes one, or keeps its hyphen
    where both halves are words (`full-` / `stack`); a character that no font had becomes what the letters around it ask
    for, a ligature, a hyphen, a dash, a bullet; a line of spaced letters becomes words.
    """
    plain = plain_characters(text)
    odd = not plain.text.replace("\n", "").isprintable() or "\ufffd" in plain.text or "\xac" in plain.text
    if odd or "-" in plain.text:
        plain.edit(mended_words(plain.text))
    if odd:
        plain.edit(mended_characters(plain.text))
    close_up(plain)
    return plain


def normalised(text: str) -> str:
    """The plain form of a text."""
    return normalise(text).text
