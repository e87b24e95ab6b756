"""What lint can find: each with a stable id, how bad it is, what it means and what mends it.

The faults are those of wrappers in the wild; where the behaviour is a vendor's or a tool's own, its source stands
beside.
"""

from __future__ import annotations

from typing import NamedTuple

FAULT, WARNING, NOTE = "fault", "warning", "note"


class Entry(NamedTuple):
    """``what`` says what is wrong and why, ``mend`` what to do: a line each."""

    severity: str
    what: str
    mend: str


TABLE = {
    "unquoted-arguments": Entry(
        FAULT, "the shell splits it where the path of the connection file has a space",
        'quote it: "$@", "$1", "${args[@]}"'),
    "joined-arguments": Entry(
        FAULT, "all arguments become one word, so that the kernel is given a file that does not exist",
        'keep them in an array, args=("$@"), and pass on "${args[@]}"'),
    "lost-arguments": Entry(
        FAULT, "the kernel is started without the wrapper's arguments and never learns its connection file",
        'end the command with "$@"'),
    "eval-arguments": Entry(
        FAULT, "eval reads the arguments as shell text: a space splits them, and what else stands in them is run",
        'run the command itself: exec program "$@"'),
    "inherited-arguments": Entry(
        WARNING, "a script that is sourced without arguments sees the wrapper's own, -f and the connection file",
        'keep them, args=("$@"), and say set -- before it; then pass on "${args[@]}"'),
    "eaten-arguments": Entry(  # reference: user/atlasLocalSetup.sh of ALRB, tools/b2setup.py, key4hep-spack's setup.sh
        FAULT, "this script takes the wrapper's -f for an option of its own, and sets up nothing",
        'keep them, args=("$@"), and say set -- before it; or give the script an argument of its own'),
    "view-with-arguments": Entry(  # setup.sh of a view and ROOT's thisroot.sh find themselves by ${BASH_ARGV[0]}
        FAULT, "sourced with an argument, it takes the current folder for itself and sets up nothing",
        "say set -- and source it without any argument"),
    "no-exec": Entry(
        FAULT, "the shell stays the kernel's parent, and the kernel outlives a server that is killed",
        "put exec before the command that starts the kernel"),
    "piped-kernel": Entry(
        FAULT, "in a pipe exec replaces a shell of the pipe's own, and the wrapper stays the kernel's parent",
        "exec the kernel alone; for a log, redirect before it: exec > >(tee log) 2>&1"),
    "background-kernel": Entry(
        FAULT, "a kernel in the background ignores interrupts, and ends or stays apart from its wrapper",
        "exec it in the foreground"),
    "own-session": Entry(
        FAULT, "in a session of its own the kernel does not get Jupyter's interrupt",
        "start it without setsid or nohup"),
    "runner": Entry(  # conda/conda#11420, bluss/pyproject-local-kernel#23
        FAULT, "the runner stands between Jupyter and the kernel, and dies of the first interrupt",
        "exec the environment's own python by its path"),
    "cleared-environment": Entry(
        WARNING, "without JPY_PARENT_PID the kernel does not notice that its server is gone",
        'pass it on: env -i JPY_PARENT_PID="$JPY_PARENT_PID" ...'),
    "unbound-container": Entry(  # microsoft/vscode-jupyter#16561, apptainer/apptainer#2826
        WARNING, "nothing is bound into the container, so that the connection file may not exist there",
        'bind its folder, -B "$(dirname "$file")", and declare "interrupt_mode": "message" in kernel.json'),
    "ignored-failure": Entry(
        WARNING, "when it fails the kernel starts all the same, without the software",
        "end the wrapper: ... || { echo 'why' >&2; exit 1; }"),
    "strict-mode": Entry(
        WARNING, "set-up scripts of others are not written for it, and it ends them in the middle without a word",
        "leave it off while they are sourced, and check the result instead"),
    "missing-alias": Entry(
        FAULT, "an alias does not exist in a script, so the command is not found",
        'source "$ATLAS_LOCAL_ROOT_BASE/user/atlasLocalSetup.sh" --quiet'),
    "bare-python": Entry(
        WARNING, "whichever Python the path finds: the machine's own where the set-up did not do its part",
        "name it by its path below the software, or check it before"),
    "release-by-listing": Entry(
        WARNING, "which release it is depends on how names sort and on what was installed last night",
        "name the release, or the alias that its owners keep"),
    "python-home": Entry(
        WARNING, "every Python takes its library from there, and another one than it is meant for dies at once",
        "leave PYTHONHOME unset and start that Python by its path"),
    "piled-path": Entry(
        WARNING, "what the server has in it comes along, and where it has nothing an empty entry is the current folder",
        'unset it first; for a joint, "/new${VARIABLE:+:$VARIABLE}"'),
    "exported-secret": Entry(
        WARNING, "everything that runs in the notebook reads it, and what prints its environment shows it",
        "keep it in a file that only its user reads, and export the file's name"),
    "hard-coded-home": Entry(
        WARNING, "it works for one user only, and that one changes what everybody runs",
        "use $HOME for the user's own, and a folder of the project for what is shared"),
    "login-shell": Entry(
        WARNING, "a login shell runs everybody's profile first: slow, chatty, and different for each user",
        "plain bash, with what is needed sourced by name"),
    "trace": Entry(
        WARNING, "each command with its values goes to the server's log, secrets with them", "remove it"),
    "noise": Entry(
        NOTE, "it goes to the kernel's standard output, which launchers and batch systems read",
        "send it to standard error: >&2"),
    "background-process": Entry(
        WARNING, "it stays when the kernel ends, or dies with it in the middle of its work",
        "start it from a service of its own, or not in the wrapper"),
    "wrong-shell": Entry(
        WARNING, "sh may be dash, as on Debian and Ubuntu, which does not know it", "begin the file with #!/bin/bash"),
    "no-shebang": Entry(
        FAULT, "the file does not say what runs it: started by itself it is an exec format error",
        "begin the file with #!/bin/bash"),
    "line-ends": Entry(
        FAULT, "the line ends with a carriage return, which becomes part of the last word",
        "convert the file: sed -i 's/\\r$//' FILE"),
    "not-understood": Entry(
        NOTE, "it could not be parsed: from here on the file was not judged", "try bash -n on the file"),
    "other-language": Entry(
        NOTE, "it is no script for sh or bash, and was not judged", "kernelkit test launches it and sees"),
    "unreadable": Entry(
        WARNING, "the file could not be judged", "kernelkit judges regular files up to 256 KiB"),
}  # fmt: skip
