"""Lesson 11: believe a model only where the document says the same.

You learn what an LLM is asked to extract, how an invention is caught, and what stands in where most is invented.
"""

# %% [markdown]
# # 11. Believe a model only where the document says the same
#
# A ranker needs signals: what a job demands, what a person knows. A language model reads them in any wording, and makes some
# up. So each claim must *quote* the document, and every quote is looked up:
#
#     it stands in the document                     kept
#     it stands in the example of the prompt        copied: the model repeats what it was shown
#     it stands nowhere                             made up
#
# The answers below are a tiny model's, recorded. A server of your own is asked instead where the environment names one:
#
#     SERVER=http://localhost:8000/v1 MODEL=name python examples/11_doubt_a_model.py

# %%
import os
import re
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

ADS = {
    "Nurse": "Our intensive care unit needs you. At least 3 years in a hospital, wound care and night shifts. German B2 is a plus.",
    "Backend Engineer": "You build our payment services. You must know Python and PostgreSQL. Kubernetes is nice to have. 5+ years.",
    "Cook": "A small kitchen by the sea looks for a cook who loves fish. Patience required. No experience needed.",
}


def stands_in(quote, text):
    """Whether whole words of a text are the quote; case and blanks do not matter."""
    quote, text = (" ".join(words.casefold().split()) for words in (quote, text))
    return re.search(rf"(?<!\w){re.escape(quote)}(?!\w)", text) is not None


print("'wound  CARE':", stands_in("wound  CARE", ADS["Nurse"]), "  'Java' in 'JavaScript':", stands_in("Java", "JavaScript"))


def quotes(answer):
    """All quotes of an answer, in its order; what is picked from a list, the `value`, is none."""
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, dict | list):
        for part in answer if isinstance(answer, list) else [answer[key] for key in answer if key != "value"]:
            yield from quotes(part)


# %% [markdown]
# ## Asked and doubted
# The prompt holds an example, of a beekeeper, and a schema that the server enforces: the *form* of an answer is always right.
# Answers are kept in a store, so nothing is asked twice. The client does not know whether a server or a recording answers.

# %%
from minirank.extract.llm import Asker, LLMDocument, ValueCounts, load_prompt
from minirank.llm_client import Client, Limits, Player, Store, validate

if "SERVER" in os.environ:
    client = Client(os.environ["SERVER"], os.environ["MODEL"], timeout=600, limits=Limits(concurrency=1))
else:
    player = Player((Path(__file__).parent if "__file__" in globals() else Path("..")) / "11_answers.jsonl")  # or from a notebook
    client = Client(player.base_url, player.model, transport=player, limits=Limits(concurrency=1))
    print(f"{player.model} on {player.header['server']}, recorded on {player.header['recorded']}")

prompt, fates = load_prompt("job"), {}
example = " ".join([prompt.example["document"], *quotes(prompt.example["answer"])])
documents = [LLMDocument.of_job({"job_id": title, "title": title, "description": text}) for title, text in ADS.items()]
with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "answers.sqlite") as store:
    asker = Asker(client, store)
    requests = [request for document in documents for _, request in document.requests(asker)]
    asker.ask(lambda: requests)
    for document, request in zip(documents, requests, strict=True):
        answer, counts = asker.answer(request), ValueCounts()
        assert validate(answer, prompt.schema) is None
        document.answered(asker, counts)
        fate = [0 if stands_in(quote, document.text) else 1 if stands_in(quote, example) else 2 for quote in quotes(answer)]
        fates[document.name] = fate
        print(f"\n{document.name} must have, says the model: {', '.join(answer['must_have'][:4])} ...")
        print(f"  {fate.count(0)} kept, {fate.count(1)} copied, {fate.count(2)} made up; the product:", end=" ")
        print(f"{counts.grounded} kept, {counts.leaked} copied, {counts.ungrounded} made up, {counts.invalid} invalid")
        if counts.dropped > counts.grounded:
            print("  most is wrong, so the rules stand in:", ", ".join(value.value for value in document.rules.must_have) or "nothing")

# %% [markdown]
# ## The picture
# Every quote a bar, in the order in which the model wrote them.

# %%
figure, axes = plt.subplots(len(fates), 1, figsize=(9, 5), layout="constrained", squeeze=False)
for below, (name, fate) in zip(axes[:, 0], fates.items()):
    for kind, (label, color, height) in enumerate((("kept", "C0", 1.0), ("copied", "C1", 0.6), ("made up", "C7", 0.3))):
        below.bar([place for place, found in enumerate(fate) if found == kind], height, 0.9, color=color, label=label)
    below.set(title=f"{name}: {fate.count(0)} kept, {fate.count(1)} copied, {fate.count(2)} made up", ylim=(0, 1.05), yticks=[])
    below.set_xlim(-1, max(map(len, fates.values())))
axes[0, 0].legend(ncols=3)
figure.savefig("11_doubt_a_model.png")
