"""The store and bulk runs: each item ends once, equal requests are asked once, counts always add up."""

import sqlite3
import threading
import time
from contextlib import closing

import pytest
from llm_scripted import MODEL, SCHEMA, ScriptedServer, Step, answer, documents, failure, item

from minirank.llm_client import Bulk, Counts, FatalError, ItemError, Limits, Store
from minirank.llm_client.request import Ability


def test_a_run_and_a_second_one_that_sends_nothing(store):
    with ScriptedServer() as server:
        seen = []
        counts = Bulk(server.client(), store).run(documents(20), lambda *numbers: seen.append(numbers))
        assert counts == Counts(done=20) and counts.input == 20 and len(server.received) == 20
        assert sorted(seen) == [(number, 20, 0) for number in range(1, 21)]
        assert Bulk(server.client(), store).run(lambda: iter(documents(20))) == Counts(done=20) and len(server.received) == 20
        found = store.get("doc3")
        assert found.value == {"n": 1} and found.provenance["rung"] == "json_schema" and found.provenance["base_url"] == f"{server.url}/v1"
        assert [entry.key for entry in store.items()] == sorted(f"doc{number}" for number in range(20)) and store.get("other") is None
        ledger = store.ledger()
        assert ledger["attempts"] == 20 and ledger["tokens_in"] == 200 and ledger["outcomes"] == {"ok": 20}


def test_a_plain_iterator_is_read_once(store):
    with ScriptedServer() as server:
        assert Bulk(server.client(), store).run(iter(documents(9))) == Counts(done=9)


def test_case_22_the_same_document_twice_is_one_call_and_two_results(store):
    with ScriptedServer(default=answer(delay=0.02)) as server:
        twins = [item("a", "same"), item("b", "same"), item("c", "other")]
        for requests in (twins, iter([item("d", "same")])):
            Bulk(server.client(), store).run(requests)
        assert len(server.received) == 2 and store.counts() == Counts(done=4)
        assert store.get("a").value == store.get("b").value == store.get("d").value == {"n": 1}


@pytest.mark.parametrize(
    "text", ["", "three short words", "long " * 400_000, "高级工程师，五年经验", "Ｆｕｌｌ　ｗｉｄｔｈ", "no\u00a0break ﬁnance"]
)
def test_case_22_documents_of_every_size_and_script_arrive_as_they_are(text, store):
    with ScriptedServer() as server:
        assert Bulk(server.client(), store).run([item("a", text)]) == Counts(done=1)
        assert server.received[0].body["messages"][-1]["content"] == text


def test_case_23_another_model_prompt_or_schema_misses_and_old_rows_stay(store):
    with ScriptedServer() as server:

        def run(model=MODEL, **fields):
            client = server.client()
            client.model = model
            Bulk(client, store).run([item("a", "text", **fields)])
            return len(server.received), store.get("a").digest

        asked = [run(), run(), run(model="other"), run(version="2"), run(schema={**SCHEMA, "title": "v2"}), run(max_tokens=60), run()]
        assert [calls for calls, _ in asked] == [1, 1, 2, 3, 4, 5, 5]
        assert asked[0][1] == asked[1][1] == asked[6][1] and len({digest for _, digest in asked}) == 5
        rows = sqlite3.connect(store.path).execute("SELECT COUNT(*) FROM results WHERE status = 'done'").fetchone()
        assert rows == (5,) and store.counts() == Counts(done=1)


def test_another_address_is_the_same_request(store):
    for _ in range(2):
        with ScriptedServer() as server:
            Bulk(server.client(), store).run(documents(3))
            calls = len(server.received)
    assert calls == 0 and store.ledger()["attempts"] == 3


def test_failed_items_are_kept_and_retried_on_demand(store):
    with ScriptedServer(default=lambda got: failure(400, "odd") if "document 1" in str(got.body) else answer()) as server:
        assert Bulk(server.client(), store).run(documents(3)) == Counts(done=2, failed=1)
        found = store.get("doc1")
        assert (found.status, found.kind, found.value) == ("failed", "rejected", None) and "odd" in found.error
        Bulk(server.client(), store).run(documents(3))
        assert len(server.received) == 3
        server.default = answer()
        assert Bulk(server.client(), store).run(documents(3), retry_failed=True) == Counts(done=3)
        assert len(server.received) == 4 and store.ledger()["outcomes"] == {"ok": 3, "rejected": 1}


