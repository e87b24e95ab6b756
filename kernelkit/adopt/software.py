"""Set-up scripts of the field, by where they lie, as the steps that kernelkit has for them.

The shapes are those of the scripts' own interfaces: ALRB, belle2/tools, LCG views, key4hep-spack, thisroot.sh, conda.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kernelkit.adopt.findings import Findings, text_of, whole
from kernelkit.lint.script import Command

QUIET = ("", "-q", "--quiet")
ASIDE = re.compile(r"(/etc/profile|.*/\.(bash_)?profile|.*/\.bashrc|~/\.\w+)")


def sourced(found: Findings, command: Command, known: dict[str, str]) -> None:
    """``source FILE ARGUMENTS``."""
    if not command.words:
        found.lose(command, "names no file")
        return
    path = text_of(command.words[0], known)
    arguments = [whole(word, known) for word in command.words[1:]]
    if any(argument is None for argument in arguments):
        found.lose(command, "an argument cannot be known from the script")
        return
    given = [argument for argument in arguments if argument is not None]
    for pattern, take in SCRIPTS.items():
        match = re.fullmatch(pattern, path)
        if match and take(found, match, given):
            return
    if "$" in path or "`" in path or ASIDE.fullmatch(path) or not path.startswith("/"):
        found.lose(command, "which file this is depends on who starts it, and where")
        return
    found.add("script", path=path, arguments=[argument for argument in given if argument])


def alrb(found: Findings, match: re.Match[str], arguments: list[str]) -> bool:
    """atlasLocalSetup.sh."""
    _mounted(found, match[1], "/atlas.cern.ch/repo/ATLASLocalRootBase")
    found.add("alrb", options=[word for word in arguments if word not in QUIET])
    return True


def old_alias(found: Findings, match: re.Match[str], arguments: list[str]) -> bool:
    """oldAliasSetup.sh and localSetup.sh: what lsetup was before."""
    _mounted(found, match[1], "/atlas.cern.ch/repo/ATLASLocalRootBase")
    words = [word for argument in arguments for word in argument.split()]
    versions = [re.sub(r"^--\w+Version=", "", word) for word in words]
    _tools(found, [" ".join(word for word in versions if word not in QUIET)])
    return True


def basf2(found: Findings, match: re.Match[str], arguments: list[str]) -> bool:
    """tools/b2setup."""
    found.cvmfs = match[1]
    found.add("basf2", release=next((word for word in arguments if word), ""))
    return True


def view(found: Findings, match: re.Match[str], _: list[str]) -> bool:
    """The setup.sh of a view."""
    found.cvmfs = match[1]
    found.add("lcg-view", view=match[2], platform=match[3])
    return True


def views(found: Findings, match: re.Match[str], arguments: list[str]) -> bool:
    """setupViews.sh with a view and a platform."""
    if len(arguments) < 2:
        return False
    found.cvmfs = match[1]
    found.add("lcg-view", view=arguments[0], platform=arguments[1])
    return True


def key4hep(found: Findings, match: re.Match[str], arguments: list[str]) -> bool:
    """key4hep/setup.sh, of a release by its date or the newest."""
    if arguments and arguments[0] not in ("", "-r"):
        return False
    found.cvmfs = match[1]
    found.add("key4hep", release=arguments[1] if len(arguments) > 1 else "", nightly="nightlies" in match[2])
    return True


def thisroot(found: Findings, match: re.Match[str], _: list[str]) -> bool:
    """thisroot.sh of an installation."""
    if "$" in match[1]:
        return False
    found.add("thisroot", path=match[1])
    return True


def activate(found: Findings, match: re.Match[str], arguments: list[str]) -> bool:
    """bin/activate: of conda with an environment's name, else of a virtual environment or a conda one."""
    from pathlib import Path

    named = [word for word in arguments if word]
    if "$" in match[1] or (not match[1] and not named):
        return False
    if named:
        return _conda(found, named[0], match[1])
    if Path(match[1], "conda-meta").is_dir() or re.search(r"(ana|mini)conda|miniforge|mamba|/envs/", match[1]):
        return _conda(found, match[1], "")
    found.add("venv", path=match[1])
    return True


def hook(_: Findings, __: re.Match[str], ___: list[str]) -> bool:
    """conda.sh defines a function, and does nothing else."""
    return True


def module_init(found: Findings, match: re.Match[str], _: list[str]) -> bool:
    """What defines the function ``module``."""
    found.module_init = "" if match[0].startswith("/etc/profile.d") else match[0]
    return True


