"""Count in how many job postings each word stands: the words that say little in any posting (SkillSpan, train).

    python bench/ranking/posting_words.py PATH        PATH: folder with train.json; writes minirank/features/posting_words.txt

Source: Zhang, Jensen, Sonniks and Plank, "SkillSpan: Hard and Soft Skill Extraction from English Job Postings", NAACL 2022
(MIT licence, copyright (c) 2023 Mike Zhang). A word of one or two postings may be anything, and is left out.
"""

import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.extraction.skillspan import read_postings
from bench.tables import CHECKOUT
from minirank.features.tfidf import words

LEAST = 3  # postings
_PLACEHOLDER = re.compile(r"<\w{1,20}>")


def main() -> None:
    texts = [_PLACEHOLDER.sub(" ", text) for text, _ in read_postings(Path(sys.argv[1]) / "train.json")]
    counts = Counter(word for text in texts for word in set(words(text)))
    lines = [f"{word} {count}" for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count >= LEAST]
    (CHECKOUT / "minirank/features/posting_words.txt").write_text("\n".join([str(len(texts)), *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
