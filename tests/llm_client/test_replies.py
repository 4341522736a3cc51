"""What replies with status 200 hold: answers in unusual places, drafts that are none, bodies that are no answer, counts of tokens."""

import gzip
import json
import zlib

import pytest
from case_table import cases
from llm_scripted import ScriptedServer, Step, answer, documents, failure, item, outcomes

from minirank.llm_client import Bulk, Counts, FatalError, ItemError
from minirank.llm_client.cost import least_tokens

DRAFT = 'I could say {"n": 3}. But is it 3? Let me count once more'
GOOD = '{"n": 7}'


def ended(step, request=None, **limits):
    """The answer or the error of a request that is always answered like that."""
    with ScriptedServer(default=step) as server:
        try:
            return server.client(**limits).complete(request or item())
        except (ItemError, FatalError) as error:
            return error


def called(arguments, name="tool_calls"):
    function = {"name": "answer", "arguments": arguments}
    return {"tool_calls": [{"id": "c", "type": "function", "function": function}]} if name == "tool_calls" else {"function_call": function}


PLACES = [
    ("content", "stop", GOOD, {}),
    ("content", "stop", GOOD, {"reasoning": '{"n": 3}', "tool_calls": []}),
    ("content", "STOP", [{"type": "text", "text": '{"n"'}, {"type": "output_text", "text": ": 7}"}], {}),
    ("content", "end_turn", [{"type": "thinking", "thinking": [{"type": "text", "text": DRAFT}]}, {"type": "text", "text": GOOD}], {}),
    ("content", "stop", [{"type": "reasoning", "text": '{"n": 3}'}, GOOD], {}),
    ("content", "stop", [{"type": "text", "text": {"value": GOOD}}], {}),
    ("content", "stop", {"type": "text", "text": GOOD}, {}),
    ("content", "tool_calls", GOOD, called('{"q": 1}')),
    ("reasoning", "stop", None, {"reasoning": GOOD}),
    ("reasoning", "stop", "", {"reasoning_content": GOOD}),
    ("reasoning", "stop", " \n", {"reasoning_content": "", "reasoning": f" {GOOD}\n"}),
    ("reasoning", "stop", [], {"reasoning": [{"type": "text", "text": GOOD}]}),
    ("reasoning", "stop", None, {"reasoning_details": [{"type": "reasoning.text", "text": GOOD}]}),
    ("tool call", "tool_calls", None, called(GOOD)),
    ("tool call", "stop", "", called({"n": 7})),
    ("tool call", "function_call", None, called(GOOD, "function_call")),
    ("tool call", "tool_calls", "I call the tool.", called(GOOD)),
    ("tool call", "tool_calls", None, {**called(GOOD), "reasoning": '{"n": 3}'}),
]


@pytest.mark.parametrize("place, finish, content, message", PLACES)
def test_an_answer_is_found_where_servers_put_it_and_its_place_is_marked(place, finish, content, message, store):
    with ScriptedServer(default=answer(content, finish, message=message)) as server:
        assert Bulk(server.client(), store).run(documents(1)) == Counts(done=1)
        assert len(server.received) == 1
    kept = store.get("doc0")
    assert kept.value == {"n": 7} and kept.provenance["place"] == place and not kept.provenance["repaired"]


MARKS = [
    f"<think>{DRAFT}",
    f"<thinking>{DRAFT}",
    f"[THINK]{DRAFT}",
    f"◁think▷{DRAFT}",
    f"<|channel|>analysis<|message|>{DRAFT}",
    f"<think>{DRAFT}</think>\n",
]
DRAFTS = [
    *[
        (finish, content, {name: DRAFT})
        for finish in ("stop", "length", None)
        for content in (None, "")
        for name in ("reasoning", "reasoning_content")
    ],
    ("stop", None, {"reasoning": f"```json\n{GOOD}\n```"}),
    ("stop", None, {"reasoning": f"So: {GOOD}"}),
    ("stop", None, {"reasoning": '{"n": 1200}'}),
    ("stop", None, {"reasoning": '{"n": "5+"}'}),
    ("stop", None, {"reasoning": "[7]"}),
    ("length", None, {"reasoning": GOOD}),
    (None, None, {"reasoning": GOOD}),
    ("stop", [{"type": "thinking", "thinking": DRAFT}], {}),
    *[(finish, content, {}) for content in MARKS for finish in ("stop", "length")],
]


