"""Lesson 11: a model's answer is believed only where the document says the same.

You learn what stands between a language model and your data: a schema that the server enforces and that is
checked again here, then grounding, which looks up every quote in the document. The answers are those of a real
server with a tiny model, recorded on the day that is printed, so that nothing is sent now. So small a model
answers in the right form, for the server sees to that, and hardly reads: see what it says a nurse must know.

    python examples/11_doubt_a_model.py                       plays the recorded answers
    python examples/11_doubt_a_model.py URL MODEL             asks your own server instead

`minirank extract DATA --base-url URL --model M --record FILE` records your own, `--replay FILE` plays it.
"""

import sys
import tempfile
from pathlib import Path

from minirank.extract.llm.asker import Asker
from minirank.extract.llm.extract_llm import PIECE, LLMDocument
from minirank.extract.llm.grounding import ValueCounts
from minirank.extract.llm.prompts import load_prompt
from minirank.llm_client import Client, Limits, Store, validate
from minirank.llm_client.cassette import Player

ADS = {
    "nurse": (
        "Nurse",
        "Our intensive care unit needs you. At least 3 years in a hospital, wound care and night shifts. German B2 is a plus.",
    ),
    "engineer": (
        "Backend Engineer",
        "You build our payment services. You must know Python and PostgreSQL. Kubernetes is nice to have. 5+ years.",
    ),
    "cook": ("Cook", "A small kitchen by the sea looks for a cook who loves fish. Patience required. No experience needed."),
}
CASSETTE = Path(__file__).with_name("11_answers.jsonl")

# 1. A client. It does not know whether a server answers it or a cassette does.
if len(sys.argv) == 3:
    client = Client(sys.argv[1], sys.argv[2], timeout=600, limits=Limits(concurrency=1))
else:
    player = Player(CASSETTE)
    client = Client(player.base_url, player.model, transport=player, limits=Limits(concurrency=1))
    print(f"{player.model} on {player.header['server']}, recorded on {player.header['recorded']}\n")

documents = [LLMDocument.of_job({"job_id": name, "title": title, "description": text}) for name, (title, text) in ADS.items()]
prompt = load_prompt("job")
with Store(Path(tempfile.mkdtemp()) / "answers.sqlite") as store:
    asker = Asker(client, store)

    # 2. One request a document; whatever is answered is in the store, and is never asked again.
    requests = [request for document in documents for _, request in document.requests(asker, PIECE)]
    asker.ask(lambda: requests)
    spent = store.ledger()
    print(f"{len(requests)} requests, {spent['tokens_in']:,} tokens in, {spent['tokens_out']:,} out")

    # 3. What the model claims, and what is left of it.
    total = ValueCounts()
    for document, request in zip(documents, requests, strict=True):
        answer, counts = asker.answer(request), ValueCounts()
        assert validate(answer, prompt.schema) is None  # the form is right, always
        found = document.answered(asker, PIECE, counts)
        copied = [claim for claim in answer["must_have"] if prompt.folded_example.find(claim) and claim not in document.text]
        print(f"\n{document.name} must have, says the model: {', '.join(answer['must_have'][:8]) or 'nothing'} ...")
        print(f"  copied from the prompt's example, a beekeeper: {', '.join(copied) or 'nothing'}")
        print(f"  kept: {', '.join(f'{value.value} (from {value.quote!r})' for value in found.must_have) or 'nothing'}")
        print(
            f"  all its values: {counts.grounded} grounded, {counts.leaked} copied, {counts.ungrounded} made up, {counts.invalid} invalid"
        )
        if counts.dropped > counts.grounded:  # as `minirank extract` does then
            instead = ", ".join(value.value for value in document.rules.must_have)
            print(f"  more is made up than is not, the rules stand in: {instead or 'nothing'}")
        total.add(counts)
    print(f"\n{total.grounded} of {total.grounded + total.dropped} values stand in their document")

    # 4. A second run sends nothing: the store has it all.
    assert asker.ask(lambda: requests) == 0 and store.ledger() == spent

# Exercise: ask a larger model of your own. Which line of an ad does it still get wrong, and does the schema notice?
