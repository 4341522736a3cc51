"""Years of experience that a text states: `5+ years`, `mindestens fünf Jahre`, `3 ans d'expérience`, `18 months`."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from itertools import chain

from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.dates import date_data, date_words, either
from minirank.extract.rules.lexicon import Tokens

NUMBER_WORDS = {word: n for n, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), start=1)}
NUMBER_WORDS |= {"fifteen": 15, "twenty": 20}
_AMOUNT_REACH = 9  # words before the word `years`
_FULL_STOP = re.compile(r"(?i)(?<!min)(?<!exp)\. ")
_SENTENCE_END = re.compile(r"[.;!?\n。；！？]")
_CLOSING_DURATION = re.compile(
    r"(?m)^(?![-•*])[^\d\n]{3,90}?[(,|:-] {0,3}("
    r"(\d{1,3}(?:[.,]\d)?) ?([^\W\d_]{1,12})\.?(?:,? (?:(?:and|und|et|y|e|i|og|och) )?(\d{1,2}) ?([^\W\d_]{1,12}))?)\.?\)?$"
)
_ABBREVIATED = re.compile(r"\. ?[a-z]")
_COMING = re.compile(r"(?i)\b(?:first|next|every|each|within|coming|ersten|nächsten|alle|premi[eè]re?s|prochaines?|primeros|próximos)\s\Z")
# Years of the employer, `our 40 years`, `a company with over 20 years`; of a contract, `a 2-year position`.
_OF_EMPLOYER = re.compile(
    r"(?i)\b(?:our|unser\w*|notre|nos|nuestr[oa]s?|nostr[oaie]|noss[oa]s?|onze|nasz\w*|vår\w*|vores|наш\w*)"
    r"\s(?:over |more than |almost |nearly |über |mehr als )?\Z"
    r"|\b(?:company|firm|organi[sz]ation|business|leader|unternehmen|entreprise|société|empresa|azienda|компания)\b[^.,;]{0,20}"
    r"(?:with|of|mit|avec|con|com|с)\s(?:\w+\s){0,3}\Z"
)
_OF_CONTRACT = re.compile(
    r"(?i)[\s-]{0,2}(?:(?!of )[\w-]{1,20} )?"
    r"(?:position|period|post|contract|term|scholarship|fellowship|project|programme|program|appointment|internship)\b"
)
_CONTRACT_OF = re.compile(
    r"(?i)\b(?:position|contract|employment|appointment|fellowship|project|stelle|vertrag|poste|contrat)\s"
    r"(?:is |are |runs |lasts |ist )?(?:limited to |for |of |over |auf |für |de )?(?:up to |about )?\Z"
)
# `less than 4 years` asks for none; `no less than 4 years` for four.
_AT_MOST = re.compile(
    r"(?i)(?:(?<!\bno )(?<!\bnot )(?<!\bnicht )(?<!\bpas )(?<!\bnon )(?<!\bnão )(?<!\bniet )(?<!\bnie )(?<!\bnu )(?<!\binte )"
    r"\b(?:(?:less|fewer) than|under|weniger als|moins de|menos de|meno di|minder dan|mniej niż|mai puțin de|mindre än"
    r"|mindre end|mindre enn)"
    r"|\b(?:at most|(?:no|not) more than|up to|max\.?|maximum(?: of)?|höchstens|maximal|bis zu|au plus|maximum de|jusqu'à|como máximo"
    r"|hasta|al massimo|fino a|no máximo|até|maximaal|hooguit|maksymalnie|cel mult|maximum|până la|högst|upp till|højst|op til|opptil))\s\Z"
)
_MOST_YEARS = 45
_MOST_AMOUNTS = 200  # of a text that are looked at
_NEAR = 120  # characters


class _Words:
    """The words of dates.json around an amount.

    units: word for years or months -> (months, languages that have it); numbers: word -> {language: number}.
    """

    def __init__(self) -> None:
        data = date_data()
        self.units: dict[str, tuple[int, set[str]]] = {}
        for months, key in ((12, "year_words"), (1, "month_words")):
            for language, words in data[key].items():
                for word in " ".join(words).split():
                    self.units.setdefault(word, (months, set()))[1].add(language)
        self.numbers: dict[str, dict[str, int]] = {}
        for language, line in data["numbers"].items():
            for n, words in enumerate(" ".join(line).split(), start=1):
                for word in words.split("/"):
                    self.numbers.setdefault(word, {})[language] = n
        for word, n in NUMBER_WORDS.items():
            self.numbers.setdefault(word, {})["en"] = n
        more = list(chain.from_iterable(data["or_more"].values()))
        # A word that may stand between the number and the unit: without one of these nothing is looked for.
        self.before_unit = frozenset({*self.numbers, "+", ")", "full", "solid", "以", "多", *(phrase.split()[-1] for phrase in more)})
        longest_first = sorted(self.numbers, key=lambda word: (-len(word), word))
        number = rf"(?:\d{{1,2}}(?:[.,]\d)?(?![\d.,])|(?:{'|'.join(longest_first)}))"
        to = either(["to", "or", "ou", "oder", "o", "of", *chain.from_iterable(data["to"].values())])
        between = rf"(?:\s?(?:-|~|/|至|到)\s?|\s(?:{to})\s|\s(?P<and>{either(data['and'])})\s)"
        self.amount = re.compile(
            rf"(?i)(?<![a-z0-9_\u00c0-\u052f.,$€£])(?P<low>{number})(?:\s?\(\d{{1,2}}\))?\s{{0,2}}(?:\+|多|以上|-plus|(?<=\s)(?:{either(more)}))?"
            rf"(?:{between}(?P<high>{number})\s{{0,2}}\+?)?\s{{0,2}}(?:full |solid |-|以上の?)?\s?$"
        )
        others = chain.from_iterable(words for language, words in data["experience"].items() if language != "en")
        experience = rf"(?<!\w)(?:{either(data['experience']['en'])}|exp\b)|{either(others, whole=False)}"  # `Berufserfahrung`
        self.experience = re.compile(rf"(?i){experience}")
        self.before = re.compile(rf"(?i)(?<!\w)(?:at least|min\b|minimum|mindestens|more than|over)(?!\w)|(?:{experience})")
        self.after = re.compile(
            rf"(?i)[^.;!?\n]{{0,80}}?(?:{experience}|in (?:a|an|the|software|data|similar)\b|of (?:professional|relevant|hands)"
            r"|developing|building|(?:as an?|als|comme|como|come) )"
        )
        self.refused = re.compile(rf"(?i)(?<!\w)(?:{either(chain.from_iterable(data['not_experience'].values()))})")


@cache
def _words() -> _Words:
    return _Words()


def find_amounts(plain: str, tokens: Tokens) -> list[tuple[int, int, int]]:
    """Statements such as `5+ years of experience`: list of (start, end, years), the lower end of a range, rounded down."""
    words = _words()
    units, before_unit, between = words.units, words.before_unit, date_words().between
    found = []
    told = [i for i, word in enumerate(tokens.words) if i and word in units and _is_amount(tokens.words[i - 1], before_unit)]
    for at in told[:_MOST_AMOUNTS]:
        word = tokens.words[at]
        start = tokens.starts[at]
        # SPEED: the pattern is tried where a number stands, not at every character.
        numbers = (i for i in range(max(0, at - _AMOUNT_REACH), at) if tokens.words[i] in words.numbers or tokens.words[i].isdecimal())
        m = next(filter(None, (words.amount.match(plain, tokens.starts[i], start) for i in numbers)), None)
        if m is None or _COMING.search(plain, max(0, m.start() - 16), m.start()):
            continue
        if m["and"] and not between.search(plain, max(0, m.start() - 16), m.start()):
            m = words.amount.match(plain, m.start("high"), start)
            if m is None:
                continue
        amount = _years(m["low"].lower(), *units[word])
        end = tokens.ends[at]
        near = _FULL_STOP.split(plain[max(0, m.start() - 50) : m.start()].rpartition("\n")[2])[-1]
        begin = end + 1 if _ABBREVIATED.match(plain, end) else end
        sentence_end = _SENTENCE_END.search(plain, begin, end + 90)
        rest = plain[begin : sentence_end.start() if sentence_end else end + 90]
        if _OF_EMPLOYER.search(near) or _AT_MOST.search(near) or _CONTRACT_OF.search(near) or _OF_CONTRACT.match(rest):
            continue
        if words.refused.search(near + " " + rest) or not (words.after.match(plain, begin, end + 90) or words.before.search(near)):
            continue
        if 0 < amount <= (1 if word == "an" else _MOST_YEARS):  # `15 an hour`
            found.append((m.start(), end, amount))
    return found


def _is_amount(word: str, before_unit: Collection[str]) -> bool:
    """Whether a unit may stand behind a word."""
    return word in before_unit or word.isdecimal()


def find_durations(plain: str, spans: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Durations that close a line without a date, `Waiter, Grand Hotel (1 year 6 months)`: list of (start, end, months).

    Args:
        spans: (start, end) of the parts to read.
    """
    units = _words().units
    found = []
    for begin, finish in spans:
        for m in _CLOSING_DURATION.finditer(plain, begin, finish):
            months = sum(
                float(number.replace(",", ".")) * units[unit.lower()][0]
                for number, unit in ((m[2], m[3]), (m[4], m[5]))
                if number and unit.lower() in units
            )
            if 0 < months <= 12 * _MOST_YEARS:
                found.append((m.start(1), m.end(1), int(months)))
    return found


def speaks_of_experience(document: NormalisedText, position: int) -> bool:
    """Whether the sentence at an offset has a word for experience or work near it."""
    start, end = document.sentence(position)
    return _words().experience.search(document.plain, max(start, position - _NEAR), min(end, position + _NEAR)) is not None


def _years(number: str, months: int, languages: set[str]) -> int:
    """Years of an amount in some unit, 0 where its number and its unit are of two languages."""
    if number[0].isdecimal():
        value = float(number.replace(",", "."))
    else:
        of = _words().numbers[number]
        value = next((n for language, n in of.items() if language in languages), 0)
    return int(value * months / 12)