@pytest.mark.parametrize("finish, content, message", DRAFTS)
def test_a_draft_is_never_the_answer_and_the_error_says_what_may_help(finish, content, message):
    with ScriptedServer(default=answer(content, finish, message=message)) as server:
        with pytest.raises(ItemError) as caught:
            server.client().complete(item(max_tokens=50))
        assert [request.body["max_tokens"] for request in server.received] == [50, 100]
    said = str(caught.value)
    assert caught.value.kind == "reasoning" and said.startswith("only reasoning came and no answer even at 100 tokens")
    assert "the cap of answer tokens may be too low" in said and "--max-tokens" in said and "3" not in said


@cases(r"""
    text= | value=
    '<think>Is it {"n": 3}?</think>{"n": 7}' | 7
    'Is it {"n": 3}?</think>\n```json\n{"n": 7}\n```' | 7
    '<thinking>{"n": 3}</thinking>\n{"n": 7}' | 7
    '<|channel|>analysis<|message|>{"n": 3}<|end|><|start|>assistant<|channel|>final<|message|>{"n": 7}' | 7
    '{"n": 7}<think>or {"n": 3}' | 7
""")
def test_the_answer_stands_behind_what_is_thought_aloud(text, value):
    reply = ended(answer(text))
    assert reply.value == {"n": value} and reply.repaired and len(reply.attempts) == 1


def test_marks_inside_an_answer_are_words():
    schema = {"type": "object", "properties": {"why": {"type": "string"}}, "required": ["why"], "additionalProperties": False}
    assert ended(answer('{"why": "a <think> tag"}'), item(schema=schema)).value == {"why": "a <think> tag"}


def test_wrong_calls_and_refusals_in_parts():
    with ScriptedServer(answer(None, "tool_calls", message=called('{"n": 1200}'))) as server:
        assert outcomes(server.client().complete(item()).attempts) == ["invalid", "ok"]
        assert "n must be at most 50" in str(server.received[1].body)
    two = {"tool_calls": called(GOOD)["tool_calls"] * 2}
    assert ended(answer(None, "tool_calls", message=two)).kind == "bad reply"  # which of them?
    assert ended(answer([{"type": "refusal", "refusal": "I will not."}])).kind == "refused"
    assert ended(answer("", "SAFETY")).kind == "refused"
    assert ended(answer('{"n": 7', "MAX_TOKENS")).kind == "truncated"


PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in - Acme</title></head><body>Please log in</body></html>"
STREAM = 'data: {"choices": [{"delta": {"content": "{"}}]}\n\ndata: [DONE]\n\n'
LINES = '{"choices": [{"delta": {"content": "{"}}]}\n{"done": true}\n'
ANSWER = json.dumps(answer().body)
BODIES = [
    (ANSWER.encode(), {"Content-Encoding": "br"}, None),  # says so, and is not
    (b"\x1b\x2f\x00\xf8\x8d", {"Content-Encoding": "br"}, "a body in the encoding br, which was not asked for"),
    (b"\x28\xb5\x2f\xfd\x04\x58\xf1", {}, "a body in the encoding zstd, which was not asked for"),
    (gzip.compress(ANSWER.encode()), {}, "a body in the encoding gzip, which was not asked for"),
    (gzip.compress(ANSWER.encode()), {"Content-Encoding": "gzip"}, None),
    (zlib.compress(ANSWER.encode()), {"Content-Encoding": "deflate"}, None),
    (ANSWER.encode(), {"Content-Encoding": "gzip"}, "cannot be unpacked as its headers say"),
    (ANSWER.encode("utf-16"), {}, "a body in UTF-16, where JSON is UTF-8"),
    (ANSWER.encode("utf-16-le"), {"Content-Type": "application/json; charset=utf-16"}, "a body in UTF-16"),
    (ANSWER.encode("utf-32-be"), {}, "a body in UTF-32"),
    (ANSWER.replace(MODEL := "scripted", "é").encode("latin-1"), {"Content-Type": "text/json; charset=ISO-8859-1"}, "a body in ISO-8859-1"),
    (ANSWER.replace(MODEL, "é").encode("latin-1"), {}, "a body that is no text in UTF-8"),
    (ANSWER.replace(MODEL, "é").encode(), {"Content-Type": "application/json; charset=latin-1"}, None),
    (ANSWER.encode("utf-8-sig"), {}, None),
    (PAGE, {"Content-Type": "text/html"}, "an HTML page (Sign in - Acme); a login or a web site is at this address, check base_url"),
    (f"  {PAGE.lower()}", {}, "an HTML page (sign in - acme)"),
    (b"", {}, "the reply is an empty body"),
    (STREAM, {"Content-Type": "text/event-stream"}, "a stream of events, though none was asked for"),
    (f": ping\n\n{STREAM}", {}, "a stream of events"),
    (LINES, {"Content-Type": "application/x-ndjson"}, "several JSON values, one a line"),
    ("upstream timed out", {}, "the reply is no JSON: upstream timed out"),
]  # fmt: skip


