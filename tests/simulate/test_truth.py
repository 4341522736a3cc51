"""The planted truth: probabilities by hand, their agreement with the log, null worlds, the ceilings."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from minirank.errors import MinirankError
from minirank.evaluation.metrics import auc
from minirank.simulate import ROLES, World, WorldConfig, ceilings, tastes
from minirank.simulate.match import appeals
from minirank.simulate.truth import PAGE, examine, in_chunks, keyed_normal, keyed_uniform


@pytest.fixture(scope="module")
def large():
    return World(WorldConfig(seed=5, impressions=40_000))


def test_examination_by_hand():
    assert examine(1) == pytest.approx(1.0)
    assert examine(4) == pytest.approx(0.12 + 0.88 / 4**0.65)
    assert examine(0) == pytest.approx(np.mean([examine(k) for k in range(1, PAGE + 1)]))


def test_keyed_numbers_depend_on_their_keys_alone():
    first, second = np.arange(50_000) % 500, np.arange(50_000) // 500
    u = keyed_uniform(1, 2, first, second)
    np.testing.assert_array_equal(u[::-1], keyed_uniform(1, 2, first[::-1], second[::-1]))
    assert len(np.unique(u)) == u.size
    assert not np.array_equal(u, keyed_uniform(1, 2, second, first))
    assert not np.array_equal(u, keyed_uniform(1, 3, first, second))
    assert np.abs(np.histogram(u, 20, (0, 1))[0] / 2_500 - 1).max() < 0.1
    z = keyed_normal(1, 2, first, second)
    assert abs(z.mean()) < 0.02 and abs(z.std() - 1) < 0.02
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.02


def test_tastes_by_hand():
    row = tastes.APPEALS.index("prestige")
    signal = tastes.APPEALS.index("team_skills")
    config = WorldConfig(role_strength=0.5, signal_strength=0.25, relevance_strength=2.0)
    table = tastes.weights(tastes.CLICK, config)
    raw = np.array(tastes.CLICK["prestige"])
    mean = 0.10 * raw[0] + 0.25 * raw[1] + 0.30 * raw[2] + 0.35 * raw[3]
    np.testing.assert_allclose(table[:, row], 2.0 * (mean + 0.5 * (raw - mean)))
    raw = np.array(tastes.CLICK["team_skills"])
    mean = tastes.ROLE_SHARE @ raw
    np.testing.assert_allclose(table[:, signal], 2.0 * 0.25 * (mean + 0.5 * (raw - mean)))
    assert set(tastes.CONVERSION) <= set(tastes.APPEALS) and set(tastes.RELEVANCE) <= set(tastes.APPEALS)


def test_eight_roles_have_the_weights_of_four_in_other_hands():
    config = WorldConfig(seed=3, impressions=2_000, role_shares=(0.05,) * 4 + (0.2,) * 4)
    table, four = tastes.weights(tastes.CLICK, config), tastes.weights(tastes.CLICK, WorldConfig())
    np.testing.assert_allclose(table[:4], four)
    for appeal in range(len(tastes.APPEALS)):
        np.testing.assert_allclose(table[4:, appeal], [four[(role + 1 + appeal) % 4, appeal] for role in range(4)])
    world = World(config)
    assert len(world.roles) == 8 and list(world.roles) == sorted(world.roles) and world.roles[:4] == ROLES
    assert np.bincount(world.log.role, minlength=8)[4:].sum() > 1_200
    assert np.bincount(world.recruiter_role, minlength=8).min() >= 1


def test_roles_disagree_in_sign():
    table = np.array([tastes.CLICK[name] for name in tastes.APPEALS])
    opposed = [name for name, row in zip(tastes.APPEALS, table, strict=True) if row.min() < -0.2 and row.max() > 0.2]
    assert len(opposed) >= 5 and {"stayer", "over", "pricey"} <= set(opposed)


def test_appeals_of_one_pair_by_hand(world):
    teams, jobs, people = world.teams, world.jobs, world.people
    job, snapshot = 5, 11
    industry_of = world.book.employer_industry
    got = dict(zip(tastes.APPEALS, appeals(teams, jobs, people, industry_of, np.array([job]), np.array([snapshot]))[0]))
    person, team = people.person[snapshot], jobs.team[job]
    must = [people.skill[snapshot, k] for k in jobs.must[job] if k >= 0]
    nice = [people.skill[snapshot, k] for k in jobs.nice[job] if k >= 0]
    distance = people.standing[snapshot] - jobs.level[job]
    assert got["coverage"] == pytest.approx(1 - (1 - sum(must) / len(must)) ** 2)
    assert got["nice"] == pytest.approx(1 - np.exp(-2.5 * sum(nice) / len(nice)))
    assert got["weakest"] == pytest.approx(expit((min(must) - 0.3) / 0.06), rel=1e-5)
    assert got["under"] == pytest.approx(max(-distance - 0.3, 0) ** 1.5)
    assert got["mover"] == pytest.approx(np.exp(-(((people.tenure[snapshot] - 20) / 9) ** 2)))
    assert got["education"] == (people.education[person] >= jobs.education[job])
    preferred = sum(people.skill[snapshot, k] > 0 for k in teams.prefers[team])
    assert got["team_skills"] == pytest.approx(1 - np.exp(-1.2 * preferred))
    assert got["team_drift"] == pytest.approx(np.exp(-((distance - teams.drift[team]) ** 2) / 0.8))


def test_probabilities_of_logged_rows_are_those_of_truth_npz(world, tmp_path):
    log = world.log
    with np.load(world.write(tmp_path / "world") / "truth.npz") as truth:
        oracle = world.probabilities(log.role, log.job, log.snapshot, log.position)
        reachable = world.probabilities(log.role, log.job, log.snapshot, known="observables")
        for name in oracle._fields:
            np.testing.assert_array_equal(truth[name], getattr(oracle, name))
            np.testing.assert_array_equal(truth[f"{name}_reachable"], getattr(reachable, name))
            assert truth[name].min() > 0 and truth[name].max() < 1


def test_names_and_numbers_ask_for_the_same_pair(world):
    newest = world.people.first[5] - 1
    by_number = world.probabilities(ROLES.index("hr"), 17, newest, 3)
    by_name = world.probabilities("hr", "j000017", "r000004", 3)
    np.testing.assert_array_equal(by_name.click, by_number.click)
    many = world.probabilities(["hr", "executive"], "j000017", ["r000004", "r000009"], 3)
    assert many.click.shape == (2,) and many.click[0] == by_name.click[0]
    for wrong in (("boss", 0, 0), (0, "j999999", 0), (0, 0, "x1"), (0, 10**6, 0), (0, -1, 0)):
        with pytest.raises(MinirankError, match="this world has"):
            world.probabilities(*wrong, 1)
    with pytest.raises(ValueError, match="known must be"):
        world.probabilities(0, 0, 0, 1, known="all")


def test_observables_integrate_what_no_text_shows(world):
    """Against plain Monte Carlo over the unobservables; 4 standard errors."""
    rng = np.random.default_rng(0)
    role, job, snapshot = np.array([3]), np.array([20]), np.array([40])
    u, v, w = world.truth.utilities(role, job, snapshot)[:, 0] + world.truth.intercepts
    q, s, e, r = rng.normal(size=(4, 200_000))
    attraction = expit(u + 0.5 * q + 0.4 * s + 0.5 * e)
    answer = expit(v + 0.5 * q + 0.8 * r)
    grade = expit(w + 0.6 * q + 0.3 * e)
    got = world.probabilities(role, job, snapshot, known="observables")
    assert got.click[0] / examine(0) == pytest.approx(attraction.mean(), abs=4 * attraction.std() / 447)
    expected = (attraction * answer).mean() / attraction.mean()
    assert got.conversion[0] == pytest.approx(expected, abs=4 * answer.std() / 447 * 2)
    assert got.relevance[0] == pytest.approx(grade.mean(), abs=4 * grade.std() / 447)


def test_labels_are_the_draw_and_arms_share_their_dice(world):
    log, labels = world.log, world.labels
    clicked, converted = world.draw(log.search, log.role, log.job, log.snapshot, log.position)
    kept = labels.clicked >= 0
    np.testing.assert_array_equal(labels.clicked[kept] == 1, clicked[kept])
    kept = labels.converted >= 0
    np.testing.assert_array_equal(labels.converted[kept] == 1, converted[kept])
    top, _ = world.draw(log.search, log.role, log.job, log.snapshot, 1)
    assert (clicked <= top).all()  # a better place never loses a click
    order = np.random.default_rng(0).permutation(log.job.size)
    again, _ = world.draw(log.search[order], log.role[order], log.job[order], log.snapshot[order], log.position[order])
    np.testing.assert_array_equal(again, clicked[order])


def test_frequencies_agree_with_the_truth(large):
    log = large.log
    clicked, converted = large.draw(log.search, log.role, log.job, log.snapshot, log.position)
    odds = large.logged
    z = (clicked.sum() - odds.click.sum()) / np.sqrt((odds.click * (1 - odds.click)).sum())
    assert abs(z) < 3.5
    q = odds.conversion[clicked]
    assert abs((converted.sum() - q.sum()) / np.sqrt((q * (1 - q)).sum())) < 3.5
    for low, high in ((0.0, 0.05), (0.05, 0.2), (0.2, 1.0)):
        part = (odds.click >= low) & (odds.click < high)
        p = odds.click[part]
        assert abs((clicked[part].sum() - p.sum()) / np.sqrt((p * (1 - p)).sum())) < 3.5
    graded = ~np.isnan(large.labels.relevance)
    noise = (large.labels.relevance - odds.relevance)[graded]
    assert abs(noise.mean()) < 3.5 * noise.std() / np.sqrt(noise.size)


def test_base_rates_are_as_asked_for(large):
    odds = large.logged
    assert odds.click.mean() == pytest.approx(0.10, abs=1e-6)
    assert (odds.click * odds.conversion).sum() / odds.click.sum() == pytest.approx(0.20, abs=1e-6)
    share = np.bincount(large.log.role, minlength=4) / large.log.role.size
    np.testing.assert_allclose(share, tastes.ROLE_SHARE, atol=0.03)


def test_ceilings_lie_where_the_page_says(large):
    log = large.log
    clicked, _ = large.draw(log.search, log.role, log.job, log.snapshot, log.position)
    arrays = (log.role, log.job, log.snapshot)
    reachable = in_chunks(large.truth.observables, *arrays).click
    blind = in_chunks(lambda *pairs: large.truth.observables(*pairs, average_roles=True), *arrays).click
    oracle, reach, average = (auc(clicked, p) for p in (large.logged.click, reachable, blind))
    assert 0.80 < oracle < 0.87
    assert 0.75 < reach < 0.82
    assert reach - average > 0.015


def test_in_a_null_world_roles_and_candidates_are_alike():
    world = World(WorldConfig.null(seed=3, impressions=2_000))
    log = world.log
    rows = [world.probabilities(role, log.job, log.snapshot, log.position) for role in ROLES]
    for name in rows[0]._fields:
        for other in rows[1:]:
            np.testing.assert_array_equal(getattr(rows[0], name), getattr(other, name))
    reachable = world.probabilities(log.role, log.job, log.snapshot, known="observables")
    assert max(np.ptp(values) for values in reachable) < 1e-12
    assert np.ptp(rows[0].click / examine(log.position)) < 1e-12


def test_role_strength_alone_makes_roles_alike(world):
    alike = World(replace(world.config, role_strength=0.0))
    log = world.log
    one, two = (alike.probabilities(role, log.job, log.snapshot, known="observables").click for role in ("hr", "executive"))
    np.testing.assert_array_equal(one, two)
    assert np.ptp(one) > 0.1
    np.testing.assert_array_equal(alike.log.snapshot, log.snapshot)  # the same people in the same searches


def test_signal_strength_decides_whether_hires_show_the_team():
    def share(strength):
        world = World(WorldConfig(seed=1, impressions=20_000, signal_strength=strength))
        hires, team = world.hires, world.jobs.team[world.hires.job]
        snapshot = world.people.snapshot(hires.person, hires.hired_at)
        return (world.people.skill[snapshot[:, None], world.teams.prefers[team]] > 0).mean()

    assert share(1.0) > 2 * share(0.0)


def test_ceilings_fall_as_less_is_known(world):
    for scores in ceilings(world).values():
        assert list(scores) == ["oracle", "reachable", "additive", "average"]
        assert all(0.5 < score < 1 for score in scores.values())
    null = ceilings(World(WorldConfig.null(seed=3, impressions=2_000)))["click"]
    assert null["reachable"] == null["additive"] == null["average"] == 0.5 < null["oracle"]
