"""extract, grade: what the texts of a data folder say, and how well pairs fit, by rules or by a model on a server."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.llm import LONGEST_WAIT, MOST_CONCURRENCY, MOST_TOKENS, LLMConfig
from ..terminal import show
from .option_types import Commands, number, whole_number
from .server import server_of

if TYPE_CHECKING:  # the commands import what they need when they run: `minirank --help` is quick
    from ..data import DataFolder
    from ..extract import Features
    from ..extract.llm.asker import Asker
    from ..extract.rules.gazetteer import Gazetteer
    from ..llm_client import Client, Request

STORE = "llm.sqlite"  # beside the data
LEAST = 200  # characters of a document in one request


def register(commands: Commands) -> None:
    """Add the commands to the command line."""
    extract = commands.add_parser(
        "extract",
        help="find skills, titles, years ... in the texts of a data folder",
        description="Without a server the rules read the texts. A run that was stopped goes on where it ended. What names the "
        "server, its prices and its limits may stand in CONFIG.yaml, under llm: with underscores (price_in: 0.15). Documents that "
        "a server fails are read by the rules, and a table says why; where all fail nothing is written and the exit status is 2.",
    )
    server = _add_common(extract)
    extract.add_argument(
        "--gazetteer",
        metavar="FILE",
        help="labels that are skills beside the lexicon's: one a line, or a skills CSV of ESCO (default: data.gazetteer of CONFIG.yaml)",
    )
    extract.add_argument(
        "--characters", type=whole_number(LEAST), default=6000, metavar="N", help="of a document in one request (default 6000)"
    )
    server.add_argument(
        "--style",
        choices=("document", "spans"),
        help="whole documents (default), or for small models sentence by sentence: they mark skills, the rules do the rest",
    )
    extract.set_defaults(run=run_extract, on_ranks=True)

    grade = commands.add_parser(
        "grade",
        help="grade how well resumes fit jobs, where people did not",
        description="Writes relevance_grades.csv beside the data and compares it with the grades that people gave. Pairs that a "
        "server fails are graded by the rules, and a table says why; where all fail nothing is written and the exit status is 2.",
    )
    _add_common(grade)
    grade.add_argument("--pairs", metavar="FILE.csv", help="job_id and resume_id of the pairs (default: all that were shown)")
    grade.add_argument("--limit", type=whole_number(1), metavar="N", help="so many of the pairs that were shown, chosen at random (seed 0)")
    grade.set_defaults(run=run_grade)


def run_extract(options: Namespace) -> None:
    """Write the features of jobs and resumes, and the hiring signals of jobs, beside the data."""
    from ..errors import ConfigError
    from ..extract.made_files import EXTRACTED
    from ..extract.rules.gazetteer import read_gazetteer
    from .output_files import writing_beside

    server, (path, asked_by) = _server(options), _gazetteer_path(options)
    gazetteer = read_gazetteer(path, asked_by)
    if server is not None and options.ranks.size > 1:
        raise ConfigError(f"one process asks a server, {options.ranks.size} were launched; start it without mpirun, see --concurrency")
    with writing_beside(options, "minirank extract", EXTRACTED, path) if options.ranks.is_first else nullcontext():
        _extract(options, server, gazetteer)


def _extract(options: Namespace, server: LLMConfig | None, gazetteer: Gazetteer | None) -> None:
    from ..extract.feature_files import all_counts, extract_by_rules, masked_kinds
    from ..features import write_signals
    from ..features.new_texts import of_other_languages
    from ..progress import Progress

    folder = _folder(options, texts_alone=server is None)
    if server is None:
        progress = Progress(sys.stderr, unit="texts")
        progress.say(f"reading {len(folder.jobs):,} jobs and {len(folder.resumes):,} resumes by rules ...")
        read = extract_by_rules(folder, progress.count, gazetteer, options.ranks)
        if read is None:  # of another rank than the first
            return
        features, counts = read
        write_signals(folder, features)
        note = of_other_languages(folder, features)
        if note is not None:
            progress.say(f"note: {note}")
    else:
        features = _extract_llm(options, server, gazetteer, folder)
        if features is None:
            return
        counts = all_counts(features)
    if gazetteer is not None:
        show(f"gazetteer: {gazetteer.size:,} labels of {gazetteer.origin['file']}")
    jobs, resumes = len(folder.jobs), len(folder.resumes)
    print(
        f"jobs: {counts['asked'] / jobs:.1f} skills each, and {counts['own words'] / jobs:.1f} in words of their own; "
        f"resumes: {counts['held'] / resumes:.1f} skills each"
    )
    masked = masked_kinds(counts)
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in masked.items())
    print(f"masked: {sum(masked.values()):,} spans that say who a person is{f' ({kinds})' if kinds else ''}")
    show(f"wrote job_features.jsonl, resume_features.jsonl and hiring_signals.jsonl to {options.data}")


def _extract_llm(options: Namespace, server: LLMConfig, gazetteer: Gazetteer | None, folder: DataFolder) -> Features | None:
    """Extraction by a model; None where nothing was to be asked yet."""
    from ..extract.llm.extract_llm import extract_folder_llm, requests
    from ..extract.llm.hiring_summary import write_signals_llm
    from ..features import write_signals

    style = options.style or "document"
    with _connected(options, server) as asker:
        if _without_calls(options, asker, lambda: requests(folder, asker, options.characters, style)):
            return None
        features, report = extract_folder_llm(folder, asker, options.characters, gazetteer, style)
        print(report)
        if not report.nothing_read and (style == "spans" or report.given_up):
            write_signals(folder, features)
        elif not report.nothing_read:
            counts = write_signals_llm(folder, features, asker)
            print(f"hiring signals: {counts.grounded:,} shared traits, {counts.dropped:,} dropped")
        _print_failures(asker, f"none of {len(report.fell_back):,} documents was read" if report.nothing_read else None)
        _print_ledger(asker)
    return features


def run_grade(options: Namespace) -> None:
    """Write relevance_grades.csv beside the data, and say how it agrees with people."""
    from ..extract.made_files import GRADES_FILE
    from .output_files import writing_beside

    server = _server(options)
    with writing_beside(options, "minirank grade", (GRADES_FILE,), options.pairs):
        _grade(options, server)


def _grade(options: Namespace, server: LLMConfig | None) -> None:
    from ..errors import DataError
    from ..extract import read_features
    from ..extract.grades import agreement, read_pairs, shown_pairs, write_grades
    from ..extract.rules.grade_rules import grade_by_rules

    folder = _folder(options)
    if options.pairs is None and not folder.has_log:
        raise DataError("no such file, so no pair was shown to anybody", file="impressions.csv", remedy="name pairs with --pairs FILE.csv")
    features = read_features(folder)
    pairs = shown_pairs(folder, options.limit) if options.pairs is None else read_pairs(folder, options.pairs)
    if server is None:
        grades = grade_by_rules(folder, features, pairs)
    else:
        from ..extract.llm.grade_llm import Grader

        grader = Grader(folder, features)
        with _connected(options, server) as asker:
            if _without_calls(options, asker, lambda: grader.requests(pairs)):
                return
            grades, report = grader.grades(pairs, asker)
            print(report)
            _print_failures(asker, f"none of {report.by_rules:,} pairs was graded" if report.by_rules and not report.by_model else None)
            _print_ledger(asker)
    path = write_grades(folder, pairs, grades)
    print(agreement(folder, pairs, grades))
    known = sum(grade.confidence > 0 for grade in grades)
    show(f"wrote {path}: {known:,} of {len(pairs):,} pairs, of the others nothing is known")


def _add_common(command):
    """Options of both commands; returns the group of those for a server."""
    command.add_argument("data", metavar="DATA", help="the data folder; what is made is written beside its files")
    force = "overwrite what was made or changed by hand there, and the files of --batch-out; what minirank wrote needs no --force"
    command.add_argument("--force", action="store_true", help=force)
    command.add_argument("--config", metavar="CONFIG.yaml", help="its data.columns map column names, its llm names a server; options win")
    how = command.add_mutually_exclusive_group()
    how.add_argument("--rules", action="store_true", help="by rules and the lexicon, without a server (the default where none is named)")
    how.add_argument("--base-url", metavar="URL", help="by a model on this OpenAI-compatible server")
    how.add_argument("--replay", metavar="FILE", help="by what a server answered once, as --record kept it; sends nothing")
    server = command.add_argument_group("with a server")
    add = server.add_argument
    # No defaults here: they are LLMConfig's, and an option that is given without a server is an oversight, see _server.
    add("--model", metavar="M", help="its name there")
    add("--api-key-env", metavar="NAME", help="variable that holds the key (default OPENAI_API_KEY)")
    add("--dry-run", action="store_true", help="count calls, tokens and cost, show the first prompt, send nothing")
    add("--batch-out", metavar="DIR", help="write what is to be asked as files for a Batch service, send nothing")
    add("--batch-in", nargs="+", metavar="FILE", help="take the answers of a Batch service, send nothing")
    add("--retry-failed", action="store_true", help="ask once more what failed before")
    add("--concurrency", type=whole_number(1, most=MOST_CONCURRENCY), metavar="N", help="requests at a time (default 8)")
    add("--rpm", type=number(above=0), metavar="N", help="requests a minute at most")
    add("--tpm", type=number(above=0), metavar="N", help="tokens a minute at most")
    add("--timeout", type=number(above=0, most=LONGEST_WAIT), metavar="S", help="seconds for an answer (default 120)")
    add(
        "--max-tokens",
        type=whole_number(1, most=MOST_TOKENS),
        metavar="N",
        help="of an answer (default 300 to 1000, by prompt); twice as many where it is cut off",
    )
    add("--price-in", type=number(), metavar="P", help="of a million tokens sent")
    add("--price-out", type=number(), metavar="P", help="of a million tokens of answers")
    add("--max-cost", type=number(above=0), metavar="C", help="never spend more on this store, earlier runs included; needs both prices")
    add("--store", metavar="FILE", help=f"where answers are kept (default DATA/{STORE})")
    add("--record", metavar="FILE", help="keep every exchange with the server, for --replay; the key is not in it")
    command.set_defaults(server_options=server._group_actions)
    return server


def _server(options: Namespace) -> LLMConfig | None:
    """The server that is to be asked, None where the rules are to read.

    Raises:
        ConfigError: an option for a server without one, or without a model.
    """
    from ..errors import ConfigError
    from ..llm_client.address import shown

    server = server_of(options)
    if options.rules or (server.base_url is None and options.replay is None):
        for option in (action.option_strings[0] for action in options.server_options if getattr(options, action.dest)):
            if options.rules:
                raise ConfigError(f"{option} is for a server, and --rules asks none; leave one of the two out")
            raise ConfigError(f"{option} needs --base-url, or llm.base_url in --config; without a server the rules do it all")
        if server.model is not None and not options.rules:
            raise ConfigError("llm.model names a model, but nothing says on which server; add llm.base_url, or give --base-url or --rules")
        return None
    if options.replay is None and server.model is None:
        remedy = f"`minirank doctor --base-url {shown(server.base_url or '')}` lists the models"
        raise ConfigError(f"--base-url needs --model, or llm.model in the configuration; {remedy}")
    if options.record is not None and options.replay is not None:
        raise ConfigError("--record needs --base-url: a replay asks no server")
    return server


@contextmanager
def _connected(options: Namespace, server: LLMConfig) -> Iterator[Asker]:
    """An Asker of the server, or of a recording of it.

    Raises:
        ConfigError: settings that cannot be used.
        RunError: nothing further can be asked.
    """
    from ..errors import ConfigError, RunError
    from ..extract.llm.asker import Asker
    from ..extract.llm.prompts import NAMES, load_prompt
    from ..extract.llm.sentences import sentence_prompt
    from ..llm_client import Client, Limits, LLMError, Store
    from ..llm_client.cassette import Player
    from ..progress import Progress

    for name in NAMES:
        load_prompt(name)  # checks their examples, before anything is sent
    sentence_prompt()
    progress = Progress(sys.stderr)
    try:
        names = ("concurrency", "rpm", "tpm", "max_cost", "max_tokens", "price_in", "price_out")
        limits = Limits(**{name: getattr(server, name) for name in names})
    except ValueError as error:
        raise ConfigError(str(error)) from None
    try:
        player = None if options.replay is None else Player(options.replay)
        base_url, model = (server.base_url, server.model) if player is None else (player.base_url, options.model or player.model)
        client = Client(base_url, model, server.api_key_env, server.timeout, limits, transport=player, notice=progress.say)
        if options.base_url is None and player is None:
            progress.say(f"{model} at {client.base_url} reads, as {options.config} says; --rules keeps everything here")
        if options.config is not None and (options.base_url or options.model) and not (options.price_in or options.price_out):
            progress.say(f"prices and limits that no option gives are those of {options.config}")
        with Store(options.store or Path(options.data) / STORE) as store:
            if player is not None:
                store.keep_ability(client.base_url, model, player.ability)
            with _recording(options.record, client, progress.say):
                yield Asker(client, store, options.retry_failed, progress.count, progress.say, progress.wait)
    except LLMError as error:
        raise RunError(str(error)) from None


@contextmanager
def _recording(path: str | None, client: Client, notice: Callable[[str], None]) -> Iterator[None]:
    """Keep what the client exchanges with its server in a file, where there is to be one."""
    from ..llm_client.cassette import Recorder

    if path is None:
        yield
        return
    client.transport = recorder = Recorder(client.transport, path, client.key)
    nothing = "nothing was answered before the run ended"
    try:
        yield
        nothing = "what the store holds is not asked again, give another --store to record it"
    finally:
        recorder.end()
        reason = "" if recorder.exchanges else f": {nothing}"
        notice(f"{recorder.exchanges:,} exchanges recorded in {path}{reason}")


def _without_calls(options: Namespace, asker: Asker, requests: Callable[[], Iterable[Request]]) -> bool:
    """Do what the options ask for without a call: preview, write a batch, read one; False where they ask for none."""
    from ..llm_client.batch import read_batch, write_batch
    from ..llm_client.estimate import estimate

    client, store = asker.client, asker.store
    if options.dry_run:
        print(estimate(requests(), client.model, store, client.limits, options.retry_failed))
    elif options.batch_out is not None:
        if options.retry_failed:
            with store.writing() as run:
                store.register(requests(), client.model, run)
                store.retry_failed(run)
        ability = store.ability(client.base_url, client.model)
        files = write_batch(requests(), client.model, store, options.batch_out, ability, client.limits, options.force)
        show(*([f"wrote {path}" for path in files] or ["everything is answered already"]))
    elif options.batch_in is not None:
        found = read_batch(options.batch_in, requests, client.model, store, client.limits)
        print(
            f"{found.done:,} answers taken, {found.failed:,} failed, {found.known:,} known, {len(found.missing):,} missing, "
            f"{len(found.unknown):,} unknown"
        )
        for request in filter(asker.failure, requests()):
            asker.answer(request)
        _print_failures(asker, None)
        show(*(f"missing: {name}" for name in found.missing), "next: the same command without --batch-in")
    else:
        return False
    return True


def _print_ledger(asker: Asker) -> None:
    """Print what asking took, over all runs on this store."""
    spent = asker.store.ledger()
    tokens, cost = f"{spent['tokens_in']:,} tokens in, {spent['tokens_out']:,} out", f"cost {spent['cost']:.4g}"
    if spent["estimated"]:
        tokens = f"about {tokens} (our estimate: for {spent['estimated']:,} answers the server reports none)"
        cost = f"cost at most {spent['cost']:.4g}"
    elif not spent["tokens_in"]:
        tokens = "no tokens reported"
    print(f"sent so far: {spent['attempts']:,} requests, {tokens}, {cost}")


def _print_failures(asker: Asker, nothing: str | None) -> None:
    """Print why questions have no answer.

    Args:
        nothing: what to say where none has one.
    Raises:
        RunError: none has one.
    """
    from ..errors import RunError

    if table := str(asker.failures):
        print(table)
    if nothing is not None:
        _print_ledger(asker)
        remedy = "nothing was written; mend it and start again with --retry-failed, or leave it to --rules"
        raise RunError(f"{nothing} by {asker.client.model}: {asker.failures.most()}; {remedy}")


def _gazetteer_path(options: Namespace) -> tuple[str | Path | None, str]:
    """That of the option, else of the configuration, None without any; and which of the two asks for it."""
    from ..config.configuration import load_config

    if options.gazetteer is not None or options.config is None:
        return options.gazetteer, "--gazetteer"
    named = getattr(load_config(options.config, needs_data=False).data, "gazetteer", None)
    return named, f"data.gazetteer of {options.config}"


def _folder(options: Namespace, texts_alone: bool = False) -> DataFolder:
    """The data folder; with `texts_alone` without the log, and with little of the texts in memory."""
    from ..data import read_folder
    from ..data.column_names import TEXTS
    from ..data.kept.store import Contents
    from .data import columns_of

    before = Contents.of(path for path in (Path(options.data) / name for name in TEXTS) if path.is_file())
    return replace(
        read_folder(options.data, columns_of(options), needs_log=False, mapped=texts_alone, with_log=not texts_alone), contents=before
    )