@pytest.mark.parametrize("body, headers, said", BODIES)
def test_a_body_that_is_no_answer_is_named(body, headers, said):
    found = ended(Step(200, body, headers), retries=0)
    if said is None:
        assert found.value == {"n": 1}
    else:
        assert found.kind == "bad reply" and said in str(found) and str(found).isprintable()


def nested(depth, key):
    part = "x"
    for _ in range(depth):
        part = [{"type": "text", key: part}]
    return part


@pytest.mark.parametrize(
    "message",
    [{"content": nested(400, "text")}, {"content": 5}, {"content": [5, None, {"text": 5}, []]}, {"tool_calls": 5}]
    + [{"tool_calls": [{"function": {"arguments": {"a": nested(400, "text")}}}]}, {"tool_calls": [5]}, {"function_call": "x"}]
    + [{"reasoning": {"a": 1}}, {"reasoning": 5}, {"content": "\ud800"}, {"reasoning": "\udfff", "content": ""}, {"refusal": ["\ud800"]}],
)
def test_messages_of_any_form_end_in_an_error_of_the_item(message):
    found = ended(answer(None, message=message, usage=None), retries=0)
    assert isinstance(found, ItemError) and found.kind in ("bad reply", "invalid", "reasoning", "refused")


def test_errors_in_an_encoding_that_was_not_asked_for_are_named_too():
    assert "answered 400: a body in the encoding br" in str(ended(Step(400, b"\x1b\x2f\x00\xf8\x8d", {"Content-Encoding": "br"})))
    inner = {"choices": [{"error": {"code": 502, "message": "the provider is gone"}, "message": {"content": ""}, "finish_reason": "error"}]}
    assert "the provider is gone" in str(ended(Step(200, inner), retries=0))


@cases("""
    status= | words
    400 | /chat/completions: Invalid model name passed in model=gpt-9. Call `/v1/models` to view available models for your key.
    404 | The API deployment for this resource does not exist. DeploymentNotFound
    404 | deployment not found
    422 | model 'gpt-9' not found
    403 | Project `p` does not have access to model `gpt-9`
    401 | team not allowed to access model. This team can only access models=['a']
    400 | gpt-9 is not a valid model ID
    404 | No endpoints found for gpt-9.
    400 | The model `gpt-9` has been decommissioned and is no longer supported.
    404 | model "gpt-9" not found, try pulling it first
    404 | Model not found, inaccessible, and/or not deployed
    404 | Not found the model gpt-9 or Permission denied
    400 | Invalid model: gpt-9
    404 | You do not have access to the deployment gpt-9
""")
def test_a_model_that_is_not_there_for_us_ends_the_run_at_once(status, words):
    with ScriptedServer(default=failure(status, words)) as server:
        with pytest.raises(FatalError, match="no such model, or none for this key") as caught:
            server.client().complete(item())
        assert caught.value.kind == "model" and len(server.received) == 1 and words[:20] in str(caught.value)


