"""What a search draws: every kind within its bounds, the same for the same seed; what cannot be drawn from is one line."""

import numpy as np
import pytest
from training_world import write_table

from minirank.errors import ConfigError
from minirank.tuning import SearchConfig, load_search

SPACE = {
    "training.optimiser.learning_rate": {"log_uniform": ["1e-4", 1.0]},
    "model.dropout": {"uniform": [0, 0.3]},
    "model.experts": {"integer": [2, 4]},
    "model.expert_hidden": {"choice": [[8], [16, 8]]},
}


def test_every_kind_stays_within_its_bounds():
    trials = SearchConfig("c.yaml", SPACE, trials=400).draws()
    assert trials[0] == {} and len(trials) == 401 and all(list(trial) == list(SPACE) for trial in trials[1:])
    rates, dropouts, experts, widths = zip(*(trial.values() for trial in trials[1:]))
    assert min(rates) >= 1e-4 and max(rates) <= 1 and 0.35 < np.mean(np.array(rates) < 1e-2) < 0.65  # half lie below 1e-2
    assert min(dropouts) >= 0 and max(dropouts) <= 0.3 and 0.13 < np.mean(dropouts) < 0.17
    assert set(experts) == {2, 3, 4} and all(type(count) is int for count in experts)
    assert {*map(tuple, widths)} == {(8,), (16, 8)}


def test_more_trials_begin_with_the_same_ones_and_another_seed_draws_others():
    few, many = SearchConfig("c.yaml", SPACE, trials=3).draws(), SearchConfig("c.yaml", SPACE, trials=9).draws()
    assert many[:4] == few and SearchConfig("c.yaml", SPACE, trials=3, seed=1).draws()[1:] != few[1:]


def test_a_small_space_is_drawn_once():
    space = {"model.experts": {"integer": [1, 3]}, "model.gate.role": {"choice": ["none", "full"]}}
    trials = SearchConfig("c.yaml", space, trials=50).draws()
    assert len(trials) == 7 and len({str(trial) for trial in trials}) == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("space: {model.dropout: [0, 1]}", r"space.model.dropout: expected one of choice, uniform"),
        ("space: {model.dropout: {unifrom: [0, 1]}}", "unifrom: unknown; did you mean uniform"),
        ("space: {model.dropout: {uniform: [1, 0]}}", r"expected \[LOWEST, HIGHEST\], two numbers"),
        ("space: {model.experts: {integer: [1, 2.5]}}", "two whole numbers"),
        ("space: {model.dropout: {log_uniform: [0, 1]}}", "above 0"),
        ("space: {model.dropout: {choice: []}}", "a list of values"),
        ("space: {model.gate.top_k: {choice: [[1, .nan]]}}", "numbers must be finite"),
        ("space: {model.exprts: {integer: [1, 2]}}", "model.exprts: unknown key; did you mean experts"),
        ("space: {training.seed: {integer: [1, 2]}}", "`seeds: 5` trains five seeds"),
        ("trails: 5", "trails: unknown key; did you mean trials"),
        ("seeds: 0", "seeds must be 1 or more"),
        ("config: none.yaml", "none.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_searched(tmp_path, text, words):
    write_table(tmp_path, rows=10)
    path = tmp_path / "space.yaml"
    path.write_text(text if "config:" in text else f"config: config.yaml\n{text}\n")
    with pytest.raises(ConfigError, match=words) as caught:
        load_search(path)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(str(path))


def test_a_value_that_is_wrong_alone_may_be_right_in_company(tmp_path):
    write_table(tmp_path, rows=10)
    path = tmp_path / "space.yaml"
    path.write_text("config: config.yaml\nspace: {training.precision: {choice: [float64]}, model.experts: {integer: [0, 1]}}\n")
    assert load_search(path).space.keys() == {"training.precision", "model.experts"}


def test_a_configuration_is_a_search_for_its_seeds(tmp_path):
    settings = load_search(write_table(tmp_path, rows=10), ["training.epochs=7"])
    assert settings.draws() == [{}] and settings.configured(["training.epochs=7"], {}, 5).training.epochs == 7
    assert settings.configured([], {"model.dropout": 1e-05}, 5).model.dropout == 1e-05
