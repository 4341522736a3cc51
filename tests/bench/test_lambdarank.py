"""What the comparison on LambdaRank's sample reads, and the log of its search."""

import json

import numpy as np

from bench.ranking.lambdarank import Queries
from bench.ranking.search_log import SearchLog


def test_rows_of_queries_are_read_and_counted_as_lightgbm_counts_them(tmp_path):
    (tmp_path / "rank.test").write_text("2 1:0.5 300:1\n0 2:0.25\n0 1:1\n0 3:1\n")
    (tmp_path / "rank.test.query").write_text("2\n2\n")
    queries = Queries.read(tmp_path / "rank.test")
    assert queries.query.tolist() == [0, 0, 1, 1] and queries.grade.tolist() == [2, 0, 0, 0]
    assert queries.x[0, 0] == 0.5 and queries.x[0, 299] == 1 and queries.x[1, 1] == 0.25 and queries.x.sum() == 3.75
    wrong_order = queries.ndcg(np.array([0.0, 1, 0, 1]))
    assert wrong_order[0].tolist() == [0, 1] and np.allclose(wrong_order[3], [1 / np.log2(3), 1])
    queries.take(np.array([True, True, False, False])).write(tmp_path / "part.npz")
    with np.load(tmp_path / "part.npz") as written:
        assert np.allclose(written["gain"], [3 / 15, 0]) and written["query"].tolist() == [0, 0]


def test_a_search_goes_on_where_its_log_ends(tmp_path):
    log = SearchLog(tmp_path / "search.jsonl")
    assert log.lines("ours") == [] and not log.has("ours", "a=1")
    log.add("ours", "a=1", auc=0.5)
    log.add("theirs", "a=1", auc=0.7)
    assert log.has("ours", "a=1") and not log.has("ours", "a=2") and not log.has("ours", "a=1", auc=0.7)
    assert [line["auc"] for line in log.lines("theirs")] == [0.7]
    assert len([json.loads(line) for line in log.path.read_text().splitlines()]) == 2
