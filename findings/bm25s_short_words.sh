#!/usr/bin/env bash
# bm25s 0.3.16: who searches for IT, C or R finds nothing, and gets the documents all the same, those that say it last.
# One would guess: tokenize("IT manager") has two tokens, as the query has two words; or what scores nothing is not returned.
# Instead: by default English stop words go, "it" among them (capitals are no matter), and so do words of one letter, so that "C", "C++", "C#"
# and "R" are no words either. The query is then empty without a warning, every score is 0, and retrieve() lists documents from the end.
# Why it matters: in a search for people these are departments and skills; a recruiter who looks for R sees a list like any other.
# stopwords=None and a token_pattern of one's own mend it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 bm25s==0.3.16
cd "$work"
"$work/venv/bin/python" - <<'PY'
import bm25s

resumes = ["IT manager", "C++ developer", "R analyst", "logistics manager", "nurse"]


def found(query, **options):
    tokens = bm25s.tokenize(resumes, show_progress=False, **options)
    index = bm25s.BM25()
    index.index(tokens, show_progress=False)
    asked = bm25s.tokenize(query, show_progress=False, **options)
    documents, scores = index.retrieve(asked, corpus=resumes, k=len(resumes), show_progress=False)
    return documents[0].tolist(), scores[0].tolist()


for place, query in enumerate(("IT", "C", "R")):
    documents, scores = found(query)
    print(f"{query}: {documents}, scores {scores}")
    assert scores == [0] * 5 and documents == resumes[::-1]
    documents, scores = found(query, stopwords=None, token_pattern=r"(?u)\b\w+\b")
    print(f"   with options of one's own: {documents[0]} first, {scores[0]:.2f}")
    assert documents[0] == resumes[place] and scores[0] > 0
PY
