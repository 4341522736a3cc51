"""What a person does off work is no skill of a trade: `Off work: baking and gardening`."""

from __future__ import annotations

import re

from minirank.extract.normalised_text import within
from minirank.extract.rules.lexicon import Match, lexicon
from minirank.extract.rules.scanned_text import ScannedText

_WORDS = frozenset(
    "hobbies hobby interests leisure work time freizeit interessen loisirs intérêt aficiones intereses pasatiempos interessi interesses"
    " zainteresowania pasiuni interese intressen fritid hobbys passions".split()
)
_HOBBIES = re.compile(
    r"(?im)(?:^[^\w\n]{0,4}|[.;!?] {1,2})(?:(?:personal |other |my )?(?:hobbies|interests|hobby)(?: and (?:interests|hobbies))?|hobbys"
    r"|off work|outside (?:of )?work|(?:free|spare) time|leisure(?: activities)?|freizeit|interessen|hobbys und interessen|loisirs"
    r"|centres d'intérêt|passions|aficiones|intereses|pasatiempos|interessi|hobby e interessi|interesses|zainteresowania|pasiuni|interese"
    r"|intressen|fritid)[^\w\n]{0,4}(?P<heading>$)?|\b(?:in|during) my (?:free|spare|leisure) time\b|\bin meiner freizeit\b"
)


def at_work(scan: ScannedText) -> list[Match]:
    """The skills of a resume, a list of Match, but those of everyday domains that are hobbies."""
    words, plain, skills = lexicon(), scan.plain, scan.kinds["skill"]
    everyday = {name for name in {m.name for m in skills} if words.domain(name) in words.everyday}
    spans: list[tuple[int, int]] = []
    for m in _HOBBIES.finditer(plain) if everyday and scan.tokens.distinct & _WORDS else ():
        end = scan.sentence(m.end() - 1)[1] if m["heading"] is None else plain.find("\n\n", m.end())
        start = max(m.start(), spans[-1][1] if spans else 0)
        spans.append((start, max(start, end if end >= 0 else len(plain))))
    return [m for m in skills if not (m.name in everyday and within(spans, m.start))] if spans else skills
