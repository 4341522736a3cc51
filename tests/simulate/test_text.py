"""The phrasebook's unknown half is unknown to the rules, and texts say what their mentions claim."""

import itertools
import json
import re
from importlib import resources

import numpy as np
import pytest

from minirank.extract import extract_job
from minirank.simulate import World, WorldConfig, phrasebook
from minirank.simulate.wording import spelled

BOOK = phrasebook.load()
LEXICON = json.loads((resources.files("minirank.extract.rules") / "lexicon.json").read_text(encoding="utf-8"))
PARTS = ("skills", "titles", "soft_skills", "seniority", "education", "remote", "cues")


def _aliases():
    """alias in lower case -> canonical name, for all parts of the lexicon that carry a meaning."""
    out = {}
    for part in PARTS:
        for name, entry in LEXICON[part].items():
            for alias in [name, *entry["aliases"]] if isinstance(entry, dict) else entry:
                out[alias.lower()] = name
    return out


ALIASES = _aliases()
EXACT = {alias.lower(): alias for alias in LEXICON["exact_case"]}
# A heading is a whole line; inside a phrase its words mean nothing.
HEADINGS = {alias.lower() for entry in LEXICON["headings"].values() for alias in entry}


def _hits(phrase):
    phrase = phrase.format(x="", n=3, word="three")
    pattern = r"(?<!\w){}(?!\w)"
    return {
        name
        for alias, name in ALIASES.items()
        # SPEED: the plain search spares most of the regular expressions.
        if alias in phrase.lower()
        and re.search(pattern.format(re.escape(EXACT.get(alias, alias))), phrase if alias in EXACT else phrase.lower())
    }


def _entries(*parts):
    return [(part, name, entry) for part in parts or BOOK.phrases for name, entry in BOOK.phrases[part].items()]


def test_the_unknown_half_matches_no_alias_of_the_lexicon():
    for part, name, entry in _entries():
        for phrase in entry["unknown"]:
            assert not _hits(phrase), (part, name, phrase, _hits(phrase))
            assert part != "headings" or phrase.lower() not in HEADINGS, phrase


def test_the_known_half_means_what_it_says():
    for _, name, entry in _entries("skills", "titles", "seniority", "education", "remote", "cues"):
        for phrase in entry["known"]:
            assert name in _hits(phrase), (name, phrase, _hits(phrase))
    for _, _, entry in _entries("headings"):
        assert {phrase.lower() for phrase in entry["known"]} <= HEADINGS


def test_the_rules_find_one_half_and_not_the_other():
    for name, entry in BOOK.phrases["skills"].items():
        for phrase in entry["unknown"]:
            found = extract_job("Vacancy", f"Requirements\n- {phrase}\n").must_have
            assert all(value.source == "tagger" for value in found), name  # no lexicon names it; the phrase is not shown
        for phrase in entry["known"]:
            found = [value.value for value in extract_job("Vacancy", f"Requirements\n- {phrase}\n").must_have]
            assert name in found, (name, phrase, found)


def test_both_halves_are_of_one_size():
    for part, name, entry in _entries():
        assert len(entry["known"]) == len(entry["unknown"]) > 0, (part, name)
    assert len(BOOK.skills) >= 120 and len(BOOK.domains) >= 5
    assert BOOK.core.any(0).sum() >= 120 and BOOK.core.sum(1).min() >= 4


@pytest.mark.parametrize("number, words", [(0, "zero"), (13, "thirteen"), (20, "twenty"), (35, "thirty-five")])
def test_spelled_by_hand(number, words):
    assert spelled(number) == words


@pytest.fixture(scope="module")
def world():
    return World(WorldConfig(seed=2, impressions=2_000))


def test_jobs_say_all_that_they_ask_for(world):
    for row, (title, description, mentions) in enumerate(world.job_texts()):
        must = {world.book.skills[k] for k in world.jobs.must[row] if k >= 0}
        nice = {world.book.skills[k] for k in world.jobs.nice[row] if k >= 0}
        assert {m.value for m in mentions if m.kind == "must"} == must
        assert {m.value for m in mentions if m.kind == "nice"} == nice
        text = f"{title}\n{description}".lower()
        missing = [m.phrase for m in mentions if m.phrase.lower() not in text]
        assert len(missing) <= 2, missing  # a typo may sit in one or two


def test_resumes_say_all_that_their_people_can(world):
    for row, (text, mentions) in enumerate(world.resume_texts()):
        held = {world.book.skills[k] for k in np.flatnonzero(world.people.skill[row])}
        assert {m.value for m in mentions if m.kind == "skill"} == held
        missing = [m.phrase for m in mentions if m.phrase.lower() not in text.lower()]
        assert len(missing) <= 2, missing
        assert len(re.findall(r"[A-Z][a-z]{2} (19|20)\d\d", text)) >= world.people.entries[row] >= 1


def test_half_of_the_mentions_are_known(world):
    kinds = [m.known for _, mentions in world.resume_texts() for m in mentions if m.kind == "skill"]
    assert np.mean(kinds) == pytest.approx(0.5, abs=0.03)
    sure = World(WorldConfig(seed=2, impressions=500, known_share=1.0))
    assert all(m.known for *_, mentions in sure.job_texts() for m in mentions)


def test_layouts_differ(world):
    texts = [description for _, description, _ in world.job_texts()]
    bulleted = np.mean(["\n- " in text for text in texts])
    assert 0.2 < bulleted < 0.6
    assert 0.05 < np.mean(["," in text and text.count("\n") < 9 and "\n- " not in text for text in texts]) < 0.6


def test_snapshots_of_a_person_look_alike_and_grow(world):
    people = world.people
    texts = [text for text, _ in world.resume_texts()]
    several = [p for p in range(len(people.first) - 1) if people.first[p + 1] - people.first[p] > 1]
    assert len(several) > 50
    for person in several:
        rows = range(people.first[person], people.first[person + 1])
        assert len({texts[row].split("@")[0] for row in rows}) == 1
        held = [people.skill[row] > 0 for row in rows]
        assert all((old <= new).all() for old, new in itertools.pairwise(held))
        assert (np.diff(people.updated_at[list(rows)]) > 0).all()
