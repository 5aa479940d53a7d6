"""Settings of sign-in by GitHub token: off unless somebody is named, and tokens go to no plain address."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ccplant_api.principals.github.settings import GitHubSignInSettings


def test_nobody_is_let_in_unless_somebody_is_named() -> None:
    assert not GitHubSignInSettings().admission().open
    admission = GitHubSignInSettings(
        github_allowed_users=" OctoCat, id:7 ,", github_allowed_organizations="Acme,acme,beta"
    ).admission()
    assert admission.users == {"octocat", "id:7"}
    assert admission.organizations == ("acme", "beta")
    assert admission.open


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("github_allowed_users", "a/b"),
        ("github_allowed_users", "id:octocat"),
        ("github_admins", "*"),
        ("github_allowed_organizations", "*"),
        ("github_allowed_organizations", "id:7"),
        ("github_allowed_organizations", ",".join(f"org{n}" for n in range(21))),
        ("github_api_url", "http://api.github.com"),
        ("github_api_url", "https://user:pw@api.github.com"),
        ("github_api_url", "api.github.com"),
    ],
)
def test_what_could_be_meant_otherwise_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValidationError, match=field):
        GitHubSignInSettings.model_validate({field: value})


def test_an_enterprise_server_has_its_own_address() -> None:
    assert (
        GitHubSignInSettings(github_api_url="https://git.example/api/v3/").github_api_url
        == "https://git.example/api/v3"
    )
