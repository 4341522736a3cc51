"""The lexicon and the matcher that finds its phrases: one token trie, longest match first."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from itertools import accumulate, chain
from typing import NamedTuple

# A word of a script with spaces, a line break, or any other single character (CJK characters one by one).
# Hyphens separate words, so that `full-stack` and `full stack` are the same phrase.
# \x01 stands for a character of a flagged span (see scanned_text).
_TOKENS = re.compile(r"([0-9A-Za-z\u00c0-\u024f\u0370-\u052f]+|\n|\x01+|[^\s\-])")
_HEADING_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_NUMBERS = re.compile(r"\d")
_MOST_HEADING_WORDS = 6
_JOINED = frozenset("and und et y e en i och og a и та".split())
_DOUBLING = frozenset("plan set run map program debug ship control refer get".split())  # `planning`, `setting`


class Match(NamedTuple):
    """A phrase of the lexicon found in a text: offsets, kind ("skill", "title", ...) and canonical name."""

    start: int
    end: int
    kind: str
    name: str


class Tokens:
    """The words of a text in lower case, with their offsets; `distinct` is the set of them."""

    __slots__ = ("distinct", "ends", "starts", "words")

    def __init__(self, text: str) -> None:
        # SPEED: split, accumulate and map run in C, in a third of the time of a finditer loop.
        ascii_only = text.isascii()
        parts = _TOKENS.split(text.lower() if ascii_only else text)
        offsets = list(accumulate(map(len, parts)))
        self.starts = offsets[0:-1:2]
        self.ends = offsets[1::2]
        # One capital can have two small letters (U+0130): lower case is made word by word, after the offsets.
        self.words = parts[1::2] if ascii_only else list(map(str.lower, parts[1::2]))
        self.distinct = set(self.words)

    def positions(self, wanted: Collection[str]) -> list[int]:
        """Offsets of the words that are in a set."""
        if self.distinct.isdisjoint(wanted):
            return []
        return [start for word, start in zip(self.words, self.starts, strict=True) if word in wanted]


class Matcher:
    """Finds phrases in tokens, longest first, without overlaps.

    Args:
        phrases: iterable of (phrase, kind, canonical name). A phrase may stand for several kinds; one of kind None is not
            found, and nothing within it is.

    Attributes:
        trie: word -> the trie of what may follow; None -> (kind, canonical name) of each phrase that ends there.
    """

    def __init__(self, phrases: Iterable[tuple[str, str | None, str]]) -> None:
        self.trie: dict = {}
        for phrase, kind, name in phrases:
            node = self.trie
            for word in Tokens(phrase).words:
                node = node.setdefault(word, {})
            found = node.setdefault(None, [])
            if (kind, name) not in found:
                found.append((kind, name))
        self._first = frozenset(self.trie)

    def scan(self, tokens: Tokens) -> list[Match]:
        """Matches in text order, a list of Match."""
        found: list[Match] = []
        begins = self._first & tokens.distinct  # SPEED: a handful of words, looked up instead of the whole trie
        if not begins:
            return found
        trie, past, words = self.trie, 0, [*tokens.words, ""]  # no phrase has an empty word
        for first in [i for i, word in enumerate(words) if word in begins]:
            if first < past:
                continue
            at, node, best = first, trie[words[first]], None
            while node is not None:
                at += 1
                if None in node:
                    best, past = node[None], at
                node = node.get(words[at])
            if best is not None:
                start, end = tokens.starts[first], tokens.ends[past - 1]
                found += [Match(start, end, kind, name) for kind, name in best if kind is not None]
        return found


class Lexicon:
    """lexicon.json, compiled.

    Args:
        data: the file as it is.

    `facts`: Matcher of skills, soft skills, languages, education levels, remote policies.
    `titles`, `levels`: Matchers of titles and of seniority words.
    `cues`: Matcher of must, nice, weak and negation cues.
    `fields`: Matcher of fields of study.
    `exact`: lower case -> spellings that count only in this case (`Go`, `R`, `Excel`).
    `ordinary`: language -> spellings of skills and titles, in lower case, that are ordinary words of it (French `chef`).
    `everyday`: domains whose skills are done at home as well.
    `employers`: spellings of skills, in lower case, that are names of companies too.
    `boilerplate`: Matcher of phrases whose sentences ask nothing of a candidate: benefits, equal opportunity, privacy.
    `verbs`: form of an action verb -> "base", "ing" or "s".
    `job_headings`, `resume_headings`: heading in lower case -> section kind of a job description, of a resume.
    """

    def __init__(self, data: dict) -> None:
        self.data = data
        named = [_named(data[key], kind) for key, kind in (("skills", "skill"), ("soft_skills", "soft"), ("languages", "language"))]
        nothing = [(phrase, None, "") for phrase in data["no_facts"]]
        self.facts = Matcher(chain(*named, _listed(data["education"], "education"), _listed(data["remote"], "remote"), nothing))
        self.titles = Matcher(chain(_named(data["titles"], "title"), ((phrase, None, "") for phrase in data["no_titles"])))
        self.levels = Matcher(chain(_listed(data["seniority"], "seniority"), ((phrase, None, "") for phrase in data["no_levels"])))
        cues = ((cue, kind, cue.replace("-", " ")) for kind, phrases in data["cues"].items() for cue in phrases)
        self.cues = Matcher(chain(cues, ((phrase, None, "") for phrase in data["no_cues"])))
        self.boilerplate = Matcher((phrase, "boilerplate", phrase) for phrase in data["boilerplate"])
        self.fields = Matcher((phrase, "field", phrase) for phrase in data["education_fields"])
        self.exact: dict[str, set[str]] = {}
        for spelling in data["exact_case"]:
            self.exact.setdefault(spelling.lower(), set()).add(spelling)
        self.everyday = frozenset(data["everyday_domains"])
        self.employers = frozenset(data["employers"])
        self.ordinary: dict[str, set[str]] = {}
        for word, languages in data["ordinary"].items():
            for language in languages.split():
                self.ordinary.setdefault(language, set()).add(word)
        self.verbs = _inflected(data["verbs"])
        self.job_headings = _headings(data["headings"], ("must", "nice", "responsibilities", "other", "fact"))
        kinds = ("experience", "skills", "education", "languages", "summary", "apart")
        self.resume_headings = _Headings(_headings(data["headings"], kinds), data["heading_words"])

    def phrases(self) -> Iterator[str]:
        """All words and phrases of the file, headings and verbs included."""
        yield from _strings(self.data)

    def domain(self, skill: str) -> str | None:
        """Domain of a canonical skill name, or None when the lexicon does not know it."""
        return self.data["skills"].get(skill, {}).get("domain")

    def title_domain(self, title: str) -> str | None:
        """Domain of a canonical title, or None when the lexicon does not know it."""
        return self.data["titles"].get(title, {}).get("domain")


class _Headings(dict[str, str]):
    """Headings by their phrases, else by their words: `Selected Work & Volunteer Experience`.

    Every word must be one of headings, and one must tell the kind: "apart" (volunteering, hobbies, references) before
    "education" before "experience", which wins beside education where both are joined (`Education and Experience`).
    """

    def __init__(self, phrases: Mapping[str, str], words: Mapping[str, list[str]]) -> None:
        super().__init__(phrases)
        self._of_kind = {kind: frozenset(" ".join(lines).split()) for kind, lines in words.items()}
        self._known = frozenset().union(*self._of_kind.values())

    def get(self, head, default=None):
        """Kind of a heading in lower case."""
        if (kind := super().get(head)) is not None:
            return kind
        name, _, after = _NUMBERS.sub("\n", head.partition("(")[0], count=1).partition("\n")
        if not name or _HEADING_WORD.search(after):  # `Experience 2010 - 2020` is one, `10 years of experience` is none
            return default
        words = _HEADING_WORD.findall(name.replace("i\u0307", "i"))  # the small letter of a dotted capital I
        if not 0 < len(words) <= _MOST_HEADING_WORDS or not self._known.issuperset(words):
            return default
        told = [kind for kind in ("apart", "education", "experience") if not self._of_kind[kind].isdisjoint(words)]
        if told == ["education", "experience"]:
            return "education" if _JOINED.isdisjoint(words) and "&" not in head else "experience"
        return told[0] if told else default


@cache
def lexicon() -> Lexicon:
    """The lexicon of the package, read once."""
    return Lexicon(json.loads(resources.files(__package__).joinpath("lexicon.json").read_text(encoding="utf-8")))


def _strings(item):
    if isinstance(item, str):
        yield item
    else:
        yield from chain.from_iterable(map(_strings, chain(item, item.values()) if isinstance(item, dict) else item))


def _named(entries, kind):
    for name, entry in entries.items():
        for phrase in (name, *entry["aliases"]):
            yield phrase, kind, name


def _listed(entries, kind):
    for name, phrases in entries.items():
        for phrase in phrases:
            yield phrase, kind, name


def _headings(headings, kinds):
    """As they are spelled, and without accents, as capitals often are."""
    spelled = {phrase: kind for kind in kinds for phrase in headings[kind]}
    return {unicodedata.normalize("NFD", phrase).encode("ascii", "ignore").decode(): kind for phrase, kind in spelled.items()} | spelled


def _inflected(verbs):
    """Forms of regular and doubling verbs (`plan`, `plans`, `planning`); irregular ones keep their -ing form."""
    forms: dict[str, str] = {}
    for verb in verbs:
        silent_e = verb.endswith("e") and not verb.endswith(("ee", "oe"))
        stem = verb[:-1] if silent_e else verb + verb[-1] if verb in _DOUBLING else verb
        if verb.endswith("y") and verb[-2] not in "aeiou":
            third_person = verb[:-1] + "ies"
        else:
            third_person = verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z")) else "s")
        forms |= {third_person: "s", stem + "ing": "ing", verb: "base"}
    return forms
