"""The validator by hand: every keyword it knows, and that it refuses the others."""

import pytest
from case_table import cases

from minirank.llm_client.schema import check_schema, coerce, is_strict, validate

AGE = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}
TAGS = {"type": "array", "minItems": 1, "maxItems": 2, "items": {"enum": ["a", "b", 1]}}
PROPERTIES = {"name": {"type": "string", "minLength": 1, "maxLength": 5}, "age": AGE, "tags": TAGS}
PROPERTIES |= {"rate": {"type": ["number", "null"], "maximum": 1}}
PERSON = {"type": "object", "required": ["name"], "additionalProperties": False, "properties": PROPERTIES}


@cases("""
    value= | wrong
    {} | name is missing
    [] | the answer must be object, got a list
    {"name": ""} | name must have at least 1 characters, got 0
    {"name": "Adalia"} | name must have at most 5 characters, got 6
    {"name": 5} | name must be string, got 5
    {"name": "Ada", "x": 1} | x is not allowed
    {"name": "Ada", "age": -1} | age must be at least 0, got -1
    {"name": "Ada", "age": True} | age must be null, got True
    {"name": "Ada", "tags": []} | tags must have at least 1 items, got 0
    {"name": "Ada", "tags": ["a", "b", "a"]} | tags must have at most 2 items, got 3
    {"name": "Ada", "tags": ["c"]} | tags[0] must be one of a, b, 1, got 'c'
    {"name": "Ada", "tags": [True]} | tags[0] must be one of a, b, 1, got True
    {"name": "Ada", "rate": 2} | rate must be at most 1, got 2
""")
def test_first_error_in_words(value, wrong):
    assert validate(value, PERSON) == wrong


def test_what_fits():
    check_schema(PERSON)
    for more in ({}, {"age": None, "tags": ["a", 1], "rate": 0.5}, {"rate": None, "age": 3}):
        assert validate({"name": "Ada", **more}, PERSON) is None


@cases("""
    schema= | word
    {"type": "string", "pattern": "^a"} | pattern
    {"properties": {"a": {"oneOf": []}}} | oneOf
    {"items": {"format": "date"}} | format
    {"anyOf": [{"const": 1}]} | const
    {"additionalProperties": {"$ref": "#"}} | ref
    {"type": "text"} | text
    {"items": [1]} | object
""")
def test_keywords_that_would_not_be_checked_are_refused(schema, word):
    with pytest.raises(ValueError, match=word):
        check_schema(schema)


def test_coercion_keeps_what_needs_none():
    value = {"name": "Ada", "age": 3}
    assert coerce(value, PERSON) is value
    assert coerce({"name": "5", "age": "5+"}, PERSON) == {"name": "5", "age": 5}
    assert coerce({"tags": ["5"]}, {"properties": {"tags": {"items": {"type": "integer"}}}}) == {"tags": [5]}
    assert coerce("5", {"type": ["integer", "string"]}) == "5" and coerce(5.0, {"type": "number"}) == 5.0


def test_what_openai_calls_strict():
    assert is_strict({"type": "string"}) and not is_strict(PERSON)
    full = {**PERSON, "required": list(PERSON["properties"])}
    assert is_strict(full) and not is_strict({"type": "array", "items": PERSON}) and is_strict({"type": "array", "items": full})
