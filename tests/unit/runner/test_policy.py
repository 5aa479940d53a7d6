"""The permission policy: deny over allow, and in doubt never yes. The attacks are what rules are bypassed with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_contracts.policy import PermissionPolicy, PolicyMode
from ccplant_contracts.session import Mode
from ccplant_runner.policy import Workspace, evaluate

LINKS = {"/srv/space/link": "/etc", "/srv/space/link/passwd": "/etc/passwd"}
WORKSPACE = Workspace("/srv/space", "/home/agent", real=lambda path: LINKS.get(path, path))


def answer(tool: str | None, given: dict[str, object], *, allow: list[str] | None = None, deny: list[str] | None = None,
           policy: PolicyMode = PolicyMode.RULES, mode: Mode = Mode.TASK) -> str:  # fmt: skip
    rules = PermissionPolicy(
        mode=policy, deny=tuple(deny or ()), **({} if allow is None else {"allow": tuple(allow)})
    )
    return evaluate(rules, mode, tool, given, WORKSPACE).answer


def bash(command: str, *rules: str, deny: tuple[str, ...] = ()) -> str:
    return answer("Bash", {"command": command}, allow=list(rules), deny=list(deny))


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        ("Bash", "anything at all; really"),
        ("Bash(*)", "anything $(at all)"),
        ("Bash(npm run build)", "npm run build"),
        ("Bash(npm run test:*)", "npm run test"),
        ("Bash(npm run test:*)", "npm run test -- --watch=false"),
        ("Bash(npm run test:*)", "npm run test && npm run test -- again"),
        ("Bash(npm run test:*)", "npm run test 2>&1"),
        ("Bash(npm run test:*)", "npm run test > /dev/null 2>&1"),
        ("Bash(git commit:*)", 'git commit -m "a; b && c | d"'),
        ("Bash(git commit:*)", "git commit -m 'a; b $(c) `d`'"),
        ("Bash(git commit:*)", 'git commit -m "two\nlines"'),
        ("Bash(git * main)", "git push origin main"),
        ("Bash(ls *)", "ls"),
        ("Bash(ls *)", "ls -la"),
        ("Bash(echo:*)", "echo $HOME"),
        ("Bash(echo:*)", r"echo a\;b"),
    ],
)
def test_a_rule_allows_the_commands_that_it_names(rule: str, command: str) -> None:
    assert bash(command, rule) == "allow"


@pytest.mark.parametrize(
    "command",
    [
        "npm run test && rm -rf /",
        "npm run test || rm -rf /",
        "npm run test; rm -rf /",
        "npm run test;rm -rf /",
        "npm run test | sh",
        "npm run test |& sh",
        "npm run test & rm -rf /",
        "npm run test\nrm -rf /",
        "npm run test\r\nrm -rf /",
        "npm run test $(rm -rf /)",
        "npm run test `rm -rf /`",
        'npm run test "$(rm -rf /)"',
        'npm run test "`rm -rf /`"',
        "npm run test ${x:-$(rm -rf /)}",
        "npm run test ${x@P}",
        "npm run test $((a[$(rm -rf /)]))",
        'npm run test "$[a[$(id)]]"',
        "npm run test <(rm -rf /)",
        "npm run test >(rm -rf /)",
        "npm run test > /etc/passwd",
        "npm run test >> ~/.bashrc",
        "npm run test &> ~/.bashrc",
        "npm run test > /dev/null/../../etc/passwd",
        "npm run test > /dev/nullx",
        "npm run test < /etc/shadow",
        "npm run test <<EOF\n$(rm -rf /)\nEOF",
        "npm run test <<< x",
        r"npm run test $'\'' ; rm -rf / #'",
        'npm run test $"x"',
        "npm run test 'unclosed",
        'npm run test "unclosed',
        "npm run test \\\nrm",
        "npm run test \\",
        "npm run testevil",
        "npm run test-evil",
        "FOO=bar npm run test",
        "LD_PRELOAD=/tmp/x.so npm run test",
        "(npm run test)",
        "{ npm run test; }",
        "! npm run test",
        "if true; then npm run test; fi",
        "/tmp/npm run test",
        "npm  run  test",
        "sudo npm run test",
        "npm run test # comment",
        "npm run test ;; rm -rf /",
        "",
        "   ",
        "npm run test\x00rm",
        "npm run test \x1b[0m",
    ],
)  # fmt: skip
def test_a_prefix_rule_lets_no_other_command_through(command: str) -> None:
    assert bash(command, "Bash(npm run test:*)") == "reject"


def test_each_part_may_be_allowed_by_the_rule_that_names_it_but_one_rule_must_name_all() -> None:
    assert bash("npm test && npm run lint", "Bash(npm:*)") == "allow"
    assert bash("npm test && git status", "Bash(npm:*)", "Bash(git status)") == "allow"
    assert bash("npm test && git push", "Bash(npm:*)", "Bash(git status)") == "reject"


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf /",
        "true && rm -rf /",
        "true; rm x",
        "true\nrm x",
        "echo $(rm x)",
        "echo `rm x`",
        "(rm x)",
        "{ rm x; }",
        "FOO=bar rm x",
        "sudo rm x",
        "sudo -n rm x",
        "env A=b rm x",
        "timeout 5 rm x",
        "xargs rm",
        "/bin/rm x",
        r"\rm x",
        "r''m x",
        'bash -c "rm x"',
        "if true; then rm x; fi",
        "! rm x",
        "rm",
    ],
)  # fmt: skip
def test_a_denied_command_is_rejected_wherever_it_stands_in_the_line(command: str) -> None:
    assert bash(command, "Bash", deny=("Bash(rm:*)",)) == "reject"


def test_a_line_that_cannot_be_taken_apart_is_not_allowed_beside_a_denial() -> None:
    hidden = "echo $(echo cm0gLXJmIC8K | base64 -d)"
    assert bash(hidden, "Bash") == "allow"
    assert bash(hidden, "Bash", deny=("Bash(rm:*)",)) == "reject"
    assert answer("Bash", {"command": hidden}, policy=PolicyMode.ALLOW_ALL, deny=["Bash(rm:*)"]) == "reject"


def test_deny_wins_over_allow_and_over_allow_all() -> None:
    assert answer("Read", {"file_path": "a"}, allow=["Read"], deny=["Read"]) == "reject"
    for policy in PolicyMode:
        assert (
            answer("Bash", {"command": "rm x"}, policy=policy, deny=["Bash(rm:*)"], mode=Mode.INTERACTIVE)
            == "reject"
        )


@pytest.mark.parametrize(
    ("policy", "mode", "expected"),
    [
        (PolicyMode.RULES, Mode.TASK, "reject"),
        (PolicyMode.RULES, Mode.INTERACTIVE, "ask"),
        (PolicyMode.ASK, Mode.TASK, "ask"),
        (PolicyMode.ASK, Mode.INTERACTIVE, "ask"),
        (PolicyMode.ALLOW_ALL, Mode.TASK, "allow"),
        (PolicyMode.ALLOW_ALL, Mode.INTERACTIVE, "allow"),
    ],
)
def test_what_no_rule_names(policy: PolicyMode, mode: Mode, expected: str) -> None:
    assert answer("WebSearch", {"query": "x"}, policy=policy, mode=mode) == expected
    assert answer(None, {}, policy=policy, mode=mode) == expected


def test_ask_asks_also_for_what_a_rule_allows() -> None:
    assert answer("Read", {"file_path": "a"}, policy=PolicyMode.ASK, mode=Mode.INTERACTIVE) == "ask"


@pytest.mark.parametrize("tool", ["Read", "Edit", "Write", "Glob", "Grep", "NotebookEdit", "TodoWrite"])
def test_by_default_a_task_works_in_its_workspace(tool: str) -> None:
    assert answer(tool, {"file_path": "/srv/space/src/a.py"}) == "allow"
    assert answer(tool, {"file_path": "src/a.py"}) == "allow"


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../other",
        "src/../../other",
        "~/.bashrc",
        "link/passwd",
        "/srv/spaceship/a",
        "/srv/space/../a",
    ],
)
def test_by_default_a_task_stays_in_its_workspace(path: str) -> None:
    assert answer("Write", {"file_path": path}) == "reject"
    assert answer("Read", {"file_path": path}) == "reject"


def test_by_default_a_task_runs_nothing() -> None:
    assert answer("Bash", {"command": "ls"}) == "reject"
    assert answer("WebFetch", {"url": "https://example.com"}) == "reject"
    assert answer("mcp__github__get", {}) == "reject"


@pytest.mark.parametrize(
    ("rule", "path", "expected"),
    [
        ("Edit(src/**)", "src/a/b.py", "allow"),
        ("Edit(./src/**)", "/srv/space/src/b.py", "allow"),
        ("Edit(/src/**)", "src/b.py", "allow"),
        ("Edit(src)", "src/a.py", "allow"),
        ("Edit(src/*)", "src/a.py", "allow"),
        ("Edit(*.md)", "docs/deep/a.md", "allow"),
        ("Edit(//tmp/**)", "/tmp/a", "allow"),
        ("Edit(~/notes/**)", "/home/agent/notes/a", "allow"),
        ("Edit(src/**)", "source/b.py", "reject"),
        ("Edit(src/**)", "src/../etc/b.py", "reject"),
        ("Edit(src/**)", "/etc/src/b.py", "reject"),
        ("Edit(link/**)", "link/passwd", "reject"),
        ("Edit(//tmp/**)", "/tmpx/a", "reject"),
        ("Edit(//tmp/**)", "tmp/a", "reject"),
        ("Edit(*.md)", "/etc/a.md", "reject"),
        ("Edit(src/?.py)", "src/ab.py", "reject"),
        ("Read(src/**)", "src/a.py", "reject"),
    ],
)
def test_a_path_rule_allows_the_paths_that_it_names(rule: str, path: str, expected: str) -> None:
    assert answer("Edit", {"file_path": path}, allow=[rule]) == expected
    assert answer("Write", {"file_path": path}, allow=[rule]) == expected


def test_a_denied_path_is_denied_for_every_tool_that_touches_it_and_by_every_way_there() -> None:
    deny = ["Read(//etc/**)", "Edit(.env)"]
    for tool in ("Read", "Grep", "Glob"):
        assert answer(tool, {"path": "/etc"}, policy=PolicyMode.ALLOW_ALL, deny=deny) == "reject"
        assert answer(tool, {"path": "link/passwd"}, policy=PolicyMode.ALLOW_ALL, deny=deny) == "reject"
    for tool in ("Edit", "Write", "MultiEdit"):
        assert (
            answer(tool, {"file_path": "deep/down/.env"}, policy=PolicyMode.ALLOW_ALL, deny=deny) == "reject"
        )
    assert answer("Read", {"file_path": ".env"}, policy=PolicyMode.ALLOW_ALL, deny=deny) == "allow"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a", "allow"),
        ("https://EXAMPLE.com./a", "allow"),
        ("https://evil.com/example.com", "reject"),
        ("https://example.com.evil.com/", "reject"),
        ("https://example.com@evil.com/", "reject"),
        ("https://sub.example.com/", "reject"),
        ("not a url", "reject"),
    ],
)
def test_a_domain_rule_goes_by_the_host(url: str, expected: str) -> None:
    assert answer("WebFetch", {"url": url}, allow=["WebFetch(domain:example.com)"]) == expected


@pytest.mark.parametrize(
    ("rule", "tool", "expected"),
    [
        ("mcp__github", "mcp__github__get_issue", "allow"),
        ("mcp__github__*", "mcp__github__get_issue", "allow"),
        ("mcp__github__get_issue", "mcp__github__get_issue", "allow"),
        ("mcp__github__get_issue", "mcp__github__get_issues", "reject"),
        ("mcp__github", "mcp__githubevil__x", "reject"),
        ("mcp__github__*", "mcp__other__x", "reject"),
        ("Web*", "WebSearch", "allow"),
        ("Read", "ReadMcpResource", "reject"),
    ],
)
def test_a_rule_without_specifier_allows_the_tools_that_it_names(rule: str, tool: str, expected: str) -> None:
    assert answer(tool, {}, allow=[rule]) == expected


def test_a_specifier_that_is_not_understood_allows_nothing_and_denies_everything() -> None:
    assert answer("Task", {"x": 1}, allow=["Task(explore)"]) == "reject"
    assert answer("Task", {"x": 1}, policy=PolicyMode.ALLOW_ALL, deny=["Task(explore)"]) == "reject"


@given(st.text(alphabet="ab \"'\\;|&$()`<>\n{}#=", max_size=30))
def test_no_command_line_is_allowed_by_a_prefix_rule_unless_it_begins_with_the_prefix(line: str) -> None:
    if bash(line, "Bash(aa:*)") == "allow":
        assert line.strip().startswith("aa") or line.strip(" ;|&\n").startswith("aa")
