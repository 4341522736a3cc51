"""The page's sections on training, on what was read in the texts, and the data and model card."""

from __future__ import annotations

from collections.abc import Sequence

from .contents import CardSection
from .contents_trained import Column, Curve, Curves, Extraction, Fact, Overview, Part, TextsRead
from .markup import Html, element, facts, figure, join, listed, more, percent, picture, table
from .series import Series
from .svg import bars, lines


def curves_section(curves: Curves) -> Html:
    """Losses and metrics of each task over the epochs."""
    done = len(curves.epochs)
    watched = f" Early stopping watched {curves.watched}." if curves.watched else ""
    first = f"The first of {curves.seeds} seeds: " if curves.seeds > 1 else ""
    reading = (
        f"{first}{done} epoch{'s' if done != 1 else ''}; the parameters of epoch {curves.best_epoch} are kept (dotted line).{watched} "
        "A loss on validation rows that rises while that of training falls means that the model learns the training rows by heart."
    )
    shown = [picture(title, drawn) for title, drawn in curve_pictures(curves)]
    seconds = [each for each in curves.seconds if each is not None]
    speed = [each for each in curves.rows_per_second if each is not None]
    took = f"{sum(seconds):,.1f} seconds in all" if seconds else ""
    took += f", {sorted(speed)[len(speed) // 2]:,.0f} rows a second (median epoch)" if took and speed else ""
    return join(
        [
            element("p", reading),
            element("div", *shown, class_="figures"),
            *([element("p", took + ".", class_="note")] if took else []),
            *(element("p", f"{name} is not shown: {why}", class_="note") for name, why in curves.undefined.items()),
        ]
    )


def curve_pictures(curves: Curves) -> list[tuple[str, str]]:
    """(heading, SVG) of the losses and of the metrics of each task."""
    shown = []
    for number, task in enumerate(curves.tasks):
        for kind, found, label in (("loss", task.losses, "lower is better"), ("metrics", task.metrics, "higher is better")):
            if found:
                title = f"{task.task}: {'loss' if kind == 'loss' else 'on validation rows'}"
                shown.append((title, _curves(f"curves-{number}-{kind}", title, found, curves, label)))
    return shown


def _curves(name: str, title: str, found: Sequence[Curve], curves: Curves, label: str) -> str:
    told = []
    for curve in found:
        known = [(epoch, value) for epoch, value in zip(curves.epochs, curve.values) if value is not None]
        if known:
            told.append(
                f"{curve.title}: {figure(known[0][1])} after epoch {known[0][0]}, {figure(known[-1][1])} after epoch {known[-1][0]}"
            )
    series = [Series(curve.title, curve.values, x=curves.epochs) for curve in found]
    mark = (curves.best_epoch, "kept") if curves.best_epoch else None
    return lines(name, title, "; ".join(told) + ".", series, x_label="epoch", y_label=label, mark=mark)


def extraction_section(extraction: Extraction) -> Html:
    """What was read in the texts, and what the model sees of it."""
    return join(
        [
            *([element("p", extraction.made)] if extraction.made else []),
            *(part for texts in extraction.texts for part in _texts_read(texts)),
            *(element("p", remark, class_="note") for remark in extraction.remarks),
            more("All inputs of the model", _columns_table(extraction.columns)) if extraction.columns else "",
        ]
    )


def _texts_read(texts: TextsRead) -> list[Html]:
    known = [f"{percent(share)} of the words in {part} texts" for part, share in texts.known_words.items()]
    languages = [f"{name} {count:,}" for name, count in texts.languages.items()]
    masked = [f"{kind.lower().replace('_', ' ')} {count:,}" for kind, count in texts.masked.items()]
    pairs: list[tuple[str, str, str]] = [
        ("texts", f"{texts.texts:,}", ""),
        ("nothing found in", percent(texts.unread), "no skill and no title was read"),
        ("speak to a machine", percent(texts.flagged), "a passage that tries to instruct a reader was set aside"),
    ]
    pairs += [("words known", listed(known), "")] if known else []
    pairs += [("languages", ", ".join(languages), f"of a sample of {texts.sampled:,}")] if languages else []
    pairs += [("masked", ", ".join(masked), "personal details that no model and no page sees")] if masked else []
    rows = [
        [
            each.field.replace("_", " "),
            percent(each.share),
            f"{each.values:.1f}",
            ", ".join(f"{name} {percent(share)}" for name, share in each.sources.items()) or "–",
        ]
        for each in texts.fields
    ]
    caption = f"How many of the {texts.kind} have a value in each field, how many values a text has on average, and who read them"
    return [
        element("h3", f"{texts.kind[:1].upper()}{texts.kind[1:]}"),
        element("div", facts(pairs), _coverage(texts), class_="beside"),
        more(
            f"Every field of the {texts.kind}",
            table(f"fields-{texts.kind}", caption, ["field", "texts with a value", "values a text", "read by"], rows),
        ),
    ]


