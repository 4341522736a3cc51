"""Answers to the exercises of lesson 11."""

import re

WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def place_of(quote, text):
    wanted = r"\s+".join(map(re.escape, quote.split()))
    found = re.search(rf"(?<!\w){wanted}(?!\w)", text, re.IGNORECASE)
    return found and found.span()


def wrong_place_of(quote, text):
    at = text.casefold().find(quote.casefold())  # also inside of a word, and not over a line break
    return None if at < 0 else (at, at + len(quote))


def number_is_quoted(number, quote):
    digits = re.search(rf"(?<![\d.]){number}(?![\d])(?!\.\d)", quote)
    return bool(digits) or (number < len(WORDS) and WORDS[number] in re.findall(r"[a-z]+", quote.casefold()))


def wrong_number_is_quoted(number, quote):
    return str(number) in quote or (number < len(WORDS) and WORDS[number] in quote.casefold())
