"""A model of another kind learns the world from plain observables, and gains from knowing the role."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from minirank.evaluation.metrics import auc
from minirank.simulate import World, WorldConfig


def _observables(world):
    """What a careful reader of both texts could tabulate, (N, 15): counts and differences, no curved appeals."""
    jobs, people, teams = world.jobs, world.people, world.teams
    job, snapshot = world.log.job, world.log.snapshot
    person, team = people.person[snapshot], jobs.team[job]

    def share(wanted):
        held = (wanted >= 0) & (people.skill[snapshot[:, None], wanted] > 0)
        return held.sum(1) / (wanted >= 0).sum(1)

    columns = [share(jobs.must[job]), share(jobs.nice[job]), people.title[person] == jobs.title[job]]
    columns += [people.level[snapshot] - jobs.level[job], people.years[snapshot] - jobs.min_years[job]]
    columns += [people.education[person] - jobs.education[job], people.tenure[snapshot], people.gap[snapshot], people.prestige[snapshot]]
    columns += [people.city[person] == teams.city[team], jobs.remote[job], people.available[snapshot]]
    columns += [people.salary[snapshot] - jobs.salary[job], people.breadth[snapshot], people.leads[snapshot]]
    return np.stack([np.asarray(column, float) for column in columns], axis=1)


def test_trees_learn_clicks_and_use_the_role():
    world = World(WorldConfig(seed=0, impressions=30_000))
    log = world.log
    clicked, _ = world.draw(log.search, log.role, log.job, log.snapshot, log.position)
    blind = _observables(world)
    late = log.search >= 0.8 * log.search[-1]

    def score(inputs):
        trees = HistGradientBoostingClassifier(max_iter=40, learning_rate=0.15, max_leaf_nodes=15, random_state=0)
        with threadpool_limits(1):
            trees.fit(inputs[~late], clicked[~late])
        return auc(clicked[late], trees.predict_proba(inputs[late])[:, 1])

    without, with_role = score(blind), score(np.column_stack([blind, log.role]))
    assert 0.68 < without < with_role < 0.80
    assert with_role - without == pytest.approx(0.02, abs=0.018)
