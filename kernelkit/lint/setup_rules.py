"""Rules about what is set up before the kernel starts: sourced scripts, variables, output, and the file itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from kernelkit.lint.rules import Found, Subject
from kernelkit.lint.script import Command, Word

_SOURCES = {"source", "."}
_SETUPS = {"lsetup", "asetup", "b2setup", "setupATLAS", "module", "ml", "setup"}
_ACTIVATORS = {"conda", "mamba", "micromamba"}
_EATERS = re.compile(r"atlasLocalSetup\.sh|b2setup|oldAliasSetup\.sh|key4hep.*/setup\.sh")
_VIEWS = re.compile(r"/views/[^/]+/[^/]+/setup\.sh|thisroot\.sh")
# These read no arguments; conda's activate does.
_DEAF = re.compile(r"thisroot\.sh|conda\.sh|/etc/profile|/init/(ba)?sh|profile\.d/|bashrc|lcg/views/")
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|COOKIE|PRIVATE_KEY|API_?KEY")
_NO_SECRET = re.compile(r"(_FILE|_PATH|_DIR|_URL|_NAME)$")
_HOME = re.compile(
    r"(?<![\w.-])/(?:home|Users)/[\w.-]+/|/global/homes/\w/\w+|/afs/[\w.-]+/(?:users?|home)/\w+|/eos/(?:user|home-\w)/[\w/]*\w"
    r"|(?<![\w/])~[a-z][\w-]*/"
)
_PILED = {"LD_LIBRARY_PATH", "PYTHONPATH", "LD_PRELOAD"}
_QUIET = re.compile(r"(^|\s)(-q|--quiet|-s)\b")


def sourced(about: Subject) -> Iterator[Found]:
    """What a sourced script sees of the wrapper's arguments, or takes for itself."""
    cleared: set[str] = set()
    for command, known in about.script.values():
        if command.called == "set" and command.literals == ["--"]:
            cleared.add(command.around.function)
        if command.called not in _SOURCES or command.around.inner or not command.words:
            continue
        target = _resolved(command.words[0], known)
        given = command.words[1:]
        if _VIEWS.search(target) and "setupViews" not in target and given:
            yield "view-with-arguments", command.line, command.text
        elif not given and not command.around.function and "" not in cleared and about.starts:
            if _EATERS.search(target):
                yield "eaten-arguments", command.line, command.text
            elif not _DEAF.search(target) and not (target.endswith("/bin/activate") and "conda" not in target):
                yield "inherited-arguments", command.line, command.text


def _resolved(word: Word, known: dict[str, str]) -> str:
    """As much of a word as is known."""
    return re.sub(r"\$\{?(\w+)\}?", lambda match: known.get(match[1], match[0]), word.text).strip("\"'")


def ignored(about: Subject) -> Iterator[Found]:
    """A set-up of which nobody asks how it went."""
    for command, errexit in _with_option(about, "e"):
        around = command.around
        if _sets_up(command) and not (around.checked or errexit or around.inner) and about.starts:
            yield "ignored-failure", command.line, command.text


def _sets_up(command: Command) -> bool:
    if command.called in _SOURCES:
        return True
    if command.called in _ACTIVATORS:
        return command.literals[:1] == ["activate"]
    if command.called in ("module", "ml"):
        return not {"purge", "list", "use", "unload", "rm", "avail"} & set(command.literals[:1])
    return command.called in _SETUPS


def strict(about: Subject) -> Iterator[Found]:
    """``set -e`` or ``-u`` while somebody else's script is sourced."""
    for option, name in (("e", "errexit"), ("u", "nounset")):
        since: Command | None = None
        for command in about.script.main:
            if (switched := _switched(command, option, name)) is not None:
                since = command if switched else None
            elif since and (command.called in _SOURCES or _sets_up(command)) and not _guarded(command, option):
                yield "strict-mode", since.line, f"{since.text} around {command.text}"
                break


def _guarded(command: Command, option: str) -> bool:
    """Where a result is looked at, -e has no effect within."""
    return option == "e" and command.around.checked


def _switched(command: Command, option: str, name: str) -> bool | None:
    if command.called != "set":
        return None
    words = command.literals
    for number, word in enumerate(words):
        if word == "--":
            break
        long = "o" in word[1:] and words[number + 1 : number + 2] == [name]
        if word[:1] in ("-", "+") and (option in word[1:] or long):
            return word[0] == "-"
    return None


def _with_option(about: Subject, option: str) -> Iterator[tuple[Command, bool]]:
    on = any(re.fullmatch(rf"-\w*{option}\w*", word) for word in about.script.interpreter[1:])
    for command in about.script.main:
        switched = _switched(command, option, "errexit")
        on = on if switched is None else switched
        yield command, on


def aliases(about: Subject) -> Iterator[Found]:
    """ALRB's alias, where no alias is expanded."""
    expanded = "expand_aliases" in about.script.text or "setupATLAS" in about.script.functions
    for command in about.script.main:
        if command.called == "setupATLAS" and not expanded:
            yield "missing-alias", command.line, command.text


