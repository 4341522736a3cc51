"""Failure: a made-up skill.

A model that reads resumes likes to please: it lists what the job asks for, whether the resume says so or not.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from minirank.extract.llm import LLMDocument, ValueCounts, load_prompt

MUST = ("Python", "SQL", "Docker", "Kubernetes")  # what the job asks for
rng = np.random.default_rng(0)
written = rng.random((10, 4)) < 0.5
written[7] = True  # one person knows it all
texts = [f"Engineer, 2019 - today. I keep machines running{''.join(f', with {MUST[s]}' for s in np.flatnonzero(row))}." for row in written]


class PleasingModel:
    """Answers in the place of a server: what is written, and two of three skills that are not."""

    def __init__(self, written):
        self.said = written | (rng.random(4) < 0.67)

    def failure(self, request):
        return None

    def answer(self, request):
        schema = load_prompt("resume").schema
        nothing = {key: [] if schema["properties"][key].get("type") == "array" else None for key in schema["required"]}
        return nothing | {"skills": [MUST[s] for s in np.flatnonzero(self.said)]}


# %% [markdown]
# Before: the answers are believed. After: each skill must stand in the resume, whole words of it, or it is dropped and counted.

# %%
counts, said, kept = ValueCounts(), [], []
for number, (text, row) in enumerate(zip(texts, written)):
    model = PleasingModel(row)
    resume = LLMDocument.of_resume({"resume_id": f"r{number}", "text": text, "updated_at": 0})
    found = {value.value for value in resume.answered(model, counts).skills}
    said.append(model.said)
    kept.append([skill.lower() in found for skill in MUST])
said, kept = np.array(said), np.array(kept)
np.testing.assert_array_equal(kept, written)
print(f"before: {said.sum()} skills, {np.sum(said.all(axis=1))} of 10 people have all four")
print(f"after: {counts.grounded} skills, {counts.ungrounded} were made up, {np.sum(kept.all(axis=1))} of 10 has all four")

figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for place, title, found in ((axes[0], "before (grey: made up)", said), (axes[1], "after (yellow: in the resume)", kept)):
    order = np.argsort(-found.sum(axis=1), kind="stable")
    place.imshow((found & written)[order] * 1.0 + found[order], cmap="cividis", vmin=0, vmax=2, aspect="auto")
    place.set(title=title, xticks=range(4), xticklabels=MUST, yticks=range(10), yticklabels=[f"r{number}" for number in order])
axes[0].set_ylabel("resumes, those with most skills first")
figure.savefig("a_made_up_skill.png")
