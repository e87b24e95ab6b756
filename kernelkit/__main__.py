"""``kernelkit`` and ``python -m kernelkit``: the one place that turns errors into exit codes."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from typing import NoReturn

import click

from kernelkit.cli.group import group
from kernelkit.errors import KernelkitError, RefusedError

INTERRUPTED = 130
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}
BUG = 70


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    gc.set_threshold(100_000)  # a run is short, and ten thousand documents hold no cycles
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(_run())


def _run() -> int:  # noqa: PLR0911 - one for each way in which a run ends
    try:
        result = group.main(prog_name="kernelkit", standalone_mode=False)
        sys.stdout.flush()
    except KernelkitError as error:
        return _told(error)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the output has left; Python would complain again while it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _refused(error) if error.filename or error.errno in DISK else _bug()
    except (KeyboardInterrupt, click.Abort):
        click.echo("kernelkit: interrupted", err=True)
        return INTERRUPTED
    except Exception:
        return _bug()
    return result if isinstance(result, int) else 0


def _told(error: KernelkitError) -> int:
    for line in error.problem.splitlines():
        click.echo(f"kernelkit: {line}", err=True)
    if error.advice:
        click.echo(error.advice, err=True)
    return error.exit_code


def _refused(error: OSError) -> int:
    """What the file system refuses is no bug of ours: a full or read-only disk, a missing folder, permissions."""
    where = error.filename2 or error.filename
    place = f"{where}: " if where else ""
    click.echo(f"kernelkit: {place}{error.strerror}", err=True)
    return RefusedError.exit_code


def _bug() -> int:
    """Keep the traceback in a file and say where."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="kernelkit-report-", suffix=".txt", delete=False) as report:
        report.write(f"kernelkit {' '.join(sys.argv[1:])}\npython {sys.version}\n\n{traceback.format_exc()}")
    problem = traceback.format_exc().strip().splitlines()[-1]
    click.echo(f"kernelkit: a bug of kernelkit: {problem}\nPlease report it with the file {report.name}", err=True)
    return BUG


if __name__ == "__main__":
    main()
