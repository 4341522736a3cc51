"""What a score hangs on: how much of it is left when the model is not told one kind of evidence.

Training hides each group of what is read in texts in some rows, so that the model knows rows that lack it; past hires and
similarities, which it never lacks, take the mean of the training rows.
"""

from __future__ import annotations

import numpy as np

from ..features.inputs import MEANING, READ
from ..kernels.batch import Inputs, hide
from ..run.load_run import Run
from ..run.prediction import predict, ranking_score

PAST_HIRES = ("history", "hires", "hired_skills", "hired_more", "hired_industry", "hired_standing", "hired_text")
OF_READ = {  # group of `inputs.READ` -> what a person calls it
    "skills": "skills",
    "titles": "title and field",
    "levels": "years and level",
    "terms": "pay, start and career",
    "words": "single words",
}
GROUPS = {OF_READ[name]: tuple(each for each in names if each not in PAST_HIRES) for name, names in READ.items()}
GROUPS |= {"likeness of the texts": ("text_similarity", "title_found", "text_found", *MEANING), "past hires": PAST_HIRES}


def gain_of_knowing(run: Run, inputs: Inputs) -> dict[str, np.ndarray]:
    """How many times as high the score is with each group of `GROUPS` as without it; groups that the run does not have are left out.

    Args:
        inputs: B rows.
    Returns:
        group -> (B,) float64; NaN where both scores are 0.
    """
    spec, rows = run.plan.spec, np.ones(len(inputs), bool)
    known = {*dict(spec.categorical), *dict(spec.bags), *spec.dense}

    def score(of: Inputs) -> np.ndarray:
        found = ranking_score(predict(run.executor, run.values, of, run.config.model.position_field), run.config.score)
        assert found is not None  # a run that ranks has a score
        return found

    before, gains = score(inputs), {}
    for group, names in GROUPS.items():
        if known.intersection(names):
            hidden = inputs.take(np.arange(len(inputs)))
            hide(hidden, spec, names, rows)
            with np.errstate(all="ignore"):
                gains[group] = before / score(hidden)
    return gains