def test_failures_that_are_all_alike_end_a_run_in_which_nothing_succeeds(store):
    """Whatever the words: no further document would fare better. Request ids and numbers are no difference."""
    numbers = iter(range(1000))

    def odd(received):
        return failure(422, f"route 'gpt-9' is closed for tenant 12 (request req_{next(numbers)}f3)")

    with ScriptedServer(default=odd) as server:
        with pytest.raises(FatalError, match="the first 3 requests failed alike and none succeeded.*route 'gpt-9' is closed") as caught:
            Bulk(server.client(), store).run(documents(50))
        asked = len(server.received)
        assert 3 <= asked <= 3 + 4 and "--retry-failed" in str(caught.value)  # other threads may have set out by then
        assert store.counts() == Counts(failed=asked, pending=50 - asked)
        server.default = answer()
        assert Bulk(server.client(), store).run(documents(50), retry_failed=True) == Counts(done=50)


def test_a_later_run_of_the_same_kind_goes_on_where_an_earlier_one_had_answers(store):
    with ScriptedServer(default=answer()) as server:
        bulk = Bulk(server.client(concurrency=1), store)
        bulk.run(documents(2))
        server.default = failure(422, "no")
        assert bulk.run(documents(9)) == Counts(done=2, failed=7)


def test_failures_after_a_success_or_with_different_words_end_nothing(store):
    def mostly(received):
        number = int(received.body["messages"][-1]["content"].split()[1])
        return answer() if number == 0 else failure(422, f"no {'abcdefghij'[number]}")

    with ScriptedServer(default=mostly) as server:
        assert Bulk(server.client(concurrency=1), store).run(documents(10)[1:]) == Counts(failed=9)
        server.default = lambda received: answer() if "document 0" in str(received.body) else failure(422, "no")
        found = Bulk(server.client(concurrency=1), store).run([*documents(1), *documents(20)[10:]])
        assert found == Counts(done=1, failed=10)


LONG = "Nurse with ten years of experience in intensive care. " * 300  # 2,700 words


@pytest.mark.parametrize(
    "usage", [{"prompt_tokens": 512}, {"prompt_tokens": 2048}, {"prompt_tokens": 400, "prompt_tokens_details": {"cached_tokens": 112}}]
)
def test_a_prompt_that_was_cut_is_a_failure_of_its_item_and_told_once(usage, store):
    told = []
    requests = [item(f"doc{n}", f"{LONG} {n}") for n in range(4)] + [item("short", "Nurse.")]
    cut = answer(usage={**usage, "completion_tokens": 5})
    with ScriptedServer(
        default=lambda got: answer(usage={"prompt_tokens": 150, "completion_tokens": 5}) if len(got.raw) < 2000 else cut
    ) as server:
        assert Bulk(server.client(notice=told.append), store).run(requests) == Counts(done=1, failed=4)
        assert len(server.received) == 5  # not asked again
    kept = store.get("doc0")
    counted = 512 if "prompt_tokens_details" in usage else usage["prompt_tokens"]
    assert kept.kind == "cut" and kept.error.startswith(f"the server cut the prompt: it counted {counted:,} tokens of 2,7")
    assert len(told) == 1 and "cuts prompts" in told[0]


TEXTS = [
    ("Senior software engineer with twelve years of experience in building distributed systems.", 13),
    ("PYTHON, SQL, JAVA, AWS, DOCKER, KUBERNETES, SCRUM, JIRA, EXCEL, SAP, CRM, HTML, CSS", 33),
    ("Softwareentwickler mit zwölf Jahren Berufserfahrung in der Entwicklung verteilter Abrechnungssysteme.", 19),
    ("高级软件工程师，拥有十二年分布式系统开发经验。带领七人团队完成计费平台迁移，成本降低三分之一。", 25),
    ("シニアソフトウェアエンジニア。分散システムの開発に十二年の経験があります。", 21),
    ("वरिष्ठ सॉफ्टवेयर इंजीनियर, वितरित प्रणालियों के विकास में बारह वर्षों का अनुभव।", 25),
    ("วิศวกรซอฟต์แวร์อาวุโสที่มีประสบการณ์สิบสองปีในการพัฒนาระบบกระจาย", 28),
    ("مهندس برمجيات أول يتمتع بخبرة اثنتي عشرة سنة في تطوير الأنظمة الموزعة.", 22),
    ("=" * 80 + "\n" + "-" * 80, 3),
    ("one two three four", 4),
]  # fmt: skip


