"""The tables of kernels.py."""

from __future__ import annotations

from bench.speed.step_profile import OTHER


def row(found):
    """A row of a Markdown table."""
    return f"| {' | '.join(found)} |"


def profile_table(profile, wanted=lambda part: True) -> str:
    """Markdown: every part of a step, or those that are wanted, and the step."""
    step = f"{profile.name}, {profile.rows:,} rows, {profile.threads} thread{'s' * (profile.threads > 1)}: {1e3 * profile.seconds:.3g} ms a step (median {1e3 * profile.median:.3g})"
    head = ["", "", "n", "ms", "share", "GFLOP/s", "of FMA peak", "GB/s", "of its ceiling", "which is"]
    lines = [f"{step}. FMA peak {profile.ceilings.fma / 1e9:.0f} GFLOP/s.", "", row(head), row(["---", "---", *["---:"] * 7, "---"])]
    lines += [row(_part(profile, part)) for part in profile.parts if wanted(part)]
    total = profile.count.flop / profile.seconds
    share = f"{100 * total / profile.ceilings.fma:.0f} %"
    lines.append(row(["**step**", "", "", f"{1e3 * profile.seconds:.3g}", "", f"{total / 1e9:.1f}", share, "", "", ""]))
    return "\n".join(lines)


def _part(profile, part):
    spent, count = part.seconds, part.count
    share = "" if part.name == OTHER else f"{100 * spent / profile.undisturbed:.1f} %"
    found = [part.name, part.direction, str(part.calls), f"{1e3 * spent:.3g}", share]
    reached, which = profile.bound(part)
    if not which:
        return [*found, "", "", "", "", ""]
    flops = [f"{count.flop / spent / 1e9:.1f}", f"{100 * count.flop / spent / profile.ceilings.fma:.0f} %"] if count.flop else ["", ""]
    return [*found, *flops, f"{count.bytes / spent / 1e9:.1f}", f"{100 * reached:.0f} %", which]


def summary(profiles) -> str:
    """Markdown: a row for each profile, its time by groups of parts."""
    groups = {
        "matrix products": lambda part: part.name.startswith("dense"),
        "other operations": lambda part: part.direction in ("forward", "backward") and not part.name.startswith("dense"),
        "packing": lambda part: part.name.startswith("pack"),
        "dense Adam": lambda part: part.name == "adam_arena",
        "tables": lambda part: part.name == "step_tables",
        "waiting, clearing": lambda part: part.name.startswith("in the walk"),
        "Python": lambda part: part.name.startswith("Python"),
    }
    head = ["workload, threads", "ms a step", "GFLOP/s", "of FMA peak", *groups, "other programs, ms"]
    lines = [row(head), row(["---", *["---:"] * (len(head) - 1)])]
    for one in profiles:
        speed = one.count.flop / one.seconds
        found = [f"{one.name}, {one.threads}", f"{1e3 * one.seconds:.3g}", f"{speed / 1e9:.0f}", f"{100 * speed / one.ceilings.fma:.0f} %"]
        for belongs in groups.values():
            found.append(f"{100 * sum(part.seconds for part in one.parts if belongs(part)) / one.undisturbed:.1f} %")
        found.append(f"{1e3 * (one.seconds - one.undisturbed):.2g}")
        lines.append(row(found))
    return "\n".join(lines)


def page(profiles, machine) -> str:
    """Markdown of RESULTS.md: the summary, then the tables of the fewest threads, where a kernel shares nothing."""
    fewest = min(one.threads for one in profiles)
    parts = ["Where the time of a training step goes:", "", summary(profiles), ""]
    for one in profiles:
        if one.threads == fewest:
            parts += [profile_table(one), ""]
    parts.append(
        f"n: operations of one shape. Shares are of the step without what other programs took. Operations and bytes by the formulas of `kernel_counts.py`; times of the fastest quarter of the steps. {machine}"
    )
    return "\n".join(parts)
