"""Options of extract, grade, doctor and simulate that cannot be meant: one line each, before anything is read or sent."""

import io
import json

import pytest
from case_table import cases
from command_line import refused
from extraction_server import honest, serving, write_folder

from minirank.cli import main
from minirank.commands.train import _note_gazetteer
from minirank.config.configuration import FolderConfig
from minirank.llm_client import Ability, FatalError, Store
from minirank.llm_client.key import Key
from minirank.progress import Progress

SERVER = ("--base-url", "http://127.0.0.1:9", "--model", "m")
OF_A_SERVER = "--dry-run --retry-failed --max-cost=5 --concurrency=4 --model=m --batch-out=b --store=s --record=f --rpm=1"


@pytest.fixture
def data(tmp_path):
    """A folder of one job and one resume."""
    return write_folder(tmp_path, {"j": ("Cook", "We need SQL.")}, [("r", "SQL")])


@cases("""
    option | words
    --characters=199 | a whole number from 200 on, got '199'
    --characters=1e3 | a whole number
    --characters=-5 | a whole number
    --concurrency=0 | from 1 to 1024
    --concurrency=5000 | from 1 to 1024
    --concurrency=two | got 'two'
    --rpm=0 | a number above 0
    --tpm=nan | a number above 0, got 'nan'
    --timeout=0 | above 0, at most 86400
    --timeout=1e30 | at most 86400
    --timeout=inf | at most 86400
    --price-in=-1 | a number from 0 on
    --price-out=inf | a number from 0 on
    --price-out=1_0 | got '1_0'
    --max-cost=0 | a number above 0
    --max-cost=5 | max_cost needs price_in and price_out
""")
def test_numbers_out_of_range(capsys, data, option, words):
    assert words in refused(capsys, "extract", data, *SERVER, option)
    assert not (data / "llm.sqlite").exists()


@cases("""
    command | words
    doctor --base-url http://127.0.0.1:9 --timeout -1 | got '-1'
    simulate PATH --impressions 0 | got '0'
    simulate PATH --impressions 1.5 | got '1.5'
    simulate PATH --impressions 99999999999999 | memory
    simulate PATH --seed -1 | got '-1'
    grade PATH --concurrency -1 | got '-1'
    grade PATH --limit 0 | expected a whole number from 1 on, got '0'
    grade PATH --limit -1 | a whole number from 1 on, got '-1'
    evaluate run --bootstrap -1 | expected 0 or a whole number from 2 on, got '-1'
    evaluate run --bootstrap 1 | expected 0 or a whole number from 2 on, got '1'
    rank run --job j --top 0 | expected a whole number from 1 on, got '0'
    rank run --job j --top \u0663 | expected a whole number from 1 on
""")
def test_numbers_of_other_commands(capsys, tmp_path, command, words):
    path = tmp_path / "world"
    said = refused(capsys, *command.replace("PATH", str(path)).split())
    assert words in said and len(said) < 200
    assert not path.exists() or not any(path.iterdir())


@pytest.mark.parametrize("option", OF_A_SERVER.split())
@pytest.mark.parametrize("command", ["extract", "grade"])
def test_an_option_of_a_server_without_one_is_an_oversight(capsys, data, command, option):
    """Above all --dry-run: without a server it would write files."""
    before = sorted(data.iterdir())
    said = f"{option.partition('=')[0]} needs --base-url, or llm.base_url in --config; without a server the rules do it all"
    assert refused(capsys, command, data, option) == said
    assert sorted(data.iterdir()) == before


def test_options_that_exclude_one_another(capsys, data):
    assert "not allowed with" in refused(capsys, "extract", data, *SERVER, "--rules")
    assert "not allowed with" in refused(capsys, "extract", data, *SERVER, "--replay", "f")
    assert "--record needs --base-url" in refused(capsys, "extract", data, "--replay", "f", "--record", "g")
    config = data / "c.yaml"
    config.write_text("llm: {model: m, base_url: 'http://127.0.0.1:9/v1'}\n")
    assert "--rules asks none" in refused(capsys, "extract", data, "--config", config, "--rules", "--dry-run")