@pytest.mark.parametrize("text, tokens", TEXTS)
def test_the_fewest_tokens_of_any_tokenizer_are_no_alarm(text, tokens):
    """Each count is the lowest of six tokenizers: cl100k, o200k, Anthropic's, DeepSeek's, Mistral's first and Tekken."""
    assert least_tokens(text) <= tokens
    counted = answer(usage={"prompt_tokens": 40 * tokens, "completion_tokens": 5})
    assert ended(counted, item(text=(text + "\n") * 40, schema=None)).value


@pytest.mark.parametrize("counted, cached", [(10, 0), (127, 0), (300, 2600), (150, 2600), (0, 0), (None, 0)])
def test_counts_without_what_is_in_the_cache_are_no_alarm(counted, cached):
    usage = {"prompt_tokens": counted, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": cached}}
    assert ended(answer(usage=usage), item(text=LONG)).value == {"n": 1}


def test_a_server_that_once_counted_as_many_tokens_can_hold_them():
    """It leaves out what is in its cache, without a word about it."""
    with ScriptedServer(
        answer(usage={"prompt_tokens": 3300, "completion_tokens": 5}), default=answer(usage={"prompt_tokens": 900, "completion_tokens": 5})
    ) as server:
        client = server.client()
        assert [client.complete(item(text=LONG)).value for _ in range(3)] == 3 * [{"n": 1}]


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, {"completion_tokens": 5}])
def test_tokens_that_no_server_counted_are_marked_as_our_estimate(usage, store):
    with ScriptedServer(default=answer(usage=usage)) as server:
        Bulk(server.client(), store).run(documents(3))
        size = len(server.received[0].raw)
    ledger = store.ledger()
    assert ledger["estimated"] == 3 and ledger["tokens_in"] == 3 * (size // 4) and 0 < ledger["tokens_out"] <= 3 * 5
    assert store.get("doc0").provenance["tokens_in"] is None


def test_counts_under_other_names(store):
    with ScriptedServer(default=answer(usage={"input_tokens": 120, "output_tokens": 4})) as server:
        Bulk(server.client(), store).run(documents(1))
    assert {name: store.ledger()[name] for name in ("estimated", "tokens_in", "tokens_out")} == {
        "estimated": 0,
        "tokens_in": 120,
        "tokens_out": 4,
    }


def test_a_cap_that_the_model_does_not_allow_is_told_with_why_it_was_asked_for():
    def small(received):
        return (
            answer('{"n": 1', "length") if received.body["max_tokens"] <= 60 else failure(400, "max_tokens is too large: 100; at most 60")
        )

    found = ended(small)
    assert found.kind == "truncated" and "cut off at 50 tokens, and 100 are rejected" in str(found) and "at most 60" in str(found)


def test_another_cap_is_the_same_request(store):
    """Raising the cap asks again for what failed, not for what is done."""
    short = answer('{"n": 1', "length")

    def by_cap(received):
        return answer() if received.body["max_tokens"] >= 400 or "document 0" in str(received.body) else short

    with ScriptedServer(default=by_cap) as server:
        assert Bulk(server.client(), store).run(documents(3)) == Counts(done=1, failed=2)
        assert "even at 100 tokens" in store.get("doc1").error and "--max-tokens" in store.get("doc1").error
        asked = len(server.received)
        assert Bulk(server.client(max_tokens=400), store).run(documents(3), retry_failed=True) == Counts(done=3)
        assert [request.body["max_tokens"] for request in server.received[asked:]] == [400, 400]
