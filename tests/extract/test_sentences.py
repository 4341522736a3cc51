"""Extraction sentence by sentence: what is asked, what the rules make of the marks, what is asked once, a kill in the middle."""

import json
import re
import time
from pathlib import Path

import pytest
from checkout import start_python
from extraction_server import names, serving, write_folder

from minirank.cli import main
from minirank.data import read_folder
from minirank.extract import extract_folder
from minirank.extract.llm.asker import Asker
from minirank.extract.llm.extract_llm import extract_folder_llm
from minirank.extract.llm.sentences import MOST_WORDS, SentenceDocument, sentence_prompt
from minirank.llm_client import Bulk, Client, Limits, Store

JOBS = {
    "j1": ("Brewer", "Requirements:\nYou know zymurgy and Python.\nWe do not need mash tuning.\nNice to have\nA plus is cask repair."),
    "j2": ("Brewer", "We ask for hop picking.\nYou know zymurgy and Python."),
}
RESUMES = [("r1", "Ann Lee, ann@x.org\nBrewer. Knows zymurgy and cask repair, no hop picking."), ("r2", "Brauer\nKann Maische rühren.")]
MARKS = re.compile("zymurgy|mash tuning|cask repair|hop picking|Maische rühren")


def marking(messages):
    return json.dumps({"skills": MARKS.findall(messages[-1]["content"])})


@pytest.fixture
def folder(tmp_path):
    return read_folder(write_folder(tmp_path, JOBS, RESUMES))


def ask(folder, url, **options):
    client = Client(url, "m", timeout=60, limits=Limits(concurrency=2, retries=0))
    with Store(folder.path / "llm.sqlite") as store:
        return extract_folder_llm(folder, Asker(client, store), style="spans", **options)


def test_the_model_marks_and_the_rules_do_the_rest(folder):
    with serving(marking) as (url, _):
        features, report = ask(folder, url)
    first, second = features.jobs
    assert names(first.must_have) == ["zymurgy", "python"] and names(first.nice_to_have) == ["cask repair"]
    assert "hop picking" in names(second.must_have)
    anna, bert = features.resumes
    assert names(anna.skills) == ["zymurgy", "cask repair"] and names(bert.skills) == ["maische rühren"]
    assert all(value.quote == folder.resumes[0]["text"][value.start : value.end] for value in anna.skills)
    assert {value.source for value in anna.skills} == {"tagger"}  # in the words of the text, as a tagger's
    assert (report.by_model, report.fell_back, report.counts.dropped) == (4, [], 0)
    assert extract_folder(folder).resumes[1].skills == ()  # by rules alone


def test_what_is_asked(folder):
    with serving(marking) as (url, chats):
        ask(folder, url)
    asked = [chat[-1]["content"] for chat in chats]
    assert not {"Requirements:", "Nice to have", "Brewer"} & set(asked)  # headings, titles of jobs
    assert asked.count("You know zymurgy and Python.") == 1  # of two jobs
    assert "[NAME_1], [EMAIL_1]" not in asked and "ann@x.org" not in json.dumps(chats)  # nothing but placeholders there
    assert all(len(chat) == 2 + 2 * len(sentence_prompt().examples) for chat in chats)


def test_a_text_without_stops_is_cut_and_placeholders_are_no_quotes():
    several = [f"word{at}" for at in range(150)]
    text = " ".join([*several[:100], "mail me@example.org now", *several[100:]])
    document = SentenceDocument.of_job({"job_id": "j", "title": "", "description": text})
    requests = [request for _, request in document.requests(None)]
    assert [len(request.messages[-1]["content"].split()) for request in requests] == [MOST_WORDS, MOST_WORDS + 1, 32]
    assert "mail \n now" in requests[1].quotes and "[EMAIL_1]" in requests[1].messages[-1]["content"]
    assert " ".join(request.messages[-1]["content"] for request in requests) == document.masked.text


