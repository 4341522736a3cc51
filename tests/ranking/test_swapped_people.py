"""Who a person is moves no score: over layouts, scripts, traits, past hires and a whole folder, no bit changes."""

import json
import re
import shutil

import numpy as np
import pytest
from people import FOREIGN, PEOPLE
from person_texts import NON_LATIN, TEXTS, text_of

from minirank.data import read_folder, split_by_time
from minirank.extract import extract_folder, extract_resume
from minirank.extract.masked_text import clean_text, read_text
from minirank.features import PastHires
from minirank.run.load_run import load_run
from minirank.run.prediction import predict

JOB = {"title": "Senior Data Engineer", "description": "You need Python, Ruby, Java and SQL. Django is a plus. 3+ years."}


def read_as(text):
    """The text that rules, and that words and similarities, are made of."""
    found = extract_resume(text)
    return read_text(text)[0].text, clean_text(text, found.flagged, found.masked)


@pytest.mark.parametrize("layout", TEXTS)
def test_layouts_read_the_same_whoever_it_is(layout):
    read = {person.name: read_as(text_of(layout, person)) for person in (*PEOPLE, *FOREIGN)}
    assert len(read) == 16
    for name, texts in read.items():
        assert texts == read["Jane Doe"], name


@pytest.mark.parametrize("language", NON_LATIN)
def test_other_scripts_read_the_same_whoever_it_is(language):
    template, people = NON_LATIN[language]
    assert len({read_as(template.format(*person)) for person in people}) == 1


def test_no_bit_of_a_score_changes(ranker):
    for layouts in (list(TEXTS)[:16], list(TEXTS)[16:]):
        texts = [
            {"resume_id": f"{layout} {n}", "text": text_of(layout, p)} for layout in layouts for n, p in enumerate((*PEOPLE, *FOREIGN))
        ]
        scores = {c.resume_id: (c.score, *c.probabilities.values()) for c in ranker.rank(JOB, texts, role="hr").candidates}
        for layout in layouts:
            assert len({scores[f"{layout} {n}"] for n in range(len(PEOPLE) + len(FOREIGN))}) == 1, layout


def predictions(run, folder):
    """Of every row of a folder."""
    dataset = run.encoder.dataset(folder, extract_folder(folder), split_by_time(folder, 0.2, 0.2, 0))
    return predict(run.executor, run.values, dataset.rows, run.config.model.position_field)


def test_names_of_a_whole_folder_past_hires_included(market, tmp_path):
    """Everybody gets another name and address, those hired before too: all predictions stay."""
    shutil.copytree(market[0], tmp_path / "data")
    run, path = load_run(market[1]), tmp_path / "data" / "resumes.jsonl"
    before = predictions(run, read_folder(path.parent))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for n, line in enumerate(lines):
        person = PEOPLE[n % len(PEOPLE)]
        name, address = re.match(r"(.+?)(?: \| |\n)(\S+)", line["text"]).groups()
        line["text"] = line["text"].replace(address, person.email).replace(name, person.name)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    swapped = read_folder(path.parent)
    assert len(PastHires.from_folder(swapped, extract_folder(swapped)).features) > 10
    after = predictions(run, swapped)
    assert len(before["ctr"]) == 2000
    for task in before:
        assert np.array_equal(before[task], after[task]), task
