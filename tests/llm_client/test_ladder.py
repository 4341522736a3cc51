"""Rungs, validation, repair and the final states of an item, against a scripted server."""

import json

import pytest
from case_table import cases
from llm_scripted import SCHEMA, ScriptedServer, Step, answer, failure, item, outcomes

from minirank.llm_client import CapabilityError, FatalError, ItemError
from minirank.llm_client.parse_json import InvalidReply, parse
from minirank.llm_client.request import Ability

HTML, TEXT = {"Content-Type": "text/html"}, {"Content-Type": "text/plain"}
PYDANTIC = Step(500, "1 validation error: response_format.type Input should be 'text' or 'json_object'", TEXT)


def formats(server):
    return [request.body.get("response_format", {}).get("type") for request in server.received]


def failing(server, request=None, **limits):
    with pytest.raises(ItemError) as caught:
        server.client(**limits).complete(request or item())
    return caught.value


def end_of(step):
    """(kind of failure, calls) of a request that is always answered like that."""
    with ScriptedServer(default=step) as server:
        return failing(server).kind, len(server.received)


def test_schema_and_the_word_json_are_always_in_the_prompt():
    with ScriptedServer() as server:
        client = server.client()
        client.complete(item())
        for rung in (1, 2):
            client.ability = Ability(rung=rung)
            client.complete(item())
        assert formats(server) == ["json_schema", "json_object", None]
        for request in server.received:
            prompt = request.body["messages"][0]["content"]
            assert "JSON" in prompt and json.dumps(SCHEMA, separators=(",", ":")) in prompt
        assert server.received[0].body["response_format"]["json_schema"] == {"name": "answer", "schema": SCHEMA, "strict": True}
        assert server.received[1].body["response_format"]["schema"] == SCHEMA


def test_case_01_a_rejected_rung_is_left_without_a_retry_and_remembered():
    with ScriptedServer(PYDANTIC) as server:
        client = server.client(retries=0)
        assert client.complete(item()).rung == "json_object"
        assert client.complete(item()).rung == "json_object"
        assert formats(server) == ["json_schema", "json_object", "json_object"]
    no_object = failure(400, "'response_format' of type 'json_object' is not supported")
    with ScriptedServer(PYDANTIC, no_object) as server:
        assert server.client().complete(item()).rung == "text"
    assert end_of(failure(400, "response_format is odd")) == ("rejected", 3)


def test_case_02_an_ignored_schema_is_caught_here_and_the_rung_marked():
    with ScriptedServer(answer('{"n": 1, "extra": true}')) as server:
        client = server.client()
        assert client.complete(item()).value == {"n": 1}
        assert client.ability.rung == 0 and not client.ability.enforced
        client.complete(item())
        assert not client.ability.enforced


def test_case_03_a_broken_schema_is_asked_for_once_more_with_the_shortest_error():
    with ScriptedServer(answer('{"n": 1200}')) as server:
        reply = server.client().complete(item())
        assert outcomes(reply.attempts) == ["invalid", "ok"]
        last = server.received[1].body["messages"][-1]["content"]
        assert last == "How many?\n\nYour last answer was wrong: n must be at most 50, got 1200. Answer again with the JSON object alone."
    with ScriptedServer(default=answer('{"n": 1200}')) as server:
        error = failing(server)
        assert error.kind == "invalid" and len(server.received) == 2 and "n must be at most 50" in str(error)


def test_case_05_half_an_answer_gets_a_higher_cap_once_and_is_never_parsed_or_repeated():
    half = answer('{"n": 1, "why": "the hal', "length")
    with ScriptedServer(half) as server:
        reply = server.client().complete(item(max_tokens=50))
        assert [request.body["max_tokens"] for request in server.received] == [50, 100]
        assert b"the hal" not in server.received[1].raw and outcomes(reply.attempts) == ["truncated", "ok"]
    assert end_of(answer('{"n": 1}', "length")) == ("truncated", 2)  # valid, but cut: not believed


@pytest.mark.parametrize("text", ['{"n":' + " " * 300, '{"skills": ["' + 'python", "' * 60, '{"a": "' + "ab" * 200])
def test_case_06_a_loop_up_to_the_cap_is_final_and_the_cap_stays(text):
    assert end_of(answer(text, "length")) == ("loop", 1)


