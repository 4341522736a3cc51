"""The page's section on one job: ranked for each role, side by side and with the reasons."""

from __future__ import annotations

from .contents_ranked import Place, Reason, RoleRanking, SameJob
from .markup import Html, element, facts, figure, join, more, percent, picture, table
from .series import Series
from .svg import bars, heat_map

OPEN = 3  # places whose evidence is open at first
SIGNS = {True: ("for", "+", "speaks for: "), False: ("against", "−", "speaks against: "), None: ("", "·", "")}


def ranking_section(job: SameJob) -> Html:
    """The job, its first candidates for all roles in one table, then those of each role with evidence."""
    roles = [ranking.role for ranking in job.rankings]
    switch = [_role(job, ranking, number) for number, ranking in enumerate(job.rankings)]
    compared = [element("h3", "Side by side"), element("div", _side_by_side(job), _overlap(job), class_="beside")] if len(roles) > 1 else []
    return join(
        [
            element("p", element("strong", f"{job.job_id}: {job.title}. "), job.chosen, dir="auto"),
            facts((fact.name, fact.value, fact.note) for fact in job.asks),
            element("p", f"{job.scored:,} candidates were compared; the list is ordered by ", element("strong", job.score), "."),
            *compared,
            element("h3", "Why each stands where it stands"),
            element(
                "p", "Evidence is what was read in the texts: + speaks for the candidate, − against. Quotes are masked.", class_="note"
            ),
            element("div", *switch, data_switch="Role of the recruiter"),
        ]
    )


def _side_by_side(job: SameJob) -> Html:
    """Places as rows, roles as columns."""
    depth = max(len(ranking.places) for ranking in job.rankings)
    rows = [[str(place + 1), *(_met(job, number, place) for number in range(len(job.rankings)))] for place in range(depth)]
    first = job.rankings[0].role
    caption = f"Who stands first for each role, and below each name its place for {first}; a name leads to the evidence"
    return table("side-by-side", caption, ["place", *(ranking.role for ranking in job.rankings)], rows)


def _overlap(job: SameJob) -> Html:
    """How much the lists of two roles have in common."""
    roles = [ranking.role for ranking in job.rankings]
    pairs = job.overlap | {(b, a): share for (a, b), share in job.overlap.items()}
    shares = [[None if a == b else 100 * pairs[a, b] if (a, b) in pairs else None for b in roles] for a in roles]
    told = "; ".join(f"{a} and {b} {percent(share)}" for (a, b), share in job.overlap.items())
    title = "In percent: how many of the first 10 two roles have in common"
    taus = [f"{a} and {b} {tau:.2f}" for (a, b), tau in job.kendall.items() if tau is not None]
    note = f"Over all {job.scored:,} candidates, Kendall's tau (1: the same order, 0: unrelated): {', '.join(taus)}." if taus else ""
    return picture(title, heat_map("overlap", title, f"{told}.", roles, roles, shares, form="{:.0f}", high=100), note)


def _met(job: SameJob, number: int, row: int) -> Html:
    """Who stands in a row of the role with this number; and where for the first role."""
    ranking, first = job.rankings[number], job.rankings[0].role
    if row >= len(ranking.places):
        return Html("–")
    place = ranking.places[row]
    below = (
        f"score {figure(place.score)}" if ranking.role == first else f"{place.ranks[first]:,} for {first}" if first in place.ranks else ""
    )
    return join([element("a", place.resume_id, href=f"#place-{number}-{place.rank}"), element("small", below)])


def _role(job: SameJob, ranking: RoleRanking, number: int) -> Html:
    heading = element("h4", f"For the role {ranking.role}")
    note = [element("p", ranking.note, class_="note")] if ranking.note else []
    places = element("ol", *(_place(job, ranking, place, f"place-{number}-{place.rank}") for place in ranking.places), class_="places")
    return element("section", heading, *note, places, class_="role", id=f"role-{number}", data_name=ranking.role)


def _place(job: SameJob, ranking: RoleRanking, place: Place, name: str) -> Html:
    """A candidate: the figures with their standing, then the evidence; the first ones open."""
    chips = [_standing(job, ranking, place, each, value) for each, value in place.probabilities.items()]
    others = [f"{role} {rank:,}" for role, rank in place.ranks.items() if role != ranking.role]
    told = [
        element("p", place.summary, dir="auto"),
        element("ul", *chips, class_="chips"),
        element("ul", *map(_reason, place.reasons), class_="reasons"),
        element("p", "Place for the other roles: ", ", ".join(others), ".", class_="note") if others else Html(),
        more("What its gates listened to", _gates(place, name)) if place.gates else Html(),
    ]
    body = [element("div", *told), _gains(place, name)] if place.gains else [element("div", *told)]
    evidence = element("div", *body, class_="evidence")
    if place.rank > OPEN:
        evidence = more(f"{place.resume_id}, score {figure(place.score)}", evidence)
    else:
        evidence = join([element("h4", place.resume_id), evidence])
    return element("li", element("span", place.rank, class_="rank", aria_hidden="true"), element("div", evidence), id=name)


def _standing(job: SameJob, ranking: RoleRanking, place: Place, name: str, value: float) -> Html:
    rank = place.standing.get(name)
    median = job.medians.get(name, {}).get(ranking.role)
    told = ([] if rank is None else [f"{rank:,} of {job.scored:,}"]) + ([] if median is None else [f"median {figure(median)}"])
    return element(
        "li",
        element("span", f"{name} ", class_="soft"),
        element("strong", figure(value)),
        element("span", f" ({', '.join(told)})" if told else "", class_="soft"),
    )


def _reason(reason: Reason) -> Html:
    kind, sign, spoken = SIGNS[reason.for_it]
    mark = element("span", sign, class_="sign", aria_hidden="true")
    label = element("span", spoken, class_="hidden-label") if spoken else ""
    return element(
        "li",
        mark,
        element("span", label, element("span", f"{reason.about}: ", class_="soft"), reason.text, dir="auto"),
        class_=kind or None,
    )


def _gains(place: Place, name: str) -> Html:
    """What the score owes to each kind of evidence."""
    gains = dict(sorted(place.gains.items(), key=lambda gain: -gain[1]))
    told = ", ".join(f"{kind} {gain:.2f}" for kind, gain in gains.items())
    title = "What multiplies the score, and how many times"
    drawn = bars(f"{name}-gains", title, f"{told}.", list(gains), [Series("gain", list(gains.values()))], start=1.0, form="{:.2f}")
    return picture(title, drawn, "Right of 1: raises the score; left of it: lowers it.")


def _gates(place: Place, name: str) -> Html:
    experts = list(dict.fromkeys(expert for weights in place.gates.values() for expert in weights))
    rows = [[task, *(percent(weights.get(expert)) for expert in experts)] for task, weights in place.gates.items()]
    return table(f"{name}-gates", f"Weights of the experts for {place.resume_id}", ["task", *experts], rows)
