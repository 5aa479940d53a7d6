"""The comparison of locks sees a version, a marker and a missing hash, and only those."""

from scripts import lock

HASH = "--hash=sha256:" + "a" * 64
OTHER = "--hash=sha256:" + "b" * 64


def test_a_pin_is_its_name_version_and_marker() -> None:
    text = f"one==1.0 \\\n    {HASH}\n    # via two\ntwo==2.0 ; sys_platform == 'linux' \\\n    {HASH}\n"
    assert lock.pins(text) == {"one==1.0": "", "two==2.0 ; sys_platform == 'linux'": ""}


def test_another_file_of_the_same_version_changes_nothing() -> None:
    assert lock.pins(f"one==1.0 \\\n    {HASH}\n") == lock.pins(f"one==1.0 \\\n    {HASH} \\\n    {OTHER}\n")


def test_a_missing_hash_is_seen() -> None:
    assert lock.pins("one==1.0\n    # via two\n") == {"one==1.0": "no hash"}


def test_an_address_an_option_and_a_path_are_foreign() -> None:
    for line in (
        "one @ https://host/one.whl",
        "--find-links wheels",
        "-e /home/me/one",
        "    # via /home/me/pyproject.toml",
    ):
        assert lock.FOREIGN.search(line), line
    assert not lock.FOREIGN.search("httpx==1.0\n    # via ccplant-api (services/api/pyproject.toml)\n")
