"""What the agent is told where a webhook has no `message`: a template per kind of event, written like a user's.

They say what happened, where, and by whom, and leave what to do about it to the agent's system prompt and the
repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_BODY = """{% if %(what)s.body %}

{{ %(what)s.body | truncate(20000) }}
{% endif %}
"""
_PULL_REQUEST = """\
Title: {{ pull_request.title }}
Branches: {{ pull_request.head.ref }} into {{ pull_request.base.ref }}
URL: {{ pull_request.html_url }}
"""
_WHO = "{{ sender.login }}"
_WHERE = "{{ repository.full_name }}"


def _with_body(text: str, what: str) -> str:
    return text + _BODY.replace("%(what)s", what)


def _run(what: str) -> str:
    return f"""\
{{{{ facts.action }}}}: {what.replace("_", " ")} {{{{ {what}.name }}}} in {_WHERE}.
Status: {{{{ {what}.status }}}}{{% if {what}.conclusion %}}, {{{{ {what}.conclusion }}}}{{% endif %}}

Branch: {{{{ facts.branch }}}}
Commit: {{{{ {what}.head_sha }}}}
URL: {{{{ {what}.html_url }}}}
"""


MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "push": f"""\
{_WHO} pushed to {{{{ ref }}}} of {_WHERE}.
Before: {{{{ before }}}}
After: {{{{ after }}}}
URL: {{{{ compare }}}}

{{% for commit in (commits if commits is sequence) %}}
- {{{{ commit.id | prefix(12) }}}} {{{{ commit.message | truncate(500) }}}}
{{% endfor %}}
""",
        "create": f"{_WHO} created the {{{{ ref_type }}}} {{{{ ref }}}} in {_WHERE}.",
        "delete": f"{_WHO} deleted the {{{{ ref_type }}}} {{{{ ref }}}} in {_WHERE}.",
        "pull_request": _with_body(
            f"{_WHO}: {{{{ action }}}} on pull request #{{{{ number }}}} of {_WHERE}.\n{_PULL_REQUEST}",
            "pull_request",
        ),
        "pull_request_review": _with_body(
            f"{_WHO} reviewed pull request #{{{{ pull_request.number }}}} of {_WHERE}: {{{{ review.state }}}}.\n"
            f"{_PULL_REQUEST}",
            "review",
        ),
        "pull_request_review_comment": _with_body(
            f"{_WHO} commented on {{{{ comment.path }}}} in pull request #{{{{ pull_request.number }}}} of {_WHERE}.\n"
            f"{_PULL_REQUEST}Comment: {{{{ comment.html_url }}}}\n",
            "comment",
        ),
        "issues": _with_body(
            f"{_WHO}: {{{{ action }}}} on issue #{{{{ issue.number }}}} of {_WHERE}.\n"
            "Title: {{ issue.title }}\nURL: {{ issue.html_url }}\n",
            "issue",
        ),
        "issue_comment": _with_body(
            f"{_WHO}: {{{{ action }}}} a comment on {{% if issue.pull_request %}}pull request{{% else %}}issue"
            f"{{% endif %}} #{{{{ issue.number }}}} of {_WHERE}.\n"
            "Title: {{ issue.title }}\nURL: {{ comment.html_url }}\n",
            "comment",
        ),
        "discussion": _with_body(
            f"{_WHO}: {{{{ action }}}} on discussion #{{{{ discussion.number }}}} of {_WHERE}.\n"
            "Title: {{ discussion.title }}\nURL: {{ discussion.html_url }}\n",
            "discussion",
        ),
        "discussion_comment": _with_body(
            f"{_WHO}: {{{{ action }}}} a comment on discussion #{{{{ discussion.number }}}} of {_WHERE}.\n"
            "Title: {{ discussion.title }}\nURL: {{ comment.html_url }}\n",
            "comment",
        ),
        "release": _with_body(
            f"{_WHO}: {{{{ action }}}} release {{{{ release.tag_name }}}} of {_WHERE}.\n"
            "Name: {{ release.name }}\nURL: {{ release.html_url }}\n",
            "release",
        ),
        "workflow_run": _run("workflow_run"),
        "check_run": _run("check_run"),
        "check_suite": f"""\
{{{{ action }}}}: check suite of {{{{ check_suite.app.name }}}} in {_WHERE}.
Status: {{{{ check_suite.status }}}}{{% if check_suite.conclusion %}}, {{{{ check_suite.conclusion }}}}{{% endif %}}

Branch: {{{{ facts.branch }}}}
Commit: {{{{ check_suite.head_sha }}}}
""",
    }
)
"""By event."""

OTHER = """\
{{ event }}{% if action %} ({{ action }}){% endif %}
{% if repository.full_name %} in {{ repository.full_name }}{% endif %}
{% if sender.login %} by {{ sender.login }}{% endif %}
.

{{ payload | tojson | truncate(8000) }}
"""
"""Of any other event."""


def message_for(event: str) -> str:
    """Return the template of an event."""
    return MESSAGES.get(event, OTHER)