def test_a_key_in_the_place_of_its_name_is_not_shown(capsys, data):
    for key in ("sk-proj-0123456789abcdef", "gsk_0123456789abcdef", "AIzaSyA0123456789"):
        with pytest.raises(FatalError, match="not the key") as caught:
            Key.from_environment(key)
        assert key not in str(caught.value)
        with serving(honest) as (url, chats):
            for command in (("doctor",), ("extract", str(data), "--model", "m")):
                main([*command, "--base-url", url, "--api-key-env", key])
        captured = capsys.readouterr()
        assert key not in captured.out + captured.err and "not the key" in captured.out and "not the key" in captured.err and chats == []


def test_the_configuration_names_the_server_and_options_win(capsys, data):
    with serving(honest) as (url, chats):
        path = data / "llm.yaml"
        path.write_text(f"llm: {{base_url: '{url}', model: m, price_in: 2, price_out: 4, concurrency: 2}}")
        dry = ["extract", str(data), "--config", str(path), "--dry-run"]
        assert main(dry) == 0
        said = capsys.readouterr()
        assert said.err == f"m at {url} reads, as {path} says; --rules keeps everything here\n"
        (dearer,) = (line for line in said.out.splitlines() if line.startswith("cost: "))
        assert main([*dry, "--price-in", "0", "--price-out", "0"]) == 0
        assert "cost: not known without prices" in capsys.readouterr().out and dearer != "cost: not known without prices"
        main(["doctor", "--config", str(path)])
        assert f"ok    address         {url}\n" in capsys.readouterr().out
        asked = len(chats)
        assert main(["extract", str(data), "--config", str(path), "--rules"]) == 0 and len(chats) == asked
        assert main(["extract", str(data), "--config", str(path), "--max-cost", "1"]) == 0 and len(chats) == asked + 2
        assert "cost 8e-05" in capsys.readouterr().out  # two calls of 10 tokens in, 5 out
        assert main(["grade", str(data), "--config", str(path)]) == 0 and len(chats) == asked + 3
        poor = ("--config", path, "--max-cost", "1e-9", "--store", data / "new.sqlite")
        assert "max_cost 1e-09 is reached" in refused(capsys, "extract", data, *poor)


def test_servers_that_a_configuration_does_not_name(capsys, data):
    path = data / "llm.yaml"
    path.write_text("llm: {base_url: 'localhost:9'}")
    assert "llm.model in the configuration" in refused(capsys, "extract", data, "--config", path)
    path.write_text("llm: {model: m, max_cost: 3}")
    said = refused(capsys, "doctor", "--config", path)
    assert said.endswith("which server? give --base-url URL, or --config CONFIG.yaml with llm.base_url")
    assert "max_cost needs price_in and price_out" in refused(capsys, "extract", data, "--config", path, "--base-url", "localhost:9")
    assert "nothing says on which server" in refused(capsys, "extract", data, "--config", path)
    assert main(["extract", str(data), "--config", str(path), "--rules"]) == 0


def test_a_batch_asks_for_no_more_than_the_server_was_found_to_accept(capsys, data):
    with Store(data / "llm.sqlite") as store:
        store.keep_ability("http://127.0.0.1:9/v1", "m", Ability(rung=1, max_tokens="max_completion_tokens", temperature=False))
    assert main(["extract", str(data), *SERVER, "--batch-out", str(data / "batch")]) == 0
    lines = (data / "batch" / "batch_001.jsonl").read_text().splitlines()
    assert len(lines) == 2
    for line in lines:
        body = json.loads(line)["body"]
        assert "max_completion_tokens" in body and not {"max_tokens", "temperature"} & set(body)
        assert body["response_format"]["type"] == "json_object"


def test_training_says_that_rankings_would_miss_a_gazetteer(capsys, tmp_path):
    write_folder(tmp_path, {"j": ("Keeper", "Beekeeping and SQL")}, [("r", "SQL")])
    labels = tmp_path / "labels.txt"
    labels.write_text("beekeeping\n")
    assert main(["extract", str(tmp_path), "--gazetteer", str(labels)]) == 0
    for named, count in ((None, 1), (labels, 0)):
        said = io.StringIO()
        _note_gazetteer(FolderConfig(tmp_path, gazetteer=named), Progress(said))
        assert said.getvalue().count("were made with the gazetteer labels.txt; name that very file") == count
