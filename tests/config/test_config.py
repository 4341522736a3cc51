"""A configuration is one YAML file; whatever is wrong in it is one line that names the key and the file."""

import pytest
import yaml
from case_table import cases
from checkout import ROOT
from training_world import write_table

from minirank.config.configuration import FolderConfig, config_from_dict, load_config, to_dict, to_yaml, without_paths
from minirank.config.llm import LLMConfig
from minirank.config.table import TableConfig
from minirank.errors import ConfigError

EXAMPLES = ROOT / "examples"


def write(folder, text):
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder, text, message):
    """Loading the text is one line of error that begins with the file and holds the message; the line."""
    with pytest.raises(ConfigError) as caught:
        load_config(write(folder, text))
    said = str(caught.value)
    assert said.startswith(f"{folder / 'config.yaml'}") and message in said and "\n" not in said
    return said


def test_the_default_is_a_folder_with_everything_else_left_out(tmp_path):
    config = load_config(write(tmp_path, "data: {folder: market}"))
    assert isinstance(config.data, FolderConfig)
    assert config.data.folder == tmp_path / "market"
    assert (config.data.split.valid, config.data.split.test, config.data.split.maturity_days) == (0.15, 0.15, 7.0)
    assert config.tasks == ()
    assert (config.score.ctr, config.score.cvr, config.score.relevance) == (1, 1, 0)


def test_paths_of_a_table_are_relative_to_the_file(tmp_path):
    config = load_config(write_table(tmp_path))
    assert isinstance(config.data, TableConfig)
    assert config.data.table.train == tmp_path / "rows.csv"
    assert config.data.table.test is None
    assert "rows.csv" not in str(without_paths(config))


def test_what_is_written_reads_back_the_same(tmp_path):
    for text in ("data: {folder: market, columns: {jobs: {title: name, location: null}}}", write_table(tmp_path).read_text()):
        config = load_config(write(tmp_path, text))
        assert config_from_dict(yaml.safe_load(to_yaml(config))) == config
        assert config_from_dict(to_dict(config)) == config


@cases(r"""
    section | message
    model: {expertz: 3} | model.expertz: unknown key; did you mean experts?
    traning: {epochs: 3} | traning: unknown key; did you mean training?
    training: {optimiser: {lr: 3}} | training.optimiser.lr: unknown key
    training: {epochs: 0} | training: epochs must be 1 or more, got 0
    training: {threads: 0} | training: threads must be 1 or more, got 0
    training: {threads: 100000} | training: threads must be at most 1024, got 100000; null takes
    training: {seed: -1} | training: seed must be 0 or more, got -1
    training: {checkpoint_seconds: 0} | training: checkpoint_seconds must be above 0
    training: {checkpoint_seconds: HUGE} | training.checkpoint_seconds: expected a number, got 1000
    training: {batch_rows: 100000000000} | training: batch_rows must be at most
    training: {optimiser: {learning_rate: 0}} | training.optimiser: learning_rate must be finite and above 0
    training: {optimiser: {learning_rate: .nan}} | training.optimiser: learning_rate must be finite
    training: {optimiser: {weight_decay: .inf}} | training.optimiser: weight_decay must be finite
    training: {optimiser: {beta2: 1}} | training.optimiser: beta2 must lie in [0, 1), got 1.0
    training: {early_stopping: {patience: 0}} | training.early_stopping: patience must be 1 or more
    training: {backend: gpu} | training.backend: expected one of cpu, reference
    tasks: [{name: ctr, weight: -1}] | tasks[0]: weight must be finite and above 0, got -1.0
    tasks: [{name: ctr, weight: .inf}] | tasks[0]: weight must be finite and above 0, got inf
    tasks: [{name: ctr, loss: {bce: .nan}}] | tasks[0]: loss.bce must be finite and above 0, got nan
    tasks: [{name: ctr}, {name: ctr}] | tasks: ctr is there twice; give each task one entry
    model: {gate: {penalty: -1}} | model.gate: penalty must be finite and 0 or more, got -1.0
    model: {gate: {penalty: .nan}} | model.gate: penalty must be finite
    model: {gate: {temperature: .inf}} | model.gate: temperature must be finite and above 0, got inf
    score: {ctr: .nan} | score: ctr must be finite and 0 or more, got nan
    score: {cvr: .inf} | score: cvr must be finite and 0 or more, got inf
    score: {relevance: -1} | score: relevance must be finite and 0 or more, got -1.0
    features: {buckets: 100000000000} | features.buckets: expected at most 16777216, got 100000000000
    llm: {price_in: -1} | llm: price_in must be finite and 0 or more, got -1.0
    llm: {price_out: .nan} | llm: price_out must be finite and 0 or more, got nan
    llm: {price_out: .inf} | llm: price_out must be finite and 0 or more, got inf
    llm: {price_in: free} | llm.price_in: expected a number, got 'free'
    llm: {price_in: true} | llm.price_in: expected a number, got True
    llm: {price_in: null} | llm.price_in: expected a number, got None
    llm: {price_in: HUGE} | llm.price_in: expected a number, got [...]
    llm: {max_cost: 0} | llm: max_cost must be finite and above 0, got 0.0; null is no limit
    llm: {rpm: -5} | llm: rpm must be finite and above 0, got -5.0; null is no limit
    llm: {tpm: [1]} | llm.tpm: expected a number
    llm: {concurrency: 0} | llm: concurrency must be 1 to 1024, got 0
    llm: {concurrency: 100000} | llm: concurrency must be 1 to 1024, got 100000
    llm: {concurrency: 2.5} | llm.concurrency: expected a whole number, got 2.5
    llm: {timeout: 0} | llm: timeout must be above 0 and at most 86400 s, got 0.0
    llm: {timeout: .nan} | llm: timeout must be above 0 and at most 86400 s, got nan
    llm: {model: ' '} | llm: model must be the name of a model, got a blank one
    llm: {base_url: 'http://x/v1 y'} | llm.base_url is not an address
    llm: {base_url: "http://x/v1\ny"} | llm.base_url is not an address
    llm: {price: 1} | llm.price: unknown key; did you mean price_in?
    llm: {base_url: 'ftp://x'} | llm.base_url is not an address; write it like http://127.0.0.1:8080/v1
    llm: {base_url: 8080} | llm.base_url: expected a text, got 8080
    llm: [a] | llm: expected a section of keys and values, such as base_url and model
""")
def test_errors_name_the_file_and_the_key(tmp_path, section, message):
    refused(tmp_path, "data: {folder: x}\n" + section.replace("HUGE", "1" + 400 * "0"), message)


