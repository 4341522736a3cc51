#!/usr/bin/env bash
# implicit 0.7.3: precision at 10 is 0.67 where one of ten recommended items is right for each of two users.
# One would guess: precision at k is the share of the k recommended items that are right, 0.1 here.
# Instead: the divisor is min(k, items that the user liked), summed over users before it divides: hits 1 + 1 over likes 1 + 2. With few likes a
# user that is recall; and users with many likes weigh more, while ndcg, map and auc beside it are means over users.
# Why it matters: a table that sets it beside another library's precision at 10 compares two measures, six times apart.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 scipy==1.17.1 implicit==0.7.3
cd "$work"
"$work/venv/bin/python" - <<'PY'
import numpy as np
from implicit.evaluation import ranking_metrics_at_k
from scipy.sparse import csr_matrix


class SameForAll:
    """Recommends items 0, 1, ..., 9."""

    def recommend(self, users, user_items, N=10, **options):
        return np.tile(np.arange(N, dtype=np.int32), (len(users), 1)), np.ones((len(users), N))


nothing = csr_matrix((2, 20), dtype=np.float32)
liked = csr_matrix((np.ones(3, np.float32), ([0, 1, 1], [0, 1, 15])), shape=(2, 20))  # of the first ten: item 0, item 1
metrics = ranking_metrics_at_k(SameForAll(), nothing, liked, K=10, show_progress=False)
print("liked: {0}, {1, 15}; recommended: 0 to 9; share of right ones 0.1;", metrics)
assert metrics["precision"] == 2 / 3
PY