def newest(about: Subject) -> Iterator[Found]:
    """A release that a listing picks."""
    for command in about.script.commands:
        if command.around.inner and command.around.piped and command.called == "ls":
            yield "release-by-listing", command.line, command.text


def variables(about: Subject) -> Iterator[Found]:
    """Variables that break other programs, come along from the server, or are nobody's business."""
    fresh: set[str] = set()
    for command in about.script.main:
        if command.called == "unset":
            fresh.update(command.literals)
        for name, word in command.assigned:
            shown = f"{name}={word.text}"
            if name == "PYTHONHOME" and word.text:
                yield "python-home", word.line, shown
            elif name in _PILED and name not in fresh and any(e.name == name for e in word.expansions):
                yield "piled-path", word.line, shown
            elif _exports(command, about) and _SECRET.search(name) and not _NO_SECRET.search(name) and word.text:
                yield "exported-secret", word.line, name  # and never its value
            fresh.add(name)


def _exports(command: Command, about: Subject) -> bool:
    names = "|".join(re.escape(name) for name, _ in command.assigned)
    declared = command.called in ("declare", "typeset") and any("x" in word for word in command.literals)
    return (
        command.called == "export" or declared or re.search(rf"\bexport\s+({names})\b", about.script.text) is not None
    )


def homes(about: Subject) -> Iterator[Found]:
    """Paths below one user's home."""
    for command in about.script.commands:
        for word in (command.name, *command.words, *(word for _, word in command.assigned)):
            found = _HOME.search(word.text)
            if found and not word.substitution:
                yield "hard-coded-home", word.line, found[0]


def processes(about: Subject) -> Iterator[Found]:
    """What is left running beside the kernel."""
    starting = {id(start.command) for start in about.starts}
    for command in about.script.main:
        detached = command.called in ("nohup", "setsid", "daemon")
        limited = "timeout" in (command.called, *command.literals)
        if (command.around.background or detached) and not limited and id(command) not in starting and command.called:
            yield "background-process", command.line, command.text


def output(about: Subject) -> Iterator[Found]:
    """What is printed where the kernel's own output goes, and traces."""
    silent = False
    for command in about.script.main:
        around = command.around
        if command.called == "exec" and not command.words and around.redirected:
            silent = True
        if command.called == "set" and any(re.fullmatch(r"-\w*[xv]\w*", word) for word in command.literals[:1]):
            yield "trace", command.line, command.text
        if _prints(command) and not (silent or around.redirected or around.piped or around.function) and about.starts:
            yield "noise", command.line, command.text


def _prints(command: Command) -> bool:
    if command.called in ("echo", "date", "env", "printenv"):
        return True
    if command.called in ("printf", "cat"):
        return bool(command.words) and "-v" not in command.literals
    if command.called == "lsetup" or (command.called in _SOURCES and "atlasLocalSetup" in command.text):
        return not _QUIET.search(command.text)
    return command.called in ("module", "ml") and "list" in command.literals


def the_file(about: Subject) -> Iterator[Found]:
    """Its first line, the ends of its lines, and what could not be read."""
    script = about.script
    if not script.interpreter and about.directly:
        yield "no-shebang", 1, shown_line(script.text)
    if "-l" in script.interpreter[1:] or "--login" in script.interpreter[1:]:
        yield "login-shell", 1, shown_line(script.text)
    if script.interpreter[1:] and re.fullmatch(r"-\w*x\w*", script.interpreter[1]):
        yield "trace", 1, shown_line(script.text)
    lines = script.text.split("\n")
    ended = next((number for number, line in enumerate(lines, 1) if line.endswith("\r")), None)
    if ended:
        yield "line-ends", ended, shown_line(lines[ended - 1])
    if script.not_understood:
        yield "not-understood", script.not_understood, shown_line(lines[script.not_understood - 1])


def shown_line(text: str) -> str:
    """The first line of a text, safe to print."""
    from kernelkit.lint.parsing import shortened

    return shortened(text.partition("\n")[0])


def shells(about: Subject) -> Iterator[Found]:
    """Bash's own words in a file for sh, and login shells that it starts."""
    script = about.script
    if [word.rpartition("/")[2] for word in script.interpreter[:1]] in (["sh"], ["dash"]):
        bash_only = [(line, "[[ or an array") for line in script.bash_only]
        bash_only += [(command.line, command.text) for command in script.commands if command.called == "source"]
        yield from (("wrong-shell", line, text) for line, text in sorted(bash_only)[:1])
    for command in script.main:
        words = [command.called, *command.literals]
        for shell, option in itertools.pairwise(words):
            login = re.fullmatch(r"-\w*l\w*", option) or option == "--login"
            if shell.rpartition("/")[2] in ("bash", "sh") and login:
                yield "login-shell", command.line, command.text
