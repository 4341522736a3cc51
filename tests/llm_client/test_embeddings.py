"""Vectors of texts: in the right order whatever the server's, kept, paid for once, and what servers do wrong."""

import struct
import time
from collections import Counter

import pytest
from checkout import WORLDS, start_python
from llm_scripted import MODEL, WIDTH, ScriptedServer, Step, embeddings, failure, vector

from minirank.llm_client import EmbeddingStore, FatalError, ItemError, Store
from minirank.llm_client import embeddings_bulk as bulk
from minirank.llm_client.embeddings import embed

TEXTS = ["data engineer", "moving rows about", "nursing", "数据工程师", "a\x00b\ud800"]


def numbers(found):
    return None if found is None else list(struct.unpack(f"<{WIDTH}f", found))


def sent(server):
    """How often each text was sent."""
    return Counter(text for request in server.received for text in request.body["input"])


def plain(received):
    """A server that sends lists, and refuses to be asked for anything else."""
    if "encoding_format" in received.body:
        return failure(400, "unknown parameter: encoding_format")
    return embeddings(received)


@pytest.mark.parametrize("answer", [embeddings, plain, lambda got: embeddings(got, coded=False)], ids=["base64", "refused", "ignored"])
def test_a_vector_is_that_of_its_text(store, answer):
    """Servers may send the entries of a reply in any order: the scripted one sends the last text first."""
    with ScriptedServer(default=answer) as server:
        keeper = EmbeddingStore(server.client(), store)
        done = keeper.fill(TEXTS + TEXTS[:2] + ["", " \n"])
        assert (done.texts, done.held, done.failed, done.shortened) == (5, 0, 0, 0)
        found = [numbers(each) for each in keeper.vectors(["never asked", *TEXTS])]
        assert found[0] is None and found[1:-1] == [vector(text) for text in TEXTS[:-1]] and found[-1] == vector("a b ")
        asked = len(server.received)
        assert EmbeddingStore(server.client(), store).fill(TEXTS).held == 5 and len(server.received) == asked


def test_a_batch_is_one_call_and_counts_what_it_costs(store):
    with ScriptedServer(default=embeddings) as server:
        EmbeddingStore(server.client(price_in=2.0), store).fill(f"text {number}" for number in range(130))
        assert sorted(len(request.body["input"]) for request in server.received) == [2, 64, 64]  # sent side by side
        ledger = store.ledger()
        assert ledger["tokens_in"] == 4 * 130 + 3 and ledger["tokens_out"] == 0 and ledger["cost"] == pytest.approx(2e-6 * 523)


def test_max_cost_is_never_passed(store):
    with ScriptedServer(default=embeddings) as server:
        with pytest.raises(FatalError, match=r"max_cost 0\.002 is reached"):
            EmbeddingStore(server.client(price_in=1.0, max_cost=0.002, concurrency=1), store).fill(f"text {n:09}" for n in range(400))
        assert 0 < store.ledger()["cost"] <= 0.002 and 0 < len(server.received) < 7


def test_what_is_too_long_together_goes_in_halves_and_a_long_text_is_cut(store):
    def narrow(received):
        words = sum(len(text.split()) for text in received.body["input"])
        return (
            failure(500, "input (9 tokens) is too large to process. increase the physical batch size")
            if words > 8
            else embeddings(received)
        )

    told = []
    with ScriptedServer(default=narrow) as server:
        keeper = EmbeddingStore(server.client(notice=told.append), store)
        long = "word " * 30
        done = keeper.fill(["one two three", "four five six", "seven eight nine", long])
        assert (done.failed, done.shortened) == (0, 1) and told == [
            "texts that are too long for the model are embedded by their beginning alone"
        ]
        assert numbers(keeper.vectors([long])[0]) == vector(long[:37])


def test_a_text_that_is_refused_is_missing_and_the_others_are_not(store):
    def strict(received):
        return failure(400, "content_filter") if "bad" in received.body["input"] else embeddings(received)

    with ScriptedServer(default=strict) as server:
        keeper = EmbeddingStore(server.client(), store)
        assert keeper.fill(["good", "bad", "better", "best"]).failed == 1
        assert [each is None for each in keeper.vectors(["good", "bad", "better", "best"])] == [False, True, False, False]
        before = len(server.received)
        assert keeper.fill(["bad"]).held == 1 and len(server.received) == before


def test_a_server_that_cuts_texts_without_a_word_is_found_out(store):
    told = []
    with ScriptedServer(default=lambda got: Step(200, embeddings(got).body | {"usage": {"prompt_tokens": 9}})) as server:
        EmbeddingStore(server.client(notice=told.append), store).fill(["word " * 100])
    assert told == ["the server reads only the beginning of long texts, without a word; a model with a longer context reads all"]