@cases(r"""
    text= | message
    "data: {folder: x, splt: {valid: 0.1}}" | data.splt: unknown key; did you mean split?
    "data: {folder: x, split: {valid: 0.6, test: 0.5}}" | data.split: valid and test must be shares
    "data: {folder: x, split: {maturity_days: -1}}" | data.split: maturity_days must be 0 or more
    "data: {folder: x, split: {maturity_days: .inf}}" | data.split: maturity_days must be 0 or more and at most 36525, got inf
    "data: {table: {train: x}}" | data.columns: missing
    "model: {experts: 3}" | data: missing; name a folder (data.folder) or a table (data.table)
    "" | data: missing
    "data: {folder: [" | :1: not valid YAML
    "data: {folder: x}\ntraining: {seed: 1}\ntraining: {epochs: 1}" | :3: not valid YAML (the key 'training' is there twice)
    "data: {folder: x}\ntraining:\n  seed: 1\n  seed: 2" | :4: not valid YAML (the key 'seed' is there twice)
    "data: {folder: x\x00}" | not valid YAML
    "data: {folder: 2024-13-45}" | a value that YAML cannot read (month must be in 1..12); correct it, or put it in quotes
""")
def test_errors_of_the_data_and_of_yaml(tmp_path, text, message):
    refused(tmp_path, text, message)


def test_sections_within_each_other_have_an_end(tmp_path):
    refused(tmp_path, "data: " + 5000 * "[", "too many sections within each other")


def test_a_server_and_its_prices(tmp_path):
    text = "llm: {base_url: 'https://llm.example/v1', model: small, price_in: 0.15, price_out: 1e0, max_cost: 5, api_key_env: MY_KEY_2}"
    config = load_config(write(tmp_path, f"data: {{folder: x}}\n{text}"))
    assert (config.llm.price_in, config.llm.price_out, config.llm.max_cost, config.llm.api_key_env) == (0.15, 1.0, 5.0, "MY_KEY_2")
    assert config_from_dict(to_dict(config)) == config
    assert load_config(write(tmp_path, text), needs_data=False).llm == config.llm  # of a command that is given its folder
    with pytest.raises(ConfigError, match="data: missing"):
        load_config(write(tmp_path, text))


def test_a_run_from_before_there_was_a_server_is_read_and_goes_on(tmp_path):
    old = to_dict(load_config(write(tmp_path, "data: {folder: x}")))
    del old["llm"]
    config = config_from_dict(old)
    assert config.llm == LLMConfig()
    other = load_config(write(tmp_path, "data: {folder: x}\nllm: {base_url: 'localhost:1', concurrency: 3}"))
    assert without_paths(config) == without_paths(other)  # what `train --resume` compares


ADVICE = "put it into an environment variable, and that variable's name, such as OPENAI_API_KEY, into llm.api_key_env"


