"""What the scores on real postings rest on: reading them, and the arithmetic."""

import json

from bench.extraction.skillspan import read_postings, score


def test_postings_keep_offsets(tmp_path):
    lines = [
        {"idx": 1, "source": "tech", "tokens": ["Use", "C", "+", "+"], "tags_skill": list("OOOO"), "tags_knowledge": list("OBII")},
        {"idx": 1, "source": "house", "tokens": ["x"], "tags_skill": ["O"], "tags_knowledge": ["O"]},
        {"idx": 1, "source": "tech", "tokens": ["lead", "teams"], "tags_skill": list("BB"), "tags_knowledge": list("OO")},
    ]
    path = tmp_path / "train.json"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    first, second = read_postings(path)
    assert first == ("Use C + +\nlead teams\n", {"skill": [(10, 14), (15, 20)], "knowledge": [(4, 9)]})
    assert second[0] == "x\n"


def test_score_by_hand():
    # Found 3: one equal, one that overlaps, one wrong. Gold 4: two are reached.
    result = score([([(0, 5), (10, 20), (30, 31)], [(0, 5), (15, 25), (40, 45)]), ([], [(0, 1)])])
    assert (result["found"], result["gold"]) == (3, 4)
    assert result["exact"] == {"precision": 0.3333, "recall": 0.25, "f1": 0.2857}
    assert result["overlapping"] == {"precision": 0.6667, "recall": 0.5, "f1": 0.5714}
