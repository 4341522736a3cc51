"""Other words for a name, as the texts of a data folder show them: phrases that stand in the same company, but not beside it.

A writer says a thing once. So a phrase u and a name v that mean the same stand beside the same titles, names and phrases, and
hardly ever beside each other. Over the texts, with n_uv those that hold both and e_uv those that would if u and v were any
two things in such company,

    evidence = (1 - r) e_uv + n_uv ln r

is the log of how much likelier n_uv is under a mean of r e_uv than under one of e_uv (Poisson). e comes from the leading
eigenvectors of the matrix n, scaled by its margins, whose diagonal (a thing beside itself) is left out. With few texts e is
small and nothing is linked.

A link is to a name that extraction uses; two phrases that have none are linked to each other. Exclusion is no proof: what
compete with each other (two brands, two degrees) stand in the same company too, and hardly together. Hence the thresholds.

Vectors of a model that embeds link what is too rare for that: a phrase and a name whose cosine and company together are enough. By
the cosine alone two of three such links would be wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from minirank.extract import JobFeatures, ResumeFeatures, Value, lexicon
from minirank.extract.edited_text import EditedText
from minirank.extract.feature_columns import FeatureColumns
from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.lexicon import Match, Matcher, Tokens
from minirank.extract.rules.negation import affirmed
from minirank.extract.rules.requirements import label_requirements
from minirank.extract.rules.resume_words import negation_matcher, negations
from minirank.extract.schema import first_of_each
from minirank.features.phrase_scan import PhraseScanner
from minirank.features.phrases import SKILLS, Frames, ReadText, Words
from minirank.progress import counted

Found = tuple[str, Any]  # a text's plain form without flagged and masked spans, and what extraction found in it
Vectors = Callable[[list[str]], np.ndarray]  # n phrases -> (n, width), such as a server's embeddings
MOST_TEXTS = 5_000  # jobs, and resumes, that links are learned from
CHUNK = 2_048  # texts that are multiplied at a time
LEAST, LEAST_NAMES = 8, 3  # texts that must hold a phrase; a name or a title
MOST_PHRASES, MOST_NAMES, MOST_TITLES = 1_500, 800, 200  # the most frequent ones
RANK, THINGS = 20, 6  # eigenvectors, and at least so many things for each
SPARE, STEPS = 20, 12  # further columns of the basis in which they are sought, and steps
REPEATED = 0.05  # r
# The least evidence, company and `beside` of a link to a name, and of one to another phrase; chosen in worlds of seeds 11 and 12.
OF_NAME, OF_PHRASE = (2.0, 0.5, 0.3), (2.5, 0.6, 0.4)
# With vectors: texts that must hold a phrase, and the least cosine + company / 2; chosen in the world of seed 11, 2,000 impressions.
LEAST_ALIKE, ALIKE = 3, 0.7


@dataclass(frozen=True)
class Links:
    """Other words for the names of skills.

    Args:
        names: phrase, its words in lower case with a space between -> name.
    """

    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def fit(cls, jobs: Iterable[Found], resumes: Iterable[Found], vectors: Vectors | None = None) -> Links:
        """Links that training texts show.

        Args:
            jobs, resumes: those of each; of people with several snapshots one.
            vectors: as `find_alike` takes them, or None.
        """
        chosen = [pair for found in (jobs, resumes) for pair in spread(list(found))]
        texts = [ReadText(text, features) for text, features in counted("reading phrases", chosen, len(chosen), "texts")]
        found = {} if vectors is None else find_alike(Things.of(texts, LEAST_ALIKE), vectors)
        found |= find_links(Things.of(texts))
        return cls({" ".join(phrase): name for phrase, name in sorted(found.items())})

    def job(self, text: EditedText, title: int, features: JobFeatures) -> JobFeatures:
        """The features with what linked phrases of the job ask for, demanded or welcome as the words around say.

        Args:
            text: of title, line break and description, without flagged and masked spans.
            title: characters of the title.
            features: of the job.
        """
        tokens, found = self._find(text.text, features)
        if not found:
            return features
        document = NormalisedText(text, text.text, lexicon().job_headings)
        asked = [m for m in found if document.section(m.start) != "other"]
        must, nice = label_requirements(document, asked, lexicon().cues.scan(tokens), text.text_span(0, title)[1])
        taken = {m.name for m in must}
        nice = [m for m in nice if m.name not in taken]
        return replace(
            features, must_have=(*features.must_have, *_values(text, must)), nice_to_have=(*features.nice_to_have, *_values(text, nice))
        )

    def resume(self, text: EditedText, features: ResumeFeatures) -> ResumeFeatures:
        """The features with the skills that linked phrases of the resume name; `text` is that of the resume."""
        tokens, found = self._find(text.text, features)
        found = affirmed(text.text, found, negations(tokens)) if found else []
        return replace(features, skills=(*features.skills, *_values(text, found))) if found else features

    def named_in(self, texts: Sequence[str], columns: FeatureColumns) -> tuple[np.ndarray, list[str]]:
        """What `resume` adds to each of n resumes: (m,) rows, ascending, and m names.

        Args:
            texts: n plain forms. columns: of what extraction found.
        """
        if not self.names:
            return np.empty(0, np.int32), []
        found, marks = self._scanner.scan(texts), negation_scanner().scan(texts)
        skills = columns.of(*set(SKILLS) & {field.name for field in fields(columns.kind)})
        place = {name: code for code, name in enumerate(columns.texts)}
        codes = np.array([place.get(name, -1) for _, name in self._scanner.found])[found[:, 3]]
        held = skills[skills[:, 3] == 0].astype(np.int64)
        found = found[~np.isin(found[:, 0].astype(np.int64) * 2**31 + codes, held[:, 0] * 2**31 + held[:, 2])]
        rows, names, ends = [], [], np.searchsorted(marks[:, 0], np.arange(len(texts) + 1)).tolist()
        for row, mentions in groupby(found.tolist(), itemgetter(0)):
            matches = [Match(start, end, *self._scanner.found[which]) for _, start, end, which in mentions]
            denials = [Match(start, end, "not", "not") for _, start, end, _ in marks[ends[row] : ends[row + 1]].tolist()]
            told = list(dict.fromkeys(match.name for match in affirmed(texts[row], matches, denials)))
            rows += [row] * len(told)
            names += told
        return np.array(rows, np.int32), names

    @cached_property
    def _scanner(self) -> PhraseScanner:
        return PhraseScanner(self._matcher)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher((phrase, "skill", name) for phrase, name in self.names.items())

    def _find(self, plain: str, features: Any) -> tuple[Tokens, list[Match]]:
        """The words of a text, and the linked phrases there whose names its features do not have."""
        tokens = Tokens(plain if self.names else "")
        found = self._matcher.scan(tokens)
        if found:
            named = {value.value for key in SKILLS for value in getattr(features, key, ()) if value.source != "tagger"}
            found = [m for m in found if m.name not in named]
        return tokens, found


def spread(texts: list) -> list:
    """At most MOST_TEXTS of them, evenly."""
    return texts[:: max(1, -(-len(texts) // MOST_TEXTS))]


def _values(text: EditedText, found: Iterable[Match]) -> tuple[Value, ...]:
    spans = [(m.name, *text.source_span(m.start, m.end)) for m in found]
    return first_of_each(Value(name, text.source[start:end], start, end, "links") for name, start, end in spans)


@cache
def negation_scanner() -> PhraseScanner:
    """Of `negations`."""
    return PhraseScanner(negation_matcher())


@dataclass(frozen=True)
class Things:
    """Phrases, names and titles, and the texts that hold them.

    Args:
        phrases, names: M phrases, K names of skills.
        held: (texts, V) float64 sparse of ones; phrases come first, then names, then titles.
        beside: (M,) share of a phrase's places where a skill stands beside it.
    """

    phrases: tuple[Words, ...]
    names: tuple[str, ...]
    held: csr_array
    beside: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[ReadText], least: int = LEAST) -> Things:
        """Those of texts, each of which should be another person's or another job's; `least`: texts that must hold a phrase."""
        frames = Frames(texts)
        read = [list(text.phrases(frames)) for text in texts]
        frequency = Counter(phrase for items in read for phrase in {p for _, _, ways in items for _, p in ways})
        said: list[set[Words]] = []
        places: Counter[Words] = Counter()
        beside: Counter[Words] = Counter()
        for items in read:
            phrases = set()
            for _, near, ways in items:
                if ways:
                    _, phrase = max(ways, key=lambda way: (frequency[way[1]], way[0]))
                    phrases.add(phrase)
                    places[phrase] += 1
                    beside[phrase] += near
            said.append(phrases)
        rows: list[int] = []
        columns: list[int] = []
        kept: list[tuple] = []
        kinds = (
            (said, least, MOST_PHRASES),
            ([text.names for text in texts], LEAST_NAMES, MOST_NAMES),
            ([{text.title} - {None} for text in texts], LEAST_NAMES, MOST_TITLES),
        )
        for sets, fewest, most in kinds:
            first = sum(map(len, kept))
            kept.append(_frequent(sets, fewest, most))
            place = {thing: first + at for at, thing in enumerate(kept[-1])}
            for row, found in enumerate(sets):
                here = sorted(place[thing] for thing in found if thing in place)
                rows += [row] * len(here)
                columns += here
        held = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(texts), sum(map(len, kept))))
        return cls(kept[0], kept[1], held, np.array([beside[phrase] / places[phrase] for phrase in kept[0]]))

    def together(self) -> np.ndarray:
        """(V, V) float64, texts that hold both of two things."""
        counts = np.zeros((self.held.shape[1],) * 2)
        for first in range(0, self.held.shape[0], CHUNK):
            part = self.held[first : first + CHUNK].toarray().astype(np.float32)  # whole numbers, exact
            counts += part.T @ part
        return counts


def find_links(things: Things) -> dict[Words, str]:
    """The name that each phrase is another word for; phrases without one are left out.

    Two phrases without a name that are each other's best partner have the more frequent one's words as their name.
    """
    phrases, names = len(things.phrases), len(things.names)
    if not phrases or not names:
        return {}
    together = things.together()
    expected, company = _expected(together, slice(phrases), slice(phrases + names))
    evidence = (1 - REPEATED) * expected + np.log(REPEATED) * together[:phrases, : phrases + names]
    of_name, of_phrase = (
        evidence[:, part] * ((evidence[:, part] >= least) & (company[:, part] >= alike) & (things.beside >= beside)[:, None])
        for part, (least, alike, beside) in ((slice(phrases, None), OF_NAME), (slice(phrases), OF_PHRASE))
    )
    linked = {row: things.names[of_name[row].argmax()] for row in np.flatnonzero(of_name.any(axis=1)).tolist()}
    unnamed = (things.beside >= OF_PHRASE[2]) & ~of_name.any(axis=1)
    of_phrase = np.triu(of_phrase, 1) * unnamed[:, None] * unnamed  # phrases come in the order of their frequency
    of_phrase = of_phrase + of_phrase.T
    partner = of_phrase.argmax(axis=1)
    for row in np.flatnonzero(of_phrase.any(axis=1)).tolist():
        if partner[partner[row]] == row:
            linked[row] = " ".join(things.phrases[min(row, int(partner[row]))])
    return {things.phrases[row]: name for row, name in sorted(linked.items())}


def find_alike(things: Things, vectors: Vectors) -> dict[Words, str]:
    """The name that each phrase means like, by vectors and company; phrases without one are left out.

    They are not found together more often than two words for one thing, and no phrase is a part of its name.

    Args:
        vectors: of phrases and names; rows of 0 where there is none.
    """
    count, names = len(things.phrases), things.names
    rows = np.flatnonzero(things.beside >= OF_NAME[2])
    if not len(rows) or not names:
        return {}
    together, columns = things.together(), slice(count, count + len(names))
    expected, company = (found[rows] for found in _expected(together, slice(count), columns))
    phrases = [things.phrases[row] for row in rows.tolist()]
    given = vectors([*map(" ".join, phrases), *names]).astype(np.float64)
    given /= np.maximum(np.linalg.norm(given, axis=1, keepdims=True), 1e-12)
    alike = given[: len(rows)] @ given[len(rows) :].T + company / 2
    part = np.array([[set(phrase) <= set(name.split()) for name in names] for phrase in phrases])
    alike *= (alike >= ALIKE) & (together[rows, columns] <= REPEATED * expected + 0.5) & ~part
    best = alike.argmax(axis=1)
    return {phrase: names[place] for phrase, place, row in zip(phrases, best.tolist(), alike) if row[place] > 0}


def _expected(together: np.ndarray, rows: slice, columns: slice) -> tuple[np.ndarray, np.ndarray]:
    """How often two things would stand in the same text, and the cosine of their company.

    With m the sums of n without its diagonal, n_uv ~ sqrt(m_u m_v) sum_k w_k q_uk q_vk, w and q the leading eigenpairs of
    n_uv / sqrt(m_u m_v); its diagonal is what the eigenpairs of the step before say of it.
    """
    scaled = together.copy()
    np.fill_diagonal(scaled, 0)
    margin = np.sqrt(np.maximum(scaled.sum(axis=1), 1))
    scaled /= margin
    scaled /= margin[:, None]
    size = len(scaled)
    rank = max(1, min(RANK, size // THINGS))
    basis = np.random.default_rng(0).normal(size=(size, min(size, rank + SPARE)))
    for _ in range(STEPS):
        basis, _ = np.linalg.qr(scaled @ basis)  # subspace iteration
        weights, inner = np.linalg.eigh(basis.T @ (scaled @ basis))
        vectors = basis @ (inner[:, -rank:] * np.sqrt(np.maximum(weights[-rank:], 0)))
        np.fill_diagonal(scaled, (vectors**2).sum(axis=1))
    product = np.maximum(vectors[rows] @ vectors[columns].T, 0)
    length = np.sqrt(np.maximum(scaled.diagonal(), 1e-12))
    return product * margin[rows, None] * margin[columns], product / length[rows, None] / length[columns]


def _frequent(sets, least: int, most: int) -> tuple:
    """What at least so many sets hold, the most frequent first."""
    count = Counter(thing for found in sets for thing in found)
    return tuple(sorted((thing for thing, n in count.items() if n >= least), key=lambda thing: (-count[thing], thing))[:most])
