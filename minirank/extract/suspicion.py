"""Spans of a document that speak to a machine: instructions, chat control tokens, hidden text, stuffing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate, pairwise
from operator import eq

from minirank.extract.rules.lexicon import Tokens, lexicon
from minirank.extract.schema import Flag

_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e01ef]{3,}")

_CONTROL = re.compile(
    r"(?i)<\|[^|<>\n]{1,40}\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|</?(?:s|system|assistant|human)>"
    r"|###\s?(?:system|instructions?|assistant|response)\b|\b(?:system|assistant) (?:prompt|message)\s?:"
    r"|\"(?:relevance|score|rating|ranking|confidence|grade)\"\s?:\s?\"?\d|\"role\"\s?:\s?\"(?:system|assistant|user)\""
)
_CONTROL_SIGNS = ("<", "[", "###", "prompt", "message", '":', '" :')
_CONTROL_REACH = 2000  # characters: a pair of control tokens this close takes what lies between with it

# Matched only where a word of _TRIGGERS stands.
_INSTRUCTION = re.compile(
    r"(?i)(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,40}?\b(?:previous|prior|above|preceding|earlier|all|any"
    r"|other|system|your)\b[^.!?\n]{0,30}?\b(?:instructions?|prompts?|directions|guidelines|commands?"
    r"|criteria|candidates|resumes|applicants)\b"
    r"|you are now (?:an?|the|in)\b|system prompt\b|prompt injection:"
    r"|as an? (?:ai|large|language)\b[^.!?\n]{0,20}\bmodel,"
    r"|(?:rate|rank|score|grade|classify|label|mark|treat|evaluate|recommend|shortlist|select|hire|list)\s(?:this|me"
    r"|the(?= (?:candidate|resume|cv|applicant|profile|person)\b))\b[^.!?\n]{0,60}?\b(?:first|top|highest|best|perfect"
    r"|ideal|excellent|above all|100|10/10|10 out of 10|senior|regardless|as the|qualified|strong match)\b"
    r"|(?:rate|rank|score|hire|shortlist) this (?:candidate|resume|cv|applicant|profile)\b"
    r"|(?:give|assign|award|return|output) (?:this|me|the|a)\b[^.!?\n]{0,40}?\b(?:score|rating|rank|ranking|grade) of\b"
    r"|(?:respond|reply|answer|output|return)(?: only)?(?: with)? (?:only |exactly |just )(?:json|yes|\"|'|the word"
    r"|the following|nothing)"
    r"|(?:note|message|attention|instructions?|hint)s? (?:to|for) (?:the |any |all )?(?:ai|llms?|chatgpt|gpt|language"
    r" models?|screening|ats|automated|parser)\b"
    r"|(?:if you are|when you are|dear) (?:an? |the )?(?:ai|llm|chatgpt|language model|large language model|bot)\b"
    r"|do not (?:mention|reveal|disclose) (?:this|these|the) (?:instructions?|prompts?|notes?)\b"
    r"|(?:ignore|disregard|forget) (?:what(?:ever)? you (?:were|have been|are) (?:told|instructed|asked)"
    r"|(?:everything|anything|all)\b[^.!?\n]{0,20}?\b(?:told|said|written|instructed|above|before))\b"
    r"|automated (?:reviewer|screener|recruiter|assistant)s?\s?:"
    r"|(?:ignorier|vergiss|vergessen|missachte)\w{0,3}\b[^.!?\n]{0,40}?\b(?:anweisung|vorgabe|instruktion)\w{0,3}\b"
    r"|bewerten? (?:sie )?(?:dies|mich|den lebenslauf|die bewerbung)\w{0,3}\b"
    r"|(?:ignor|oubli|olvid|neg)\w{1,4} [^.!?\n]{0,24}?"
    r"\b(?:instructions|consignes|instrucciones|istruzioni|instruções|instructies)\b"
    r"|(?:忘记|无视|忽略)[^。！？\n]{0,12}(?:指令|指示|(?:之前|以上|前面)的?要求)|(?:指示|命令)を?(?:すべて|全て)?無視"
    r"|이전[^.\n]{0,12}(?:지시|명령)[^.\n]{0,6}무시"
    r"|忽略(?:之前|以上|先前|所有|前面)[^。！？\n]{0,12}(?:指令|指示|提示|说明)|(?:以前|上記|これまで)の指示[^。！？\n]{0,8}無視"
)
_TRIGGERS = frozenset(
    "ignore disregard forget override bypass you system prompt as rate rank score grade classify label mark treat"
    " evaluate recommend shortlist select hire list give assign award return output respond reply answer note notes"
    " message messages attention instruction instructions hint if when dear do automated ignoriere ignorieren ignoriert"
    " vergiss vergessen missachte missachten bewerte bewerten ignorez ignorer oubliez oublie oublier ignora ignorar"
    " ignore ignoren ignorad olvida olvide olvidad negeer 忽 忘 无 以 上 こ 指 命 이".split()
)

_REPEATS = 4  # the same word in a row
_STUFFED_MENTIONS, _STUFFED_GAP = 8, 45  # the same skill that often, with at most so many characters between
_STUFFED_LISTS, _LIST_GAP = (12, 20, 32, 48), 30  # so many mentions of few skills, likewise
_LISTED_TIMES = 4  # the mentions of a skill in such a crowd, on average
_BARE_GAP = 3  # characters: mentions this close have nothing but punctuation between

_END = re.compile(r"[.!?。！？](?=\s|$)|[。！？\n]")
_BEGIN = re.compile(r"[.!?。！？]\s|[。！？\n]")
_SENTENCE_REACH = 400
_TAIL_REACH = 160  # characters behind an instruction


def find_suspicious(plain: str, tokens: Tokens) -> list[Flag]:
    """Flags of the spans that are instructions to a model, control tokens or repeated words.

    Args:
        plain: the plain form of a text.
        tokens: Tokens(plain).
    Returns: list of Flag, sorted, merged where they touch.
    """
    return merge_flags(_control(plain) + _instructions(plain, tokens) + _repeats(plain, tokens))


def find_hidden(source: str) -> list[Flag]:
    """Flags of runs of characters that nobody sees, which plain forms leave out: a reader may want to know of them."""
    runs = () if source.isascii() else _HIDDEN.finditer(source)
    return [Flag(m.start(), m.end(), "hidden characters") for m in runs]


def find_stuffing(skills: Iterable[tuple[int, int, str]]) -> list[Flag]:
    """Flags of the places where one skill, or a short list of them, is named again and again.

    A bare run of one skill is no sentence and is flagged as a whole. Of other crowds the first mention of each skill
    may stand.

    Args:
        skills: iterable of (start, end, name) in text order.
    Returns: list of Flag.
    """
    skills = list(skills)
    found = list(_bare_runs(skills))
    skills = [skill for skill in skills if not any(f.start <= skill[0] < f.end for f in found)]
    mentions: dict[str, list[tuple[int, int]]] = {}
    for start, end, name in skills:
        mentions.setdefault(name, []).append((start, end))
    for spans in mentions.values():
        for first in range(len(spans) - _STUFFED_MENTIONS + 1):
            crowd = spans[first : first + _STUFFED_MENTIONS]
            if _widest_gap(crowd) <= _STUFFED_GAP:
                found.append(Flag(crowd[1][0], crowd[-1][1], "keyword stuffing"))
    if max(map(len, mentions.values()), default=0) >= _LISTED_TIMES:
        found += _stuffed_lists(skills)
    return merge_flags(found)


def _bare_runs(skills):
    """Flags of mentions of one skill with nothing but punctuation between."""
    first = 0
    for at in range(1, len(skills) + 1):
        joined = at < len(skills) and skills[at][2] == skills[first][2] and skills[at][0] - skills[at - 1][1] <= _BARE_GAP
        if not joined:
            if at - first >= _REPEATS:
                yield Flag(skills[first][0], skills[at - 1][1], "keyword stuffing")
            first = at


def _stuffed_lists(skills):
    """Flags of crowds in which each of a few skills stands several times."""
    wide = [0, *accumulate(after[0] - before[1] > _LIST_GAP for before, after in pairwise(skills))]
    for size in _STUFFED_LISTS:
        times = Counter(name for _, _, name in skills[: size - 1])
        for first in range(len(skills) - size + 1):
            times[skills[first + size - 1][2]] += 1
            if _LISTED_TIMES * len(times) <= size and wide[first] == wide[first + size - 1]:
                crowd = skills[first : first + size]
                opened = {name: place for place, (_, _, name) in reversed(list(enumerate(crowd)))}
                again = [skill for place, skill in enumerate(crowd) if place > opened[skill[2]]]
                yield Flag(again[0][0], again[-1][1], "keyword stuffing")
            name = skills[first][2]
            times[name] -= 1
            if not times[name]:
                del times[name]


def _widest_gap(mentions):
    """Characters between neighbouring mentions, the most."""
    return max(after[0] - before[1] for before, after in pairwise(mentions))


def merge_flags(flags: Iterable[Flag]) -> list[Flag]:
    """Flags sorted and joined where they overlap or touch; the first one's reason stays."""
    merged: list[Flag] = []
    for flag in sorted(flags, key=lambda f: (f.start, -f.end)):
        if merged and flag.start <= merged[-1].end:
            last = merged[-1]
            merged[-1] = Flag(last.start, max(last.end, flag.end), last.reason)
        else:
            merged.append(flag)
    return merged


