"""From bytes to a Script: parsed by tree-sitter's grammar of bash, which copes with what is no bash; nothing is run.

The tree is walked with a stack of our own, since what is nested deep must not end the interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from kernelkit.lint.script import Command, Expansion, Script, Surroundings, Word

_LANGUAGE = Language(tree_sitter_bash.language())
_COMMANDS = {"command", "declaration_command", "unset_command"}
_LEAVES = {"word", "number", "string_content", "variable_name", "test_operator", "extglob_pattern", "regex"}
_SUBSTITUTIONS = {"command_substitution", "process_substitution"}
_NO_WORDS = {
    "variable_assignment", "command_name", "file_redirect", "herestring_redirect", "heredoc_redirect", "comment",
}  # fmt: skip
_BRANCHES = {
    "if_statement", "elif_clause", "else_clause", "case_item", "for_statement", "c_style_for_statement",
    "while_statement", "function_definition",
}  # fmt: skip
_RESERVED = {"if", "then", "elif", "else", "fi", "while", "until", "for", "do", "done", "case", "esac", "[[", "]]"}
# The arithmetic of a slice, ${a[@]:1:n[0]}, is beyond this grammar, and there is no command in it.
_SLICE = re.compile(rb"(\$\{[\w@*]+(?:\[[@*]\])?:)([^-+=?{}\"'`$\s][^{}\"'`\n]*)(?=\})")
_STDOUT = re.compile(rb"1?>|&>")
_TESTS = re.compile(rb"(if\s+)?!?\s*(\[|test\s|command -v|type\s|declare -F)")
_SHOWN = 90  # characters of a command that a message shows
_LONGEST = 4096  # bytes of one piece of a script that are looked at: the time to judge a file is linear in its size


def parse(content: bytes) -> Script:
    """The script that these bytes are."""
    plain = _SLICE.sub(lambda match: match[1] + b"1" * len(match[2]), content)
    reading = _Reading(plain)
    stack = [(Parser(_LANGUAGE).parse(plain).root_node, Surroundings(), "")]
    while stack:
        node, around, parent = stack.pop()
        reading.take(node, around, parent)
        inside = list(_inside(reading, node, around))
        stack.extend((child, there, node.type) for child, there in reversed(inside))
    text = content.decode("utf-8", "replace")
    broken = min(reading.broken, default=None)
    functions = frozenset(reading.functions)
    return Script(text, tuple(reading.commands), functions, tuple(reading.bash_only), broken)


@dataclass
class _Reading:
    """What has been read of a script so far."""

    content: bytes
    commands: list[Command] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    bash_only: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)

    def take(self, node: Node, around: Surroundings, parent: str) -> None:
        """What one node says by itself."""
        if node.type in _COMMANDS:
            self.commands.extend(command for command in _commands(self, node, around) if not _is_torn_test(command))
        elif node.type == "variable_assignment" and parent not in _COMMANDS:
            self.commands.append(_assignment(self, [node], around))
        elif node.type == "function_definition":
            self.functions.add(self.name(node))
        elif node.type == "array" or (node.type == "test_command" and self.bytes(node).startswith(b"[[")):
            self.bash_only.append(_line(node))
        elif (node.type == "ERROR" or node.is_missing) and not any(child.has_error for child in node.children):
            self.broken.append(_line(node))  # the innermost: those around it begin long before what is odd

    def bytes(self, node: Node) -> bytes:
        """The beginning of a node's text."""
        return self.content[node.start_byte : min(node.end_byte, node.start_byte + _LONGEST)]

    def text(self, node: Node) -> str:
        """The same, decoded."""
        return self.bytes(node).decode("utf-8", "replace")

    def name(self, node: Node) -> str:
        """The name of a function or a variable; empty where it has none."""
        name = node.child_by_field_name("name")
        return self.text(name) if name else ""


def _inside(reading: _Reading, node: Node, around: Surroundings) -> Iterator[tuple[Node, Surroundings]]:
    """The children of a node, each with what surrounds it there."""
    around = _of_node(reading, node, around)
    children = node.children
    condition = node.type in ("if_statement", "elif_clause", "while_statement")
    for number, child in enumerate(children):
        if child.type in ("then", "do_group"):
            condition = False
        after = children[number + 1 : number + 8]
        changes: dict[str, Any] = {
            "checked": condition or node.type == "negated_command" or _is_checked_after(reading, node, child, after)
            or (around.checked and node.type in ("list", "redirected_statement")),
            "conditional": around.conditional or node.type in _BRANCHES or (node.type == "list" and number > 0),
            "background": around.background or bool(after and after[0].type == "&"),
        }  # fmt: skip
        yield child, replace(around, **changes) if child.is_named else around