def test_only_failures_of_this_input_are_retried(store):
    with ScriptedServer(default=failure(400, "odd")) as server:
        Bulk(server.client(), store).run([item("a", "first")])
        Bulk(server.client(), store).run([item("b", "second")])
        server.default = answer()
        assert Bulk(server.client(), store).run([item("a", "first")], retry_failed=True) == Counts(done=1)
        assert store.counts() == Counts(done=1, failed=1)  # b stays failed, not pending for ever
        assert Bulk(server.client(), store).run(iter([item("b", "second")]), retry_failed=True) == Counts(done=1)


def test_case_12_401_in_the_middle_stops_and_keeps_the_work(store):
    with ScriptedServer(*[answer() for _ in range(5)], default=failure(401, "Incorrect API key provided")) as server:
        with pytest.raises(FatalError, match="does not accept the key") as caught:
            Bulk(server.client(concurrency=2), store).run(documents(50))
        counts = store.counts()
        assert caught.value.kind == "auth" and counts == Counts(done=5, pending=45) and len(server.received) <= 7
        server.default = answer()
        assert Bulk(server.client(), store).run(documents(50)) == Counts(done=50)


def test_case_24_two_runs_on_one_store(store, tmp_path):
    held, free = threading.Event(), threading.Event()

    def slow(received):
        held.set()
        free.wait(5)
        return answer()

    with ScriptedServer(slow) as server, Store(tmp_path / "store.sqlite") as other:
        first = threading.Thread(target=Bulk(server.client(), store).run, args=(documents(4),))
        first.start()
        held.wait(5)
        with pytest.raises(FatalError, match=r"store.sqlite is in use by another run \(process \d+, since") as caught:
            Bulk(server.client(), other).run(documents(4))
        assert caught.value.kind == "locked" and other.counts().input == 4
        free.set()
        first.join()
        assert Bulk(server.client(), other).run(documents(4)) == Counts(done=4) and len(server.received) == 4


def test_case_24_a_full_disk_keeps_what_was_committed(store):
    with ScriptedServer(default=answer('{"n": 1, "why": "' + "x" * 3000 + '"}')) as server:
        schema = {**SCHEMA, "properties": {**SCHEMA["properties"], "why": {"type": "string"}}}
        requests = documents(60, schema=schema)
        with store.writing() as run:
            store.register(requests, MODEL, run)
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages + 20}")  # what SQLite says then is what it says on a full disk
        with pytest.raises(FatalError, match="full.*free some space") as caught:
            Bulk(server.client(), store).run(requests)
        counts, paid = store.counts(), len(server.received)
        assert caught.value.kind == "store" and counts.input == 60 and 0 < counts.done < 60 and counts.done >= paid - 8
        store._db.execute("PRAGMA max_page_count = 1000000")
        assert Bulk(server.client(), store).run(requests) == Counts(done=60)
        assert len(server.received) <= 60 + 8  # calls whose answer found no room, at most those under way


@pytest.mark.parametrize("content, words", [(b"not a database, by far" * 100, "cannot be used as a store"), (None, "store of version 99")])
def test_files_that_are_no_store(tmp_path, content, words):
    path = tmp_path / "store.sqlite"
    if content is None:
        sqlite3.connect(path).execute("PRAGMA user_version = 99").connection.close()
    else:
        path.write_bytes(content)
    with pytest.raises(FatalError, match=words):
        Store(path)


DAMAGE = (
    "UPDATE results SET value = '{broken'¦UPDATE results SET provenance = '['¦DROP TABLE attempts¦DROP TABLE items¦"
    "ALTER TABLE results RENAME COLUMN status TO state¦UPDATE abilities SET ability = '{\"x\": 1}'¦"
    'UPDATE abilities SET ability = \'{"rung": 9}\'¦UPDATE abilities SET ability = \'{"rung": "text"}\'¦'
    "UPDATE abilities SET ability = '{\"max_tokens\": [1]}'¦UPDATE abilities SET ability = '[]'¦"
    "UPDATE results SET value = replace(hex(zeroblob(50000)), '00', '[')"  # deeper than anybody reads
).split("¦")