def _control(text):
    """Control tokens; two within reach of each other take what lies between, the last one its line."""
    found: list[Flag] = []
    for m in _CONTROL.finditer(text) if any(sign in text for sign in _CONTROL_SIGNS) else ():
        if found and m.start() - found[-1].end <= _CONTROL_REACH:
            found[-1] = Flag(found[-1].start, m.end(), "control token")
        else:
            found.append(Flag(m.start(), m.end(), "control token"))
    return [Flag(f.start, _line_end(text, f.end), f.reason) for f in found]


def _line_end(text, position):
    end = text.find("\n", position, position + _SENTENCE_REACH)
    return end if end >= 0 else min(len(text), position + _SENTENCE_REACH)


def _instructions(text, tokens):
    """Whole sentences around an instruction, and those behind them on their line that say nothing a rule would read."""
    found, past = [], 0
    for start in tokens.positions(_TRIGGERS):
        if start < past:
            continue
        m = _INSTRUCTION.match(text, start)
        if m is None:
            continue
        begin = max(past, start - _SENTENCE_REACH)
        for before in _BEGIN.finditer(text, begin, start):
            begin = before.end()
        stop = _END.search(text, m.end() - 1, m.end() + _SENTENCE_REACH)
        past = max(m.end(), stop.end() if stop else min(len(text), m.end() + _SENTENCE_REACH))
        past = _empty_words(text, past)
        found.append(Flag(begin, past, "instruction"))
    return found


