"""Answers that can only quote: the grammar, the schema, and the way down the ladder."""

import json
import re
from itertools import combinations, pairwise

import pytest
from llm_scripted import ScriptedServer, answer, failure

from minirank.llm_client import ItemError, Request, check_schema, validate
from minirank.llm_client.quotes import MOST_CHOICES, grammar, narrowed, runs, words
from minirank.llm_client.request import Ability

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["skills"],
    "properties": {"skills": {"type": "array", "maxItems": 60, "items": {"type": "string"}}},
}
SENTENCES = [
    "Go",
    "Go and Go",
    'know C++, "CI/CD" \\ .NET!',
    "(3+ years)",
    '- ... "!" -',
    "",
    "写 Python。",
    "queen rearing\nand hives",
    "a b a b",
]


def test_words():
    text = "You know C++, Node.js (CI/CD), on-site 'hives' & .NET. 中文 ok"
    assert [text[a:b] for a, b in words(text)] == "You know C++ Node.js CI CD on-site hives .NET 中 文 ok".split()


def sentences_of(gbnf):
    """Everything that a grammar without repetition accepts."""
    rules = dict(line.split(" ::= ", 1) for line in gbnf.split("\n"))

    def read(tokens):
        """The texts of alternatives, up to a closing bracket."""
        found, ends = [], {""}
        while tokens and tokens[0] != ")":
            token = tokens.pop(0)
            if token == "|":
                found, ends = found + list(ends), {""}
                continue
            if token == "(":
                part = read(tokens)
                assert tokens.pop(0) == ")"
            else:
                part = [json.loads(token)] if token.startswith('"') else expand(token)
            ends = {one + other for one in ends for other in part}
        return found + list(ends)

    def expand(name):
        return read(re.findall(r'"(?:\\.|[^"\\])*"|\w+|[()|]', rules[name]))

    return expand("root")


def lists_of(text):
    """The JSON of every list of runs in the order of the text, none of which overlap; by brute force."""
    offsets = [(at, line) for at, line in enumerate(text.split("\n"))]
    spans = [(row, a, b, line[a:b]) for row, line in offsets for a, _ in words(line) for _, b in words(line) if a < b]
    found = set()
    for size in range(len(words(text)) + 1):
        for chosen in combinations(sorted(spans), size):
            if all((one[0], one[2]) <= (other[0], other[1]) for one, other in pairwise(chosen)):
                found.add(json.dumps({"skills": [span[3] for span in chosen]}, ensure_ascii=False))
    return found


@pytest.mark.parametrize("text", SENTENCES)
def test_the_grammar_accepts_exactly_the_lists_of_runs_in_order(text):
    accepted = sentences_of(grammar(SCHEMA, text))
    assert set(accepted) == lists_of(text)
    assert all(set(json.loads(each)["skills"]) <= set(runs(text)) for each in accepted)


@pytest.mark.parametrize("text", SENTENCES)
def test_the_schema_accepts_exactly_the_runs(text):
    narrow = narrowed(SCHEMA, text)
    check_schema(narrow)
    every = {text[a:b] for a in range(len(text)) for b in range(a + 1, len(text) + 1)}
    valid = {part for part in every if validate({"skills": [part]}, narrow) is None}
    assert valid == set(runs(text)) and validate({"skills": []}, narrow) is None


def test_sizes_stay_small():
    long = " ".join(f"word{number}" for number in range(60))
    assert len(narrowed(SCHEMA, long)["properties"]["skills"]["items"]["enum"]) <= MOST_CHOICES
    assert len(grammar(SCHEMA, long)) < 8_000 and len(list(runs(long))) == 60 * 61 // 2


def test_a_schema_of_something_else_is_refused():
    with pytest.raises(ValueError, match="one required list of texts"):
        Request("k", (), {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}, quotes="Go")


TEXT = "You know Go and queen rearing."
QUOTE = Request("k", ({"role": "user", "content": TEXT},), SCHEMA, max_tokens=50, quotes=TEXT)
GOOD = '{"skills": ["Go", "queen rearing"]}'


def test_the_grammar_is_tried_first_and_is_no_part_of_the_prompt():
    with ScriptedServer(default=answer(GOOD)) as server:
        reply = server.client().complete(QUOTE)
        sent = server.received[0].body
    assert reply.rung == "grammar" and reply.value == json.loads(GOOD)
    assert sent["grammar"] == grammar(SCHEMA, TEXT) and "response_format" not in sent
    assert "::=" not in json.dumps(sent["messages"])


def obeying(received, good=GOOD):
    """A server that knows schemas and no grammar."""
    items = received.body.get("response_format", {}).get("json_schema", {}).get("schema", SCHEMA)["properties"]["skills"]["items"]
    return answer(good if "queen rearing" in items.get("enum", ()) else "Of course! You know Go.")


@pytest.mark.parametrize("words_of_the_server", ["Unrecognized request argument supplied: grammar", "Unknown parameter: 'grammar'."])
def test_a_server_that_rejects_grammars_gets_a_schema_and_is_remembered(words_of_the_server):
    with ScriptedServer(failure(400, words_of_the_server), default=obeying) as server:
        client = server.client()
        assert client.complete(QUOTE).rung == "json_schema" and client.ability == Ability(grammar=False)
        assert client.complete(QUOTE).value == json.loads(GOOD) and len(server.received) == 3


@pytest.mark.parametrize("step", [answer("Of course! You know Go."), answer("Of course! You", "length")])
def test_a_server_that_ignores_grammars_is_found_out_by_what_it_says(step):
    with ScriptedServer(step, default=obeying) as server:
        client = server.client()
        reply = client.complete(QUOTE)
    assert reply.rung == "json_schema" and not client.ability.grammar and client.ability.enforced and len(reply.attempts) == 2
    assert "wrong" not in server.received[1].body["messages"][-1]["content"]  # the model did nothing wrong


def test_a_made_up_quote_passes_and_shows_that_nothing_holds_the_model():
    with ScriptedServer(default=answer('{"skills": ["Haskell"]}')) as server:
        client = server.client()
        assert client.complete(QUOTE).value == {"skills": ["Haskell"]} and not client.ability.grammar
        client.complete(QUOTE)
        assert client.ability == Ability(grammar=False, enforced=False)


def test_without_any_help_the_prompt_alone_asks():
    with ScriptedServer(default=lambda got: answer(GOOD) if set(got.body) <= {"model", "messages", "max_tokens", "temperature"} else
                        failure(400, "response_format and grammar are not supported")) as server:  # fmt: skip
        assert server.client().complete(QUOTE).rung == "text" and len(server.received) == 4


def test_a_prompt_that_cannot_be_answered_still_ends():
    with ScriptedServer(default=answer("No.")) as server, pytest.raises(ItemError, match="invalid twice"):
        server.client().complete(QUOTE)
