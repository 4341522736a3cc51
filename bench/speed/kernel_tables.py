"""The tables of kernels.py."""

from collections.abc import Callable

from bench.speed.step_profile import OTHER, Part, Profile
from bench.tables import markdown, paragraphs

GROUPS = {
    "matrix products": lambda part: part.name.startswith("dense"),
    "other operations": lambda part: part.direction in ("forward", "backward") and not part.name.startswith("dense"),
    "packing": lambda part: part.name.startswith("pack"),
    "dense Adam": lambda part: part.name == "update_dense",
    "tables": lambda part: part.name == "update_tables",
    "waiting, clearing": lambda part: part.name.startswith("threads wait"),
    "Python": lambda part: part.name.startswith("Python"),
}


def profile_table(profile: Profile, wanted: Callable[[Part], bool] = lambda part: True) -> str:
    """Markdown: every part of a step, or those that are wanted, and the step."""
    threads = f"{profile.threads} thread{'s' * (profile.threads > 1)}"
    milliseconds = f"{1e3 * profile.seconds:.3g} ms a step (median {1e3 * profile.median:.3g})"
    head = ["", "", "n", "ms", "share", "GFLOP/s", "of FMA peak", "GB/s", "of its ceiling", "which is"]
    rows = [_part(profile, part) for part in profile.parts if wanted(part)]
    rate = profile.count.flop / profile.seconds
    share = f"{100 * rate / profile.ceilings.fma:.0f} %"
    rows.append(["**step**", "", "", f"{1e3 * profile.seconds:.3g}", "", f"{rate / 1e9:.1f}", share, "", "", ""])
    step = f"{profile.name}, {profile.rows:,} rows, {threads}: {milliseconds}. FMA peak {profile.ceilings.fma / 1e9:.0f} GFLOP/s."
    return f"{step}\n\n{markdown(head, rows, left=2)}"


def _part(profile, part):
    spent, count = part.seconds, part.count
    share = "" if part.name == OTHER else f"{100 * spent / profile.undisturbed:.1f} %"
    found = [part.name, part.direction, str(part.calls), f"{1e3 * spent:.3g}", share]
    reached, which = profile.bound(part)
    if not which:
        return [*found, "", "", "", "", ""]
    flops = [f"{count.flop / spent / 1e9:.1f}", f"{100 * count.flop / spent / profile.ceilings.fma:.0f} %"] if count.flop else ["", ""]
    return [*found, *flops, f"{count.bytes / spent / 1e9:.1f}", f"{100 * reached:.0f} %", which]


def _shares(profile):
    """Group -> its share of a step."""
    return {name: sum(part.seconds for part in profile.parts if belongs(part)) / profile.undisturbed for name, belongs in GROUPS.items()}


def summary(profiles: list[Profile]) -> str:
    """Markdown: a row for each profile, its time by groups of parts."""
    rows, reached, products = [], [], []
    for one in profiles:
        speed, shares = one.count.flop / one.seconds, _shares(one)
        reached.append(100 * speed / one.ceilings.fma)
        products.append(100 * shares["matrix products"])
        found = [f"{one.name}, {one.threads}", f"{1e3 * one.seconds:.3g}", f"{speed / 1e9:.0f}", f"{reached[-1]:.0f} %"]
        rows.append([*found, *(f"{100 * share:.1f} %" for share in shares.values()), f"{1e3 * (one.seconds - one.undisturbed):.2g}"])
    head = ["workload, threads", "ms a step", "GFLOP/s", "of FMA peak", *GROUPS, "other programs, ms"]
    told = f"A training step reaches {min(reached):.0f} to {max(reached):.0f} % of the FMA peak, and spends {min(products):.0f} to "
    return f"{told}{max(products):.0f} % of its time in matrix products.\n\n{markdown(head, rows)}"


def longest(profile: Profile) -> str:
    """A sentence about the longest part of a step."""
    part = max((part for part in profile.parts if part.direction), key=lambda part: part.seconds)
    share, (reached, which) = part.seconds / profile.undisturbed, profile.bound(part)
    bound = f"at {100 * reached:.0f} % of its ceiling ({which})"
    return f"The longest part of a step of {profile.name} is {part.name} {part.direction}: {100 * share:.0f} % of it, {bound}."


def page(profiles: list[Profile], machine: str) -> str:
    """Markdown of RESULTS.md: the summary, then the tables of the fewest threads, where a kernel shares nothing."""
    fewest = min(one.threads for one in profiles)
    parts = [text for one in profiles if one.threads == fewest for text in (longest(one), profile_table(one))]
    return paragraphs(
        summary(profiles),
        *parts,
        "n: operations of one shape. Shares are of the step without what other programs took. Operations and bytes by the formulas of "
        f"`kernel_counts.py`; times of the fastest quarter of the steps. {machine}",
    )