SCRIPTS: dict[str, Callable[[Findings, re.Match[str], list[str]], bool]] = {
    r"(.*)/user/atlasLocalSetup\.sh": alrb,
    r"(.*)/(?:utilities/oldAliasSetup|packageSetups/localSetup)\.sh": old_alias,
    r"(.*)/belle\.cern\.ch/tools/b2setup(?:\.sh)?": basf2,
    r"(.*)/sft\.cern\.ch/lcg/views/setupViews\.sh": views,
    r"(.*)/sft\.cern\.ch/lcg/views/(.+)/([^/]+)/setup\.sh": view,
    r"(.*)/(sw(?:-nightlies)?\.hsf\.org)/key4hep/setup\.sh": key4hep,
    r"(.*)/bin/thisroot\.sh": thisroot,
    r"(?:(.*)/bin/)?activate": activate,
    r"(.*)/etc/profile\.d/(?:conda|mamba)\.sh": hook,
    r"(/etc/profile\.d/(?:modules|lmod|z00_lmod)\.sh|.*/init/(?:bash|sh))": module_init,
}


def lsetup(found: Findings, command: Command, known: dict[str, str]) -> None:
    """``lsetup "root 6.08.06" xrootd``."""
    words = _words(found, command, known)
    if words is not None:
        _tools(found, [word for word in words if not word.startswith("-")])


def local_setup_root(found: Findings, command: Command, known: dict[str, str]) -> None:
    """``localSetupROOT --rootVersion=6.08.06``, an alias of old."""
    words = _words(found, command, known)
    if words is not None:
        versions = [re.sub(r"^--\w+Version=", "", word) for word in words if word not in QUIET]
        _tools(found, [" ".join(["root", *versions])])


def asetup(found: Findings, command: Command, known: dict[str, str]) -> None:
    """``asetup AnalysisBase,24.2.35``."""
    words = _words(found, command, known)
    if words:
        found.latest("alrb")["asetup"] = words
    elif words is not None:
        found.lose(command, "without a release it takes that of the folder it is run in")


def setup_atlas(found: Findings, command: Command, known: dict[str, str]) -> None:
    """``setupATLAS``, which is an alias for sourcing atlasLocalSetup.sh."""
    words = _words(found, command, known)
    if words is not None:
        found.add("alrb", options=[word for word in words if word not in QUIET])


def b2setup(found: Findings, command: Command, known: dict[str, str]) -> None:
    """``b2setup RELEASE``, once the tools are there."""
    words = _words(found, command, known)
    if words:
        found.latest("basf2")["release"] = words[0]


def conda(found: Findings, command: Command, known: dict[str, str]) -> None:
    """``conda activate NAME``."""
    words = _words(found, command, known)
    if words is None:
        return
    if len(words) == 2 and words[0] == "activate":
        _conda(found, words[1], "")
    else:
        found.lose(command, "of conda's commands only `activate` with an environment is known")


def module(found: Findings, command: Command, known: dict[str, str]) -> None:
    """``module load A B``, ``ml A``, ``module use DIR``, ``purge`` and ``restore``."""
    words = _words(found, command, known)
    if words is None:
        return
    if command.called == "ml" and words and words[0] not in ("load", "add", "use", "purge", "restore"):
        words = ["load", *words]
    verb, names = (words[0], words[1:]) if words else ("", [])
    step = found.latest("modules")
    if verb in ("load", "add") and names and not any(name.startswith("-") for name in names):
        step.setdefault("load", []).extend(names)
    elif verb == "use" and names and not step.get("load"):
        step["folders"] = [*names, *step.get("folders", [])]
    elif verb in ("purge", "reset") and not step.get("load"):
        step["purge"] = True
    elif verb == "restore" and len(names) == 1:
        step["restore"] = names[0]
    else:
        found.lose(command, "of the module command only use, purge, restore and then load are known, in this order")
    if found.module_init:
        step["init"] = found.module_init
    if step == {"use": "modules"}:
        found.steps.remove(step)


def _words(found: Findings, command: Command, known: dict[str, str]) -> list[str] | None:
    """A command's arguments; None, and told, where one cannot be known."""
    values = [whole(word, known) for word in command.words]
    if any(value is None for value in values):
        found.lose(command, "an argument cannot be known from the script")
        return None
    return [value for value in values if value]


def _tools(found: Findings, tools: list[str]) -> None:
    if tools:
        found.latest("alrb").setdefault("setup", []).extend(tools)


def _conda(found: Findings, environment: str, root: str) -> bool:
    if "/" in environment:
        found.add("conda", prefix=environment)
    elif environment == "base" and root:
        found.add("conda", prefix=root)
    else:
        found.add("conda", name=environment, root=root)
    return True


def _mounted(found: Findings, base: str, end: str) -> None:
    if base.endswith(end):
        found.cvmfs = base.removesuffix(end)
