"""A command whose options depend on the definition it names: ``install atlas`` has ``--root``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from kernelkit import catalogue
from kernelkit.reserved import RESOURCES

if TYPE_CHECKING:
    from kernelkit.definition import Definition, Option
    from kernelkit.resolve import Asked

SHOWN_RELEASES = 8


class DefinitionCommand(click.Command):
    """Finds the definition's name among the arguments first, then parses with the definition's options added."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Click's own, on a command that has the definition's options too."""
        definition = self._definition(args, resilient=extra.get("resilient_parsing", False))
        command = self if definition is None else self._extended(definition)
        context = click.Command.make_context(command, info_name, args, parent, **extra)
        context.meta["kernelkit.definition"] = definition
        return context

    def _definition(self, args: Sequence[str], *, resilient: bool) -> Definition | None:
        """The definition that the arguments name, or None where they name none that can be read."""
        from kernelkit import reading
        from kernelkit.errors import DefinitionError

        file = self._file_given(args) or self._file_named(args)
        try:
            return reading.read(file) if file else None
        except DefinitionError:
            if resilient:
                return None
            raise

    def _file_given(self, args: Sequence[str]) -> Path | None:
        for place, word in enumerate(args):
            if word.startswith("--from="):
                return Path(word.partition("=")[2])
            if word == "--from" and place + 1 < len(args):
                return Path(args[place + 1])
        return None

    def _file_named(self, args: Sequence[str]) -> Path | None:
        files = catalogue.definition_files()
        words = self._free_words(args)
        return next((files[word] for word in words if word in files), None)

    def _free_words(self, args: Sequence[str]) -> list[str]:
        """The arguments that are not options nor the values of options known so far."""
        with_value = {flag for p in self.params if isinstance(p, click.Option) and not p.is_flag for flag in p.opts}
        pairs = zip(["", *args], args, strict=False)
        return [word for before, word in pairs if not word.startswith("-") and before not in with_value]

    def _extended(self, definition: Definition) -> click.Command:
        options = [_click_option(definition, option) for option in definition.options.values()]
        extended = _ExtendedCommand(
            name=self.name,
            callback=self.callback,
            params=[*self.params, *options],
            help=_help(definition, self.help or ""),
            context_settings=self.context_settings,
        )
        extended.definition = definition
        return extended


class _ExtendedCommand(click.Command):
    """The command with one definition's options."""

    definition: Definition

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The releases found on this machine, below the options."""
        for option in self.definition.options.values():
            if option.releases:
                with formatter.section(f"Releases for {option.flag} on this machine"):
                    formatter.write_text(_releases_here(self.definition, option, ctx.params.get("cvmfs")))


def definition_of(context: click.Context) -> Definition:
    """The definition that the command line named. Raises DefinitionError or UsageError."""
    definition: Definition | None = context.meta["kernelkit.definition"]
    if definition is not None:
        return definition
    name = context.params.get("definition")
    if not name:
        context.fail("Missing NAME: which definition? `kernelkit definitions` lists them.")
    catalogue.definition_file(name)
    raise AssertionError(name)


def asked_of(definition: Definition, values: dict[str, Any]) -> Asked:
    """What the command line asked for: the definition's options that were given, and the common ones."""
    from kernelkit.resolve import Asked

    given = {name: values[name] for name in definition.options if values.get(name) is not None}
    env = dict(entry.split("=", 1) for entry in values["env"])
    common = (values["cvmfs"], values["python"], env, values.get("name"), values["force_platform"])
    resources = {name: values[name] for name in RESOURCES if values.get(name) is not None}
    return Asked(
        given, *common, packages=values["packages"], container=values["container"], on=values["on"], resources=resources
    )


def _click_option(definition: Definition, option: Option) -> click.Option:
    default = f" [default: {option.default}]" if option.default else ""
    return click.Option(
        [option.flag, option.name], help=option.help + default, metavar=option.name.upper(),
        shell_complete=lambda context, _, word: _complete(definition, option, context, word),
    )  # fmt: skip


def _help(definition: Definition, text: str) -> str:
    return f"{text}\n\n{definition.name}: {definition.summary}"


def _complete(definition: Definition, option: Option, context: click.Context, word: str) -> list[CompletionItem]:
    from kernelkit.errors import KernelkitError
    from kernelkit.resolve import offered

    if option.releases is None:
        return []
    try:
        found, _ = offered(definition, option.name, context.params.get("cvmfs"))
    except KernelkitError:
        return []
    return [CompletionItem(release.name) for release in found.releases if release.name.startswith(word)]


def _releases_here(definition: Definition, option: Option, cvmfs: str | None) -> str:
    from kernelkit.errors import KernelkitError
    from kernelkit.resolve import offered
    from kernelkit.selection import ordered

    try:
        found, where = offered(definition, option.name, cvmfs)
    except KernelkitError as error:
        return f"none: {error.problem}"
    names = [release.name for release in ordered(found.releases, where.host) if not release.hidden]
    more = f", and {len(names) - SHOWN_RELEASES} more" if len(names) > SHOWN_RELEASES else ""
    return ", ".join(names[:SHOWN_RELEASES]) + more + f" (`kernelkit releases {definition.name} {option.name}`)"