def test_failed_sentences_cost_their_marks_alone(folder):
    with serving(lambda messages: "no" if "Python" in messages[-1]["content"] else marking(messages)) as (url, _):
        features, report = ask(folder, url)
    assert "hop picking" in names(features.jobs[1].must_have) and report.fell_back == []
    assert names(features.jobs[0].must_have) == names(extract_folder(folder).jobs[0].must_have)  # there the tagger's marks stay


def test_a_model_that_makes_things_up_is_given_up(tmp_path, capsys):
    jobs = {f"j{at}": ("Brewer", f"You know zymurgy and thing{at}.") for at in range(20)}
    folder = read_folder(write_folder(tmp_path, jobs, RESUMES))
    with serving(lambda messages: json.dumps({"skills": ["Haskell", "Cobol"]})) as (url, chats):
        command = ["extract", str(folder.path), "--base-url", url, "--model", "m", "--style", "spans"]
        assert main(command) == 0
        asked = len(chats)
        assert main(command) == 0 and len(chats) == asked < 20
    said = capsys.readouterr().out
    assert "given up: most of what the model says of 8 documents is made up, so the rules read the other 14" in said
    assert main(["extract", str(folder.path), "--rules", "--style", "spans"]) == 2
    assert "--style is for a server" in capsys.readouterr().err


def test_a_batch_gets_schemas_and_a_dry_run_counts_no_grammar(folder, capsys):
    command = ["extract", str(folder.path), "--base-url", "http://127.0.0.1:9", "--model", "m", "--style", "spans"]
    assert main([*command, "--batch-out", str(folder.path / "batch")]) == 0
    lines = [json.loads(line)["body"] for line in (folder.path / "batch" / "batch_001.jsonl").read_text().splitlines()]
    choices = [line["response_format"]["json_schema"]["schema"]["properties"]["skills"]["items"]["enum"] for line in lines]
    assert len(lines) == 7 and not any("grammar" in line for line in lines) and any("zymurgy and Python" in each for each in choices)
    assert main([*command, "--dry-run"]) == 0
    most = max(int(found.replace(",", "")) for found in re.findall(r"tokens: [\d,]+ to ([\d,]+) in", capsys.readouterr().out))
    assert most < sum(len(json.dumps(line["messages"])) for line in lines)  # of two bytes each, at most


def test_a_recording_is_played_back(folder, tmp_path):
    def command(how, *more):
        return ["extract", str(folder.path), how, *more, "--style", "spans", "--store", str(tmp_path / how)]

    with serving(marking) as (url, _):
        assert main(command("--base-url", url, "--model", "m", "--record", str(tmp_path / "c.jsonl"))) == 0
    features = (folder.path / "job_features.jsonl").read_bytes()
    assert main(command("--replay", str(tmp_path / "c.jsonl"))) == 0
    assert (folder.path / "job_features.jsonl").read_bytes() == features and b"zymurgy" in features


def asked(count):
    return [sentence_prompt().request(f"sentence {at}", f"You know zymurgy at place{at % 12}.") for at in range(count)]


def test_case_24_a_kill_in_the_middle_costs_no_answer_twice(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_sentences import asked\n"
        "from minirank.llm_client import Bulk, Client, Limits, Store\n"
        "with Store(sys.argv[3]) as store: Bulk(Client(sys.argv[2], 'm', limits=Limits(concurrency=2)), store).run(asked(20))"
    )

    def slow(messages):
        time.sleep(0.03)
        return marking(messages)

    with serving(slow) as (url, chats):
        worker = start_python("-c", code, Path(__file__).parent, url, tmp_path / "s.sqlite")
        while len(chats) < 6:
            assert worker.poll() is None
            time.sleep(0.01)
        worker.kill()
        worker.communicate()
        with Store(tmp_path / "s.sqlite") as store:
            done, before = len({item.digest for item in store.items() if item.status == "done"}), len(chats)
            counts = Bulk(Client(url, "m", limits=Limits(concurrency=2)), store).run(asked(20))
            values = {item.key: item.value for item in store.items()}
    assert done >= before - 2 and len(chats) - before == 12 - done  # what was under way is asked again, and nothing else
    assert counts.done == 20 and all(value == {"skills": ["zymurgy"]} for value in values.values())
