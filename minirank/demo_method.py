"""What the demonstration shows beside its own models: the committed table of what each part is worth, and what a recorded model reads."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from textwrap import fill

from .evaluation.format_metrics import aligned
from .extract.llm import Asker, ValueCounts
from .extract.llm.sentences import SentenceDocument
from .extract.schema import AnyFeatures, Value
from .llm_client import Client, Limits, Player, Store
from .simulate import World, WorldConfig
from .simulate.wording import Mention

WORTH = Path(__file__).with_name("worth.json")  # of bench/ranking/parts.py
ANSWERS = Path(__file__).with_name("demo_answers.jsonl")  # of tests/worlds/llm_record.py
ADS = (2, 3, 5)  # short ones of a world of its own, so that the recorded questions are always the same
SOURCE = "bench/ranking/RESULTS.md#what-each-part-is-worth"


def worth(width: int) -> str:
    """The committed figures, as a table with its source."""
    record = json.loads(WORTH.read_text(encoding="utf-8"))
    titles = list(next(iter(record["gains"].values())))
    cells = [["measured before, gain from", *titles]]
    cells += [[part, *(_gain(*of[title]) for title in titles)] for part, of in record["gains"].items()]
    told = (
        f"Not of this market: means of {record['worlds']} simulated markets of {record['impressions']:,} impressions with 95 % intervals "
        f"of the paired difference, from {SOURCE}, where null worlds stand beside them; bench/ranking/parts.py measures them anew."
    )
    return "\n".join([*aligned(cells), fill(told, width)])


def _gain(mean: float, low: float, high: float) -> str:
    return f"{mean:+.4f} ({low:+.4f} to {high:+.4f})"


def ads() -> list[tuple[SentenceDocument, list[Mention]]]:
    """The ads that the recorded model was asked about, with what each says of skills."""
    texts = list(World(WorldConfig(seed=0, impressions=500)).job_texts())
    found = []
    for row in ADS:
        title, description, mentions = texts[row]
        document = SentenceDocument.of_job({"job_id": f"j{row:06d}", "title": title, "description": description})
        found.append((document, [mention for mention in mentions if mention.kind in ("must", "nice")]))
    return found


def asked(client: Client, documents: list[SentenceDocument]) -> list[tuple[AnyFeatures, list[str]]]:
    """What the rules read in each document with a model's marks, and the words that it marked."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "answers.sqlite") as store:
        asker = Asker(client, store)
        asker.ask(lambda: (request for document in documents for _, request in document.requests(asker)))
        found = [(document, document.marks(asker, ValueCounts())) for document in documents]
        return [(each.by_rules(marks), [each.text[start:end] for start, end in marks.spans] if marks else []) for each, marks in found]


def recorded_reading(width: int) -> str:
    """What a small model marked in three ads, played back from its recorded answers, beside the rules and what the ads say."""
    player = Player(ANSWERS)
    assert player.model is not None  # a recording holds exchanges
    client = Client(player.base_url, player.model, transport=player, limits=Limits(concurrency=1))
    documents = ads()
    cells = [["a recorded model reads", "skills asked for", "found by rules", "with the model", "it marks", "no skill"]]
    for (document, said), (features, marks) in zip(documents, asked(client, [document for document, _ in documents])):
        found = [sum(any(_says(v.value, v.quote, skill) for v in _skills(each)) for skill in said) for each in (document.rules, features)]
        wrong = sum(not any(_says(mark, mark, skill) for skill in said) for mark in marks)
        cells.append([document.text.partition("\n")[0], *map(str, (len(said), *found, len(marks), wrong))])
    told = (
        f"Answers of {player.header['server']}, recorded on {player.header['recorded']} and played back: one of the smallest models that "
        "there are marks skills, sentence by sentence, and can only quote; the rules do the rest. minirank extract DATA --base-url URL "
        "--model M --style spans asks one of yours."
    )
    return "\n".join([*aligned(cells), fill(told, width)])


def _skills(features: AnyFeatures) -> list[Value]:
    return [value for key in ("must_have", "nice_to_have") for value in getattr(features, key)]


def _says(value: str, quote: str, skill: Mention) -> bool:
    """Whether what was read is a skill that the text says: by its name, or by words of it."""
    said, quote = skill.phrase.lower(), quote.lower()
    return value == skill.value or said in quote or quote in said