@pytest.mark.parametrize("damage", [*DAMAGE, None])
def test_a_damaged_store_is_named_in_one_line(tmp_path, damage):
    path = tmp_path / "store.sqlite"
    with ScriptedServer(default=answer('{"n": 1}\n{"n": 2}')) as server:
        with Store(path) as store:
            Bulk(server.client(), store).run(documents(200))
            store.keep_ability(f"{server.url}/v1", MODEL, Ability())
        if damage is None:  # pages that a failing disk returned
            content = bytearray(path.read_bytes())
            content[2 * 4096 :] = bytes(len(content) - 2 * 4096)
            path.write_bytes(content)
        else:
            with closing(sqlite3.connect(path, isolation_level=None)) as db:
                db.execute(damage)
        words = r"store.sqlite (is damaged|cannot be written|cannot be used).*give another file"
        with pytest.raises(FatalError, match=words) as caught, Store(path) as store:
            Bulk(server.client(), store).run(documents(201))
            list(store.items())
        assert caught.value.kind == "store" and "\n" not in str(caught.value)


def test_case_01_ability_is_found_out_once_for_all_threads_and_remembered(store):
    def without_schemas(received):
        rejected = received.body.get("response_format", {}).get("type") == "json_schema"
        return Step(500, "Input should be 'text' or 'json_object'") if rejected else answer(delay=0.01)

    with ScriptedServer(default=without_schemas) as server:
        Bulk(server.client(concurrency=8), store).run(documents(20))
        assert len(server.received) == 21  # one rejection
        Bulk(server.client(), store).run([item("new", "new")])
        assert len(server.received) == 22 and store.ability(f"{server.url}/v1", MODEL) == Ability(rung=1)
        assert store.ability(f"{server.url}/v1", "other") is None


def test_errors_of_the_input_itself_pass_through(store):
    def broken():
        yield from documents(2)
        raise LookupError("no such file")

    with ScriptedServer() as server:
        with pytest.raises(LookupError):
            Bulk(server.client(), store).run(broken())
        assert store.counts().input == 2 and len(server.received) <= 2
        assert Bulk(server.client(), store).run(documents(3)) == Counts(done=3)


@pytest.mark.parametrize("twice", [True, False])
def test_calls_under_way_when_the_input_breaks_are_finished_and_kept(tmp_path, twice):
    """Whoever closes the store when the error comes has lost nothing that was paid for."""
    with ScriptedServer(default=answer(delay=0.4)) as server:
        reads = []

        def broken():
            reads.append(1)
            for number, request in enumerate(documents(4)):
                yield request
                if number == 2 and len(reads) == 1 + twice:
                    while len(server.received) < 3:
                        time.sleep(0.01)
                    raise LookupError("no such file")

        client = server.client()
        client.pace.open()  # no first request alone
        with pytest.raises(LookupError), Store(tmp_path / "s.sqlite") as store:
            Bulk(client, store).run(broken if twice else broken())
        assert len(server.received) == 3 and not [thread for thread in threading.enumerate() if "_work" in thread.name]
        with Store(tmp_path / "s.sqlite") as store:
            assert store.counts() == Counts(done=3, pending=int(twice)) and store.ledger()["attempts"] == 3


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path):
    path = tmp_path / "s.sqlite"
    with ScriptedServer() as server:
        with Store(path) as store:
            Bulk(server.client(), store).run(documents(2))
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("ALTER TABLE attempts DROP COLUMN estimated")
            db.execute("PRAGMA user_version = 1")
        for _ in range(2):
            with Store(path) as store:
                assert Bulk(server.client(), store).run(documents(3)) == Counts(done=3)
                assert store.ledger()["attempts"] == 3 and store.ledger()["estimated"] == 0


def test_half_a_surrogate_pair_in_a_server_s_words_can_be_stored(store):
    with ScriptedServer(default=failure(400, "odd \ud800 text")) as server:
        assert Bulk(server.client(), store).run(documents(1)) == Counts(failed=1)
        assert "odd ? text" in store.get("doc0").error


def test_item_errors_carry_their_attempts():
    with ScriptedServer(default=failure(500, "no")) as server, pytest.raises(ItemError) as caught:
        server.client(retries=1).complete(item())
    assert [attempt.status for attempt in caught.value.attempts] == [500, 500]
    assert Limits().retries == 5
