"""The command line, run in this process."""

from minirank import cli


def run(capsys, *words):
    """(exit status, stdout, stderr) of a command."""
    try:
        status = cli.main([str(word) for word in words])
    except SystemExit as ended:
        status = ended.code
    return status, *capsys.readouterr()


def refused(capsys, *words):
    """The error line of a command that fails; there is only one, and it is the last."""
    status, _, said = run(capsys, *words)
    lines = [line for line in said.splitlines() if line.startswith("minirank") and ": error: " in line]
    assert status == 2 and len(lines) == 1 and said.endswith(f"{lines[0]}\n") and "Traceback" not in said
    return lines[0].partition(": error: ")[2]
