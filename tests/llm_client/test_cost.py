"""Limits, prices, the hard stop, dry runs, progress."""

import time

import pytest
from checkout import start_python
from llm_scripted import MODEL, ScriptedServer, answer, documents, failure, item

from minirank.llm_client import Bulk, Counts, FatalError, Limits, Store
from minirank.llm_client.cost import Budget, most_tokens
from minirank.llm_client.estimate import estimate


def test_prices_by_hand():
    limits = Limits(price_in=2.0, price_out=8.0)
    assert limits.cost(500_000, 250_000) == 1.0 + 2.0
    with ScriptedServer(answer(usage={"prompt_tokens": 100, "completion_tokens": 50})) as server:
        attempt = server.client(price_in=2.0, price_out=8.0).complete(item()).attempts[0]
        assert attempt.cost == pytest.approx(0.0006) and (attempt.tokens_in, attempt.tokens_out) == (100, 50)


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": "many"}, {"prompt_tokens": -1, "completion_tokens": 1}, {"prompt_tokens": True}]
)
def test_what_a_server_does_not_count_costs_its_upper_bound(usage):
    with ScriptedServer(answer(usage=usage)) as server:
        attempt = server.client(price_in=1.0, price_out=1.0).complete(item(max_tokens=50)).attempts[0]
        assert attempt.cost == pytest.approx((most_tokens(server.received[0].raw) + 50) / 1e6)


def test_errors_cost_nothing_and_lost_replies_their_upper_bound():
    with ScriptedServer(failure(500, "no"), answer(delay=0.5), answer()) as server:
        first, second, third = server.client(timeout=0.2, price_in=1.0).complete(item()).attempts
        assert (first.cost, third.cost) == (0.0, pytest.approx(10e-6)) and second.cost > 100e-6


def test_max_cost_is_never_passed(tmp_path):
    """A hard stop: whatever the server charges up to the bound, the sum stays below; the run can go on later."""
    charged = answer(usage={"prompt_tokens": 300, "completion_tokens": 50})
    with ScriptedServer(default=charged) as server, Store(tmp_path / "s.sqlite") as store:
        limits = {"max_cost": 0.01, "price_in": 1.0, "price_out": 2.0, "concurrency": 4}
        with pytest.raises(FatalError, match="max_cost 0.01 is reached") as caught:
            Bulk(server.client(**limits), store).run(documents(100))
        spent, counts = store.ledger()["cost"], store.counts()
        assert caught.value.kind == "max_cost" and spent <= 0.01 and counts.input == 100
        assert counts.done == len(server.received) >= 20  # of at most 25 that the price allows
        assert Bulk(server.client(**{**limits, "max_cost": 1.0}), store).run(documents(100)) == Counts(done=100)
        assert len(server.received) == 100


def test_max_cost_holds_over_several_runs_of_a_client(tmp_path):
    with ScriptedServer() as server, Store(tmp_path / "s.sqlite") as store:
        client = server.client(max_cost=0.001, price_in=1.0, price_out=1.0, concurrency=1)
        bulk = Bulk(client, store)
        bulk.run(documents(1))
        with pytest.raises(FatalError, match="max_cost"):
            bulk.run(documents(100))
        assert 0 < store.ledger()["cost"] <= 0.001 and 1 <= store.counts().done < 67


def test_max_cost_counts_what_earlier_runs_on_the_store_spent(tmp_path):
    """A resumed run does not begin at zero, or a loop of restarts would spend max_cost each time."""
    limits = {"max_cost": 0.01, "price_in": 1.0, "price_out": 2.0, "concurrency": 4}
    with ScriptedServer(default=answer(usage={"prompt_tokens": 300, "completion_tokens": 50})) as server:
        for _ in range(3):
            with Store(tmp_path / "s.sqlite") as store, pytest.raises(FatalError, match="0.01 is reached.*earlier runs included"):
                Bulk(server.client(**limits), store).run(documents(100))
        with Store(tmp_path / "s.sqlite") as store:
            assert store.ledger()["cost"] <= 0.01 and store.counts().done == len(server.received) <= 25