@cases("""
    section | message
    {api_key: KEY} | llm.api_key: a key must not be in a file; ADVICE
    {key: KEY} | llm.key: a key must not be in a file; ADVICE
    {openai_token: KEY} | llm.openai_token: a key must not be in a file; ADVICE
    {Authorization: Bearer KEY} | llm.Authorization: a key must not be in a file; ADVICE
    {api_key_env: KEY} | llm.api_key_env: no name of an environment variable in capitals; if it is the key: ADVICE
    {api_key_env: [KEY]} | ADVICE
    {api_key_env: {value: KEY}} | ADVICE
    {base_url: 'https://user:KEY@llm.example/v1'} | give the key in the environment only
    {base_url: 'https://llm.example/v1?key=KEY'} | give the key in the environment only
    {base_url: {x: KEY}} | llm.base_url: expected a text
    {model: [KEY]} | llm.model: expected a text
    {timeout: KEY} | llm.timeout: expected a number
    {KEY: 1} | llm.[...]: unknown key
    KEY | llm: expected a section of keys and values
    [KEY] | llm: expected a section of keys and values
""")
def test_a_key_in_the_file_is_refused_and_not_shown(tmp_path, section, message):
    key = "sk-proj-0123456789abcdef"
    said = refused(tmp_path, f"data: {{folder: x}}\nllm: {section.replace('KEY', key)}", message.replace("ADVICE", ADVICE))
    assert said.startswith(f"{tmp_path / 'config.yaml'}: llm") and key not in said


def test_a_key_on_the_command_line_is_not_shown(tmp_path):
    with pytest.raises(ConfigError, match="a key must not be in a file") as caught:
        load_config(write(tmp_path, "data: {folder: x}"), ["llm.api_key=sk-proj-0123456789abcdef"])
    assert "0123456789" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="nothing.yaml: cannot be read: No such file"):
        load_config(tmp_path / "nothing.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"data: {folder: caf\xe9}")
    with pytest.raises(ConfigError, match="latin.yaml: not UTF-8"):
        load_config(tmp_path / "latin.yaml")


def test_overrides_replace_single_values(tmp_path):
    path = write(tmp_path, "data: {folder: x}\ntraining: {epochs: 3, seed: 4}")
    overrides = ["training.epochs=5", "model.gate.role=full", "training.optimiser.learning_rate=3e-3", "training.threads=null"]
    config = load_config(path, overrides)
    assert (config.training.epochs, config.training.seed, config.model.gate.role) == (5, 4, "full")
    assert config.training.optimiser.learning_rate == 3e-3
    assert load_config(path, ["tasks=[{name: ctr}]"]).tasks[0].name == "ctr"


@cases("""
    override | message
    training.epochs | expected KEY=VALUE
    =3 | expected KEY=VALUE
    .=1 | expected KEY=VALUE
    training..epochs=3 | expected KEY=VALUE
    training.=3 | expected KEY=VALUE
    training={seed: 1, seed: 2} | not valid YAML (the key 'seed' is there twice)
    training.epochz=3 | training.epochz: unknown key; did you mean epochs?
    training.epochs.more=3 | epochs is no section of keys and values
    training.epochs=[ | the value is not valid YAML
    training.epochs=2024-13-45 | the value is not valid YAML (month must be in 1..12); correct it, or put it in quotes
    training.epochs=BRACKETS | [[ ...: the value is not valid YAML
""")
def test_overrides_that_fit_nowhere(tmp_path, override, message):
    path = write(tmp_path, "data: {folder: x}\ntraining: {epochs: 3}")
    with pytest.raises(ConfigError) as caught:
        load_config(path, [override.replace("BRACKETS", 5000 * "[")])
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["[a, b]", "a word", "3"])
def test_overrides_of_what_is_no_configuration(tmp_path, text):
    with pytest.raises(ConfigError, match="expected sections of keys and values, got "):
        load_config(write(tmp_path, text), ["a=b"])


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_examples_are_valid(path):
    load_config(path)


@cases("""
    text | message
    a: &a [*a] | a section that holds itself
    a: &a {b: *a} | a section that holds itself
    LAUGHS | more than 50,000 values, with every alias written out
    MERGES | more than 50,000 values, with every alias written out
    a: DIGITS | a number of 2,001 characters
    a: SIXTIETHS | a number of 2,001 characters
""")
def test_a_short_text_that_stands_for_a_long_one(tmp_path, text, message):
    """Ten lines of aliases can stand for billions of values, and a number in base 60 take minutes."""
    lists = [f"z{n}: &z{n} [{', '.join([f'*z{n - 1}'] * 9)}]" if n else "z0: &z0 [1]" for n in range(7)]
    merges = [f"z{n}: &z{n} {{<<: [{', '.join([f'*z{n - 1}'] * 9)}]}}" if n else "z0: &z0 {a: 1}" for n in range(7)]
    text = text.replace("LAUGHS", "\n".join(lists)).replace("MERGES", "\n".join(merges)).replace("DIGITS", "1" * 2_001)
    refused(tmp_path, text.replace("SIXTIETHS", "1" + ":1" * 1_000), message)


def test_a_configuration_is_small_and_may_begin_with_a_byte_order_mark(tmp_path):
    refused(tmp_path, "# " + "x" * 2**20, "larger than 1,048,576 bytes, which no configuration is")
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfdata: {folder: x}")
    assert load_config(tmp_path / "bom.yaml").data.folder == tmp_path / "x"
