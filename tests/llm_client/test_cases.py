"""The faults that servers, models and documents are known for: each has a test that names it, `test_case_NN_...`."""

import re

import pytest
from checkout import TESTS

CASES = (
    "json_schema rejected with 500; schema ignored with 200; enforced schema still violated; "
    "a value copied from the example; `length` with half a JSON; a loop up to the cap; context exceeded; "
    "busy after our timeout; a kept connection is gone; 429 with Retry-After; 429 without, and no quota; 401 in the middle; "
    "503 while the model loads; 200 without an answer; fenced JSON and think tags; refusals; a rejected parameter or role; "
    "control tokens and hidden characters; a document that instructs the model; hostile JSON; `5+` for a whole number; "
    "empty, short, huge and equal documents; another model, prompt or schema; kill -9, a full disk, two runs on one store; "
    "Ctrl-C; redirects and plain http; one canonical address; a canary key"
).split("; ")
TEXTS = [path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")]
NAMES = [name for text in TEXTS for name in re.findall(r"^def (test_case_\w+)", text, re.MULTILINE)]


@pytest.mark.parametrize("number, case", list(enumerate(CASES, start=1)))
def test_every_case_has_a_test_that_names_it(number, case):
    assert len(CASES) == 28 and any(name.startswith(f"test_case_{number:02}_") for name in NAMES), case


def test_no_test_names_a_case_that_is_not_listed():
    assert {int(name.split("_")[2]) for name in NAMES} == set(range(1, len(CASES) + 1))