def test_calls_under_way_in_a_killed_run_are_paid_for(tmp_path):
    """Whatever died with its process is in the ledger at its upper bound, and counts against max_cost."""
    code = (
        "import sys; from llm_scripted import MODEL, item\n"
        "from minirank.llm_client import Bulk, Client, Limits, Store\n"
        "limits = Limits(concurrency=4, price_in=1.0, price_out=2.0, max_cost=0.01)\n"
        "with Store(sys.argv[2]) as store:\n"
        "    Bulk(Client(sys.argv[1], MODEL, limits=limits), store).run([item(f'doc{n}', f'document {n}') for n in range(100)])\n"
    )
    path = tmp_path / "s.sqlite"
    # One answer, so that four go out together; those are never answered.
    with ScriptedServer(answer(), default=answer(delay=30)) as server:
        worker = start_python("-c", code, server.url, path)
        end = time.monotonic() + 60
        while len(server.received) < 5:
            assert time.monotonic() < end and worker.poll() is None
            time.sleep(0.02)
        worker.kill()
        worker.communicate()
        bounds = [(most_tokens(got.raw) + 2 * 50) / 1e6 for got in server.received[1:]]
        with Store(path) as store:
            ledger = store.ledger()
            assert ledger["outcomes"] == {"ok": 1, "sent": 4} and ledger["cost"] == pytest.approx(20e-6 + sum(bounds))
            server.default = answer()
            client = server.client(price_in=1.0, price_out=2.0, max_cost=0.01)
            assert Bulk(client, store).run(documents(3)) == Counts(done=3)
            assert client.budget.spent == pytest.approx(store.ledger()["cost"]) and client.budget.spent > sum(bounds)
            assert store.ledger()["outcomes"]["sent"] == 4  # documents 1 and 2 were asked again, their lost calls stay paid


def test_a_budget_holds_what_calls_under_way_may_cost():
    budget = Budget(Limits(max_cost=1.0, price_in=1.0))
    bound = budget.reserve(600_000, 0)
    assert bound == 0.6
    budget.charge(bound, 0.1)
    assert budget.spent == 0.1 and budget.reserve(900_000, 0) == 0.9
    budget.charge(0.9, 0.9)
    with pytest.raises(FatalError):
        budget.reserve(1, 0)


WRONG = [{"concurrency": 0}, {"retries": -1}, {"rpm": 0}, {"tpm": -1}, {"max_cost": 1}, {"price_in": float("nan")}]


@pytest.mark.parametrize("wrong", [*WRONG, {"max_cost": 0, "price_in": 1}])
def test_limits_that_make_no_sense(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)


def test_a_dry_run_counts_and_sends_nothing(tmp_path):
    with ScriptedServer(default=lambda got: failure(400, "no") if "document 3" in str(got.body) else answer()) as server:
        with Store(tmp_path / "s.sqlite") as store:
            Bulk(server.client(), store).run(documents(4))
            found = estimate([*documents(10), item("twin", "document 9")], MODEL, store, Limits(price_in=1.0, price_out=1.0))
            again = estimate(documents(4), MODEL, store, Limits(), retry_failed=True)
        assert (found.items, found.hits, found.repeated, found.calls) == (11, 4, 1, 6) and len(server.received) == 4
        assert 6 * 20 < found.tokens_in[0] < found.tokens_in[1] < 6 * most_tokens(server.received[0].raw) and found.tokens_out == (30, 300)
        assert found.cost == pytest.approx(tuple((a + b) / 1e6 for a, b in zip(found.tokens_in, found.tokens_out, strict=True)))
        assert (again.hits, again.calls) == (3, 1) and "cost: not known without prices" in str(again)
        assert all(words in str(found) for words in ("cost: 0.00", "document 4", "11 items: 4 in the store", "JSON Schema"))