def unnumbered(received):
    return Step(200, {"data": [entry | {"index": 0} for entry in embeddings(received).body["data"]]})


def test_vectors_without_numbers_are_asked_for_one_at_a_time(store):
    with ScriptedServer(default=unnumbered) as server:
        keeper = EmbeddingStore(server.client(concurrency=1), store)
        keeper.fill(TEXTS[:3])
        assert [numbers(each) for each in keeper.vectors(TEXTS[:3])] == [vector(text) for text in TEXTS[:3]]
        assert [len(request.body["input"]) for request in server.received] == [3, 1, 1, 1] and store.ledger()["estimated"] == 3


@pytest.mark.parametrize("row", [[1.0, float("nan")], [0.0, 0.0], [], "%%%", "AAA=", None, {"a": 1}, ["x"], [1.0, float("inf")]], ids=repr)
def test_what_is_no_vector_is_an_error(row):
    body = {"data": [{"index": 0, "embedding": row}]}
    with ScriptedServer(default=Step(200, body)) as server, pytest.raises(ItemError, match="no vector of finite numbers"):
        embed(server.client(retries=0), ["text"])


def test_another_width_under_the_same_name_is_an_error(store):
    def wider(received):
        return Step(200, {"data": [{"index": 0, "embedding": [1.0] * (WIDTH + 1)}]})

    with ScriptedServer(embeddings, default=wider) as server:
        keeper = EmbeddingStore(server.client(), store)
        keeper.fill(["one"])
        keeper.fill(["two"])
        with pytest.raises(FatalError, match="holds vectors of 32 and 33 numbers for scripted: another model had its name; move the file"):
            keeper.vectors(["one", "two"])


def test_another_model_has_vectors_of_its_own(store):
    with ScriptedServer(default=embeddings) as server:
        EmbeddingStore(server.client(), store).fill(["one"])
        other = server.client()
        other.model = "other"
        assert EmbeddingStore(other, store).vectors(["one"]) == [None] and EmbeddingStore(other, store).fill(["one"]).held == 0


@pytest.mark.parametrize(
    ("step", "said"),
    [(Step(404, "not found"), "has no /embeddings for this model"), (failure(401, "no"), "does not accept the key"),
     (Step(200, {"choices": []}), "no list of vectors"), (failure(429, "insufficient_quota"), "no quota left")],
)  # fmt: skip
def test_a_server_that_does_not_embed_ends_the_run(store, step, said):
    with ScriptedServer(default=step) as server, pytest.raises(FatalError, match=said):
        EmbeddingStore(server.client(retries=1), store).fill(["one"])


def test_kill_9_in_the_middle_loses_and_repeats_nothing_that_was_answered(tmp_path, monkeypatch):
    path, items, concurrency = tmp_path / "store.sqlite", 64 * 12, 2
    with ScriptedServer(default=lambda received: embeddings(received, delay=0.05)) as server:
        command = WORLDS / "llm_worker.py", server.url, path, items, concurrency, "embed"
        worker = start_python(*command)
        end = time.monotonic() + 30
        while len(server.received) < 6:
            assert time.monotonic() < end and worker.poll() is None
            time.sleep(0.005)
        worker.kill()
        worker.communicate()
        with Store(path) as store:
            kept = store.concluded(bulk.text_digest(MODEL, f"text {number}") for number in range(items))
        assert 64 <= len(kept) < items
        first = len(server.received)
        worker = start_python(*command)
        out, err = worker.communicate(timeout=60)
        assert worker.returncode == 0 and out.split() == [str(items), str(len(kept)), "0"], err
        again = {text for request in server.received[first:] for text in request.body["input"]}
        assert len(again) == items - len(kept) and not kept & {bulk.text_digest(MODEL, text) for text in again}


def test_faults_on_the_way_are_outlived(store):
    with ScriptedServer(
        failure(429, "slow", {"Retry-After": "0.01"}), failure(500, "broken"), Step(drop=True), Step(200, "<html>"), default=embeddings
    ) as server:
        keeper = EmbeddingStore(server.client(), store)
        assert keeper.fill(["one"]).failed == 0 and numbers(keeper.vectors(["one"])[0]) == vector("one") and len(server.received) == 5


def test_two_runs_on_one_store(store):
    busy = pytest.raises(FatalError, match="in use by another run")
    with ScriptedServer(default=embeddings) as server, store.writing(), Store(store.path) as other, busy:
        EmbeddingStore(server.client(), other).fill(["one"])
