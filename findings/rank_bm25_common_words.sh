#!/usr/bin/env bash
# rank_bm25 0.2.2: in BM25Okapi a word that every document has weighs six times as much as one that 45 % of them have.
# One would guess: the more documents have a word, the less it weighs; BM25's formula makes it negative above half of them, and a floor at or
# near 0 mends that.
# Instead: every negative weight becomes a quarter of the mean of all weights, and the mean is high, since most words are rare. So weights
# fall down to half of the documents and jump up beyond. BM25Plus and BM25L of the same package do as one would guess.
# Why it matters: resumes share words such as "experience"; for `python experience` one that says "experience" twice and never "python"
# comes before all 450 that say both. A baseline made with it is weaker than BM25 is.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 rank-bm25==0.2.2
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numpy as np
from rank_bm25 import BM25Okapi, BM25Plus

rng = np.random.default_rng(0)


def resume(*words):
    return [*words, *(f"word{place}" for place in rng.integers(0, 3000, 20))]


resumes = [resume("experience", *(["python"] if row % 100 < 45 else [])) for row in range(1000)] + [resume("experience", "experience")]
firsts = {}
for kind in (BM25Okapi, BM25Plus):
    model = kind(resumes)
    scores = model.get_scores(["python", "experience"])
    firsts[kind] = resumes[int(np.argmax(scores))]
    weights = {word: round(model.idf[word], 3) for word in ("experience", "python", resumes[0][-1])}
    print(f"{kind.__name__}: weights {weights}; first for `python experience`: {' '.join(firsts[kind][:2])} ...")
    assert (weights["experience"] > 6 * weights["python"]) == (kind is BM25Okapi)
assert "python" not in firsts[BM25Okapi] and "python" in firsts[BM25Plus]
PY
