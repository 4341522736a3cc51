"""Real servers of embeddings: llama.cpp's with a model of 135M parameters, and a sentence encoder of 22M whose vectors mean something."""

import struct
import subprocess
import time

import llm_server
import pytest
import requests
import sentence_encoder
from checkout import WORLDS, start_python

from minirank.llm_client import Client, EmbeddingStore, Limits
from minirank.llm_client.doctor import doctor

pytest.importorskip("xllamacpp", reason='no real server here; pip install -e ".[llm-test]"')
pytest.importorskip("tokenizers", reason='no word pieces here; pip install -e ".[llm-test]"')


@pytest.fixture(scope="module", params=["llama.cpp", "sentence encoder"])
def server(request):
    """Name, address and model of each; red, not skipped, when it cannot be started."""
    script = ("llm_server.py", "--embeddings") if request.param == "llama.cpp" else ("sentence_encoder.py",)
    process = start_python(WORLDS / script[0], *script[1:], "--port", "0", stderr=subprocess.DEVNULL)
    try:
        url = process.stdout.readline().strip()
        end = time.monotonic() + 60
        while request.param == "llama.cpp" and requests.get(f"{url}/health", timeout=5).status_code != 200:
            assert time.monotonic() < end, "the model was not loaded within a minute"
            time.sleep(0.1)
        yield request.param, url, llm_server.MODEL_NAME if request.param == "llama.cpp" else sentence_encoder.NAME
    finally:
        process.kill()
        process.communicate()


def test_vectors_that_are_kept_and_of_their_texts(server, store):
    name, url, model = server
    texts = ["The cat sits outside", "The dog plays in the garden", "A man is playing guitar", "word " * 1_500]
    told = []
    keeper = EmbeddingStore(Client(url, model, limits=Limits(concurrency=2, price_in=1.0), notice=told.append), store)
    done = keeper.fill(texts)
    assert done.failed == 0 and store.ledger()["tokens_in"] > 20 and store.ledger()["estimated"] == 0
    found = [struct.unpack(f"<{len(vector) // 4}f", vector) for vector in keeper.vectors(texts)]
    assert {len(vector) for vector in found} == {576 if name == "llama.cpp" else sentence_encoder.WIDTH}
    if name == "llama.cpp":  # it refuses what is too long, and counts nothing of it
        assert done.shortened == 1 and "embedded by their beginning" in told[0]
        return
    assert "reads only the beginning of long texts, without a word" in told[0]
    cosines = [sum(a * b for a, b in zip(found[0], other)) for other in found[1:3]]
    assert cosines == pytest.approx([0.2838, 0.0363], abs=2e-4), "as its authors' library gives them"

    report = doctor(url, model)
    (said,) = [words for _, subject, words in report.lines if subject == "embeddings"]
    assert report.ok and said.startswith("384 numbers"), "a server that embeds and answers nothing is a good one"