def _empty_words(text, position):
    """Where the words end that go with an instruction, such as `They are all fulfilled here.`"""
    if text[position - 1] == "\n":
        return position
    words, reach = lexicon(), min(len(text), position + _TAIL_REACH)
    line = text.find("\n", position, reach)
    limit = reach if line < 0 else line
    while position < limit:
        stop = _END.search(text, position, limit)
        end = stop.end() if stop else limit
        sentence = Tokens(text[position:end])
        cut = not stop and line < 0 and reach < len(text)  # longer than an afterthought
        if cut or words.facts.scan(sentence) or words.titles.scan(sentence) or words.levels.scan(sentence):
            break
        position = end
    return position


def _repeats(plain, tokens):
    """Runs of one word, with nothing but punctuation between."""
    names = list(filter(str.isalnum, tokens.words))
    if not any(map(eq, names, names[1:])):
        return []
    runs = [i for i, (a, b) in enumerate(zip(names, names[_REPEATS - 1 :], strict=False)) if a == b]
    if not runs:
        return []
    words = [(w, s, e) for w, s, e in zip(tokens.words, tokens.starts, tokens.ends, strict=True) if w.isalnum()]
    found = []
    for at in runs:
        start = words[at][1]
        _, last, end = words[at + _REPEATS - 1]
        placeholder = plain[last - 1] in "<[{"  # `<LOCATION> <LOCATION>` of a de-identified text
        if len(set(names[at : at + _REPEATS])) == 1 and len(names[at]) > 1 and not placeholder:
            found.append(Flag(start, end, "keyword stuffing"))
    return merge_flags(found)