@cases("""
    status= | message | fields=
    400 | the request exceeds the available context size | {"type": "exceed_context_size_error"}
    400 | This model's maximum context length is 4097 tokens, however you requested 5000 tokens | {"code": "context_length_exceeded"}
    400 | 'max_tokens' is too large: 9000. This model's maximum context length is 8192 tokens | {}
    500 | Requested tokens (3000) exceed context window of 2048 | {}
    400 | prompt is too long: 210000 tokens > 200000 maximum | {}
    400 | The input token count (40000) exceeds the maximum number of tokens allowed (32768). | {}
""")
def test_case_07_a_prompt_that_is_too_long_is_final_for_the_item(status, message, fields):
    assert end_of(failure(status, message, **fields)) == ("context", 1)


def test_case_07_a_payload_that_is_too_large_is_final_for_the_item():
    assert end_of(Step(413, "Payload Too Large")) == ("context", 1)


BODIES = [
    *[{"error": {"message": "boom"}}, [{"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}], {"object": "list"}],
    *[{"choices": choices} for choices in ([], None, [{"message": "no object"}])],
    *[answer(content).body for content in (None, "  \n ", [{"type": "text", "text": {"value": 5}}, 7])],
    *[b"", b"\xff\xfe\x00", "[" * 5000],
]
NO_ANSWERS = [*(Step(200, body) for body in BODIES), Step(200, "<html><body>It works!</body></html>", HTML)]
NO_ANSWERS += [Step(200, "upstream timed out", TEXT), Step(502, "<html>Bad Gateway</html>")]


@pytest.mark.parametrize("step", NO_ANSWERS)
def test_case_14_a_reply_that_is_no_answer_takes_the_error_path(step):
    with ScriptedServer(step) as server:
        reply = server.client().complete(item())
        assert len(reply.attempts) == 2
    with ScriptedServer(default=step) as server:
        assert failing(server, retries=1).kind in ("bad reply", "server", "busy")


def test_case_14_the_first_200_characters_are_shown():
    with ScriptedServer(default=Step(200, "<html>" + "x" * 5000)) as server:
        message = str(failing(server))
        assert "<html>" + "x" * 194 in message and "x" * 195 not in message and "\n" not in message


@cases(r"""
    text=
    '```json\n{"n": 7}\n```'
    'Here it is: {"n": 7} I hope it helps.'
    '{"n": 7,}'
    '\ufeff{"n": 7,\n}'
    '<think>Is it {3}? Or { n: 4 }?</think>\n{"n": 7}'
    '{"n": 1}\n{"n": 7}'
    '<think>{"n": 3}</think>```\n{"n": 7,}```'
""")
def test_case_15_bounded_repair_is_marked(text):
    with ScriptedServer(answer(text)) as server:
        reply = server.client().complete(item())
        assert reply.value == {"n": 7} and len(reply.attempts) == 1 and reply.repaired


def test_case_15_an_answer_in_reasoning_content_and_in_parts():
    with ScriptedServer(answer(None, message={"reasoning_content": '{"n": 4}'}), answer([{"type": "text", "text": '{"n": 5}'}])) as server:
        client = server.client()
        assert client.complete(item()).value == {"n": 4}
        reply = client.complete(item())
        assert reply.value == {"n": 5} and not reply.repaired


def test_case_16_a_refusal_is_final():
    filtered = "The response was filtered due to the prompt triggering Azure's content management policy"
    refusals = [answer(None, message={"refusal": "I cannot help with that."}), answer("", "content_filter")]
    refusals += [failure(400, filtered, code="content_filter"), failure(403, "Your input was flagged", code="moderation")]
    for step in refusals:
        assert end_of(step) == ("refused", 1), step


def test_case_17_rejected_parameters_and_roles_are_dropped_once_and_remembered():
    max_tokens = failure(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")
    rejected = "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported."
    temperature = failure(400, rejected)
    role = failure(400, "System role not supported")
    with ScriptedServer(max_tokens, temperature, role) as server:
        client = server.client(retries=0)
        assert client.complete(item()).value == {"n": 1}
        assert client.ability == Ability(0, True, "max_completion_tokens", False, False)
        client.complete(item())
        body = server.received[-1].body
        assert len(server.received) == 5 and "temperature" not in body and body["max_completion_tokens"] == 50
        assert [message["role"] for message in body["messages"]] == ["user"] and "JSON" in body["messages"][0]["content"]
    assert end_of(role) == ("rejected", 2)


HOSTILE = r'{"n": 1, "n": 2} ¦ {"n": NaN} ¦ {"n": Infinity} ¦ {"n": 1e400} ¦ {"n": "\ud800"} ¦ [1] ¦ 1'.split(" ¦ ")
HOSTILE += ['{"n": 1' + "0" * 400 + "}", '{"n": ' + "[" * 1000 + "]" * 1000 + "}", '{"n": ' + " " * 1_000_001 + "1}"]
HOSTILE += ['{"n": 1, "x": ' + '{"a":' * 1000 + "1" + "}" * 1001]


@pytest.mark.parametrize("text", HOSTILE)
def test_case_20_hostile_json_is_invalid(text):
    assert end_of(answer(text)) == ("invalid", 2)


@pytest.mark.parametrize("text", ['{"quote": "\\ud800"}', '{"quote": "\ud800"}', 'So: {"quote": "\udfff"}'])
def test_case_20_half_a_surrogate_pair_is_invalid_escaped_or_not(text):
    with pytest.raises(InvalidReply, match="half of a surrogate pair"):
        parse(text)
    assert parse('{"quote": "\\ud83d\\ude00"}') == parse('{"quote": "\U0001f600"}') == ({"quote": "\U0001f600"}, False)


def test_case_20_a_reply_without_an_end_is_not_read():
    with ScriptedServer(default=Step(200, b" " * 20_000_000)) as server, pytest.raises(FatalError, match="more than 16000000 bytes"):
        server.client().complete(item())


@pytest.mark.parametrize("written, read", [('"5+"', 5), ('"5-7 years"', 5), ('"5 to 7"', 5), ('" 12 yrs."', 12), ("5.0", 5), ('"07"', 7)])
def test_case_21_documented_coercions(written, read):
    with ScriptedServer(answer(f'{{"n": {written}}}')) as server:
        reply = server.client().complete(item())
        assert reply.value == {"n": read} and type(reply.value["n"]) is int and reply.repaired


@pytest.mark.parametrize("written", ['"about five"', '"5.5"', "5.5", "true", "null", '"-3"', '"60+"', '""'])
def test_case_21_anything_else_is_invalid(written):
    assert end_of(answer(f'{{"n": {written}}}')) == ("invalid", 2)


@cases("""
    kind | status= | message | fields=
    auth | 401 | Incorrect API key provided: canary | {}
    auth | 400 | API key not valid. Please pass a valid API key. | {}
    auth | 403 | Country not supported | {}
    model | 400 | Model Not Exist | {}
    model | 404 | The model `gpt-9` does not exist | {"code": "model_not_found"}
    address | 404 | 404 page not found | None
""")
def test_errors_that_end_the_run(kind, status, message, fields):
    step = Step(status, message) if fields is None else failure(status, message, **fields)
    with ScriptedServer(default=step) as server:
        with pytest.raises(FatalError) as caught:
            server.client().complete(item())
        assert caught.value.kind == kind and len(server.received) == 1


def test_an_error_that_repeats_the_request_is_not_read_as_a_complaint_about_its_format():
    echo = {"loc": ["body", "messages"], "msg": "odd text", "input": {"response_format": {"type": "json_schema"}}}
    assert end_of(Step(422, {"detail": [echo]})) == ("rejected", 1)


def test_ability_with_nothing_left_to_give_up():
    with pytest.raises(ItemError):
        Ability(rung=2).without(CapabilityError("no", kind="format"), {})


def test_free_text_needs_no_schema():
    with ScriptedServer(answer("Hello there.")) as server:
        reply = server.client().complete(item(schema=None))
        assert reply.value == "Hello there." and "response_format" not in server.received[0].body