def _of_node(reading: _Reading, node: Node, around: Surroundings) -> Surroundings:
    if node.type == "redirected_statement":
        redirects = [child for child in node.children if child.type == "file_redirect"]
        silent = any(_STDOUT.match(reading.bytes(child)) for child in redirects)
        return replace(around, redirected=around.redirected or silent)
    if node.type == "pipeline":
        return replace(around, piped=True)
    if node.type == "subshell":
        return replace(around, subshell=True)
    if node.type == "function_definition":
        return Surroundings(function=reading.name(node), inner=around.inner, conditional=True)
    if node.type in _SUBSTITUTIONS:
        return Surroundings(function=around.function, inner=True, conditional=around.conditional)
    return around


def _is_checked_after(reading: _Reading, node: Node, child: Node, after: list[Node]) -> bool:
    """Whether what follows a command looks at how it went."""
    if not child.is_named:
        return False
    if node.type == "list":
        return bool(after) and (after[0].type == "||" or any(b"exec" in reading.bytes(other) for other in after))
    following = next((other for other in after if other.is_named and other.type != "comment"), None)
    text = reading.bytes(following) if following else b""
    return b"$?" in text or ((b"exit" in text or b"return" in text) and _TESTS.match(text) is not None)


def _commands(reading: _Reading, node: Node, around: Surroundings) -> Iterator[Command]:
    """The command, and apart from it the assignments on lines before it: this grammar takes them for one."""
    children = node.children
    name = next((child for child in children if child.type == "command_name"), children[0])
    assignments = [child for child in children if child.type == "variable_assignment"]
    before, own = _split(reading, assignments) if node.type == "command" else ([], assignments)
    if before:
        yield _assignment(reading, before, replace(around, checked=False))
    words = tuple(_word(reading, child) for child in children if child.is_named and child.type not in _NO_WORDS)
    # A declaration's own name is a token of the grammar.
    plain = Word(reading.text(name), _line(name), reading.text(name))
    called = _word(reading, name) if name.type == "command_name" else plain
    text = " ".join([plain.text, *(word.text for word in words[:20])]) if before else reading.text(node)
    yield Command(called, words, tuple(_assigned(reading, child) for child in own), around, shortened(text))


def _is_torn_test(command: Command) -> bool:
    """Part of ``if [[ -n $1 && -e $1/x ]]``, which this grammar takes for two commands."""
    return command.called in _RESERVED or (bool(command.words) and command.words[-1].text == "]]")


def _split(reading: _Reading, assignments: list[Node]) -> tuple[list[Node], list[Node]]:
    """The assignments of a command that end with their line, and its own."""
    last = 0
    for number, child in enumerate(assignments, 1):
        if re.match(rb"[ \t;]*\n", reading.content[child.end_byte : child.end_byte + 200]):
            last = number
    return assignments[:last], assignments[last:]


def _assignment(reading: _Reading, nodes: list[Node], around: Surroundings) -> Command:
    text = shortened(" ".join(map(reading.text, nodes)))
    assigned = tuple(_assigned(reading, node) for node in nodes)
    return Command(Word("", _line(nodes[0]), None), (), assigned, around, text)


def _assigned(reading: _Reading, node: Node) -> tuple[str, Word]:
    value = node.child_by_field_name("value")
    word = _word(reading, value) if value else Word("", _line(node), "")
    return reading.name(node).partition("[")[0], word


def _word(reading: _Reading, node: Node) -> Word:
    expansions: list[Expansion] = []
    pieces: list[str] = []
    substitution = False
    stack = [(node, False)]
    while stack:
        part, quoted = stack.pop()
        quoted = quoted or part.type == "string"
        if part.type in ("simple_expansion", "expansion"):
            expansions.extend(_expansion(reading.text(part), quoted))
        elif part.type in _SUBSTITUTIONS:
            substitution = True
            continue
        elif part.type in ("raw_string", "ansi_c_string"):
            pieces.append(reading.text(part).removeprefix("$")[1:-1])
        elif part.type in _LEAVES:
            pieces.append(reading.text(part).replace("\\", ""))
        stack.extend((child, quoted) for child in reversed(part.children))
    literal = None if expansions or substitution or node.type == "array" else "".join(pieces)
    return Word(reading.text(node), _line(node), literal, tuple(expansions), node.type == "array", substitution)


def _expansion(text: str, quoted: bool) -> Iterator[Expansion]:
    """The variable that is expanded; not where its length, or the name of another, is asked for."""
    found = re.match(r"\$\{?([A-Za-z_]\w*|[0-9]+|[@*])", text)
    if found:
        # In ${x:+...} it is the other word that is given, and walked on its own.
        yield Expansion(found[1], quoted or re.match(r"\$\{[^}]*:?\+", text) is not None)


def _line(node: Node) -> int:
    return node.start_point[0] + 1


def shortened(text: str) -> str:
    """A command on one line of a bearable length, with nothing in it that steers a terminal."""
    line = "".join(c if c.isprintable() else "?" for c in " ".join(text[:1000].split()))
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
