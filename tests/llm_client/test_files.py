"""Batch files out and in; exchanges recorded and played back."""

import json

import pytest
from llm_scripted import MODEL, ScriptedServer, Step, answer, documents, item

from minirank.llm_client import Client, Counts, FatalError, Limits
from minirank.llm_client import batch as batch_files
from minirank.llm_client.batch import read_batch, write_batch
from minirank.llm_client.cassette import Player, Recorder


def line(name, step, status=200):
    response = {"status_code": status, "request_id": "r", "body": step.body}
    return json.dumps({"id": "batch_req_1", "custom_id": name, "response": response, "error": None})


def test_batch_out(store, tmp_path):
    requests = [*documents(3), item("twin", "document 0")]
    (path,) = write_batch(requests, MODEL, store, tmp_path / "out")
    lines = [json.loads(text) for text in path.read_text().splitlines()]
    assert [entry["custom_id"] for entry in lines] == [request.digest(MODEL) for request in requests[:3]]
    assert all(len(entry["custom_id"]) <= 64 and entry["method"] == "POST" and entry["url"] == "/v1/chat/completions" for entry in lines)
    assert lines[0]["body"]["model"] == MODEL and lines[0]["body"]["response_format"]["type"] == "json_schema"
    assert store.counts() == Counts(pending=4)


def test_batch_files_keep_to_the_limits(store, tmp_path, monkeypatch):
    monkeypatch.setattr(batch_files, "MAX_LINES", 4)
    paths = write_batch(documents(10), MODEL, store, tmp_path / "lines")
    assert [len(path.read_text().splitlines()) for path in paths] == [4, 4, 2]
    monkeypatch.setattr(batch_files, "MAX_BYTES", 1500)
    paths = write_batch(documents(5), MODEL, store, tmp_path / "bytes")
    assert len(paths) > 2 and all(path.stat().st_size <= 1500 for path in paths)


def test_batch_answers_stand_where_live_ones_do(store, tmp_path):
    requests = documents(3)
    call = {"tool_calls": [{"function": {"name": "answer", "arguments": '{"n": 8}'}}]}
    messages = ({"reasoning": '{"n": 7}'}, {"reasoning": 'or {"n": 9}?'}, call)
    lines = [line(request.digest(MODEL), answer(None, message=message)) for request, message in zip(requests, messages, strict=True)]
    (tmp_path / "output.jsonl").write_text("\n".join(lines))
    report = read_batch([tmp_path / "output.jsonl"], lambda: requests, MODEL, store, Limits())
    assert (report.done, report.failed) == (2, 1) and store.get("doc1").kind == "reasoning"
    assert "only reasoning came and no answer; the cap of answer tokens may be too low" in store.get("doc1").error
    assert [(store.get(key).value, store.get(key).provenance["place"]) for key in ("doc0", "doc2")] == [
        ({"n": 7}, "reasoning"),
        ({"n": 8}, "tool call"),
    ]


def test_batch_in_reports_what_is_missing_and_unknown(store, tmp_path):
    requests = documents(7)
    write_batch(requests, MODEL, store, tmp_path / "out")
    names = [request.digest(MODEL) for request in requests]
    output, errors = tmp_path / "output.jsonl", tmp_path / "errors.jsonl"
    answers = ((3, '{"n": 3}'), (0, '```json\n{"n": 0}\n```'), (1, '{"n": 999}'), (3, '{"n": 4}'))
    lines = [line(names[number], answer(text)) for number, text in answers]
    output.write_text("\n".join([*lines, line(names[2], answer('{"n": 1', "length")), line("stranger", answer()), ""]))
    expired = {"custom_id": names[4], "response": None, "error": {"code": "batch_expired", "message": "too late"}}
    errors.write_text(f"{json.dumps(expired)}\n" + line(names[5], Step(body={"error": {"message": "server error"}}), 500))
    report = read_batch([output, errors], lambda: requests, MODEL, store, Limits(price_in=1.0))
    assert (report.done, report.failed, report.known) == (2, 4, 1)
    assert report.missing == (names[6],) and report.unknown == ("stranger",)
    assert store.counts() == Counts(done=2, failed=4, pending=1) and store.get("doc3").value == {"n": 3}
    assert [store.get(f"doc{number}").kind for number in (1, 2, 4, 5)] == ["invalid", "truncated", "batch", "server"]
    assert store.get("doc0").provenance["repaired"] and store.ledger()["outcomes"] == {"invalid": 1, "ok": 2, "truncated": 1}
    (path,) = write_batch(requests, MODEL, store, tmp_path / "again")
    assert [json.loads(text)["custom_id"] for text in path.read_text().splitlines()] == [names[6]]
    for content in (b'{"id": 1}\n', b"[]\n", b"\xff\xfe\n", b"\x7fELF\x00\xd0\n", b"[" * 100_000 + b"\n"):
        output.write_bytes(content)
        with pytest.raises(FatalError, match="output.jsonl:1: not a line of a batch file"):
            read_batch([output], lambda: requests, MODEL, store, Limits())


RESPONSES = [None, "text", [], 5, {}, {"status_code": 200}, {"status_code": "abc", "body": {}}, {"status_code": 200, "body": []}]
RESPONSES += [{"status_code": 200, "body": {"choices": "x"}}]
RESPONSES += [{"status_code": [], "body": {"choices": [{"message": {"content": [{"text": 5}]}}]}}]


@pytest.mark.parametrize("response", RESPONSES)
def test_batch_answers_of_any_form_end_as_failures(store, tmp_path, response):
    name = documents(1)[0].digest(MODEL)
    (tmp_path / "in.jsonl").write_text(json.dumps({"custom_id": name, "response": response}) + "\n")
    assert read_batch([tmp_path / "in.jsonl"], lambda: documents(1), MODEL, store, Limits()).failed == 1
    assert store.get("doc0").status == "failed" and store.counts() == Counts(failed=1)


def test_record_and_play_back(tmp_path):
    path = tmp_path / "cassette.jsonl"
    with ScriptedServer(Step(500, "response_format.type Input should be 'text' or 'json_object'"), answer('{"n": 3}')) as server:
        client = server.client()
        client.transport = Recorder(client.transport, path, client.key, "scripted 1.0")
        live = client.complete(item())
        client.transport.end()
    header = json.loads(path.read_text().splitlines()[0])
    assert header["server"] == "scripted 1.0" and header["base_url"] == f"{server.url}/v1" and len(header["recorded"]) == 10
    assert "authorization" not in path.read_text().lower()
    player = Player(path)
    played = Client(player.base_url, MODEL, transport=player).complete(item())
    assert (played.value, played.rung, played.usage) == (live.value, "json_object", live.usage)
    with pytest.raises(FatalError, match="no such exchange; record it again"):
        Client(player.base_url, MODEL, transport=player).complete(item(text="another"))
    (tmp_path / "odd").write_text("odd")
    with pytest.raises(FatalError, match="is not a cassette"):
        Player(tmp_path / "odd")