def _coverage(texts: TextsRead) -> Html:
    """How many texts have a value in each field."""
    fields = [each.field.replace("_", " ") for each in texts.fields]
    title = f"{texts.kind[:1].upper()}{texts.kind[1:]} with a value, in percent"
    told = ", ".join(f"{field} {percent(each.share)}" for field, each in zip(fields, texts.fields)) + "."
    shares = Series("share", [100 * each.share for each in texts.fields])
    return picture(title, bars(f"coverage-{texts.kind}", title, told, fields, [shares], form="{:.0f}"))


def _columns_table(columns: Sequence[Column]) -> Html:
    parts = sorted({part for column in columns for part in column.unknown}, key=["train", "valid", "test"].index)
    rows = [
        [
            column.name,
            column.kind,
            figure(column.values),
            figure(column.kept),
            percent(column.missing),
            *(percent(column.unknown.get(part)) for part in parts),
        ]
        for column in columns
    ]
    head = ["input", "kind", "values", "with an id", "missing", *(f"unknown in {part}" for part in parts)]
    return table("inputs", "Inputs as the model sees them; unknown: the share of rows without a value that training knows", head, rows)


def card_section(overview: Overview, card: Sequence[CardSection]) -> Html:
    """What was trained on what, the parts of the rows, and the card."""
    tasks = [f"{task} is left out: {why}" for task, why in overview.left_out.items()]
    return join(
        [
            facts(
                (fact.name, fact.value, fact.note) for fact in (*overview.facts, Fact("tasks", listed(overview.tasks), "; ".join(tasks)))
            ),
            _parts_table(overview) if overview.parts else "",
            *(part for each in card for part in (element("h3", each.heading), *(element("p", text) for text in each.paragraphs))),
            more("config.yaml", element("pre", _block(overview.config), tabindex="0", role="group", aria_label="config.yaml")),
            more(
                "The plan: every operation of the model",
                element("pre", _block(overview.plan), tabindex="0", role="group", aria_label="plan.txt"),
            )
            if overview.plan
            else "",
        ]
    )


def _block(text: str) -> Html:
    """Lines of a file."""
    return join(part for line in text.splitlines() for part in (line, Html("\n")))


def _parts_table(overview: Overview) -> Html:
    parts = overview.parts
    tasks = [task for task in overview.tasks if any(part.positive and task in part.positive for part in parts)]
    timed, grouped = any(part.first for part in parts), any(part.searches is not None for part in parts)
    columns = [
        "part",
        "rows",
        *(["searches", "jobs"] if grouped else []),
        *(["from", "to"] if timed else []),
        *(f"mean {task}" for task in tasks),
    ]
    rows = []
    for part in parts:
        row: list[object] = [part.name, f"{part.rows:,}"]
        row += [figure(part.searches), figure(part.jobs)] if grouped else []
        row += [_day(part.first), _day(part.last)] if timed else []
        rows.append(row + [_label(part, task) for task in tasks])
    return table("parts", "The rows; of each task the mean label, and how many rows have one", columns, rows)


def _label(part: Part, task: str) -> Html:
    count = (part.labelled or {}).get(task)
    return join([figure((part.positive or {}).get(task)), *([] if count is None else [element("small", f"{count:,} rows")])])


def _day(time: str | None) -> str:
    return "–" if time is None else time[:10]
