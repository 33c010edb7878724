"""What looks like a secret, and what is a daemon's address without TLS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_runners.plain_text import open_daemon_in, secret_named, token_in

TOKENS = [
    ("glrt-t3_abcDEF0123456789", "a GitLab token"),
    ("https://oauth2:glpat-abcdefgh12345678@gitlab.example.com", "a GitLab token"),
    ("GR1348941abcdefgh12345678", "a GitLab token"),
    ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "a GitHub token"),
    ("token: github_pat_11ABCDEFG0123456789_abc", "a GitHub token"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "a private key"),
    ("-----BEGIN PRIVATE KEY-----", "a private key"),
    ("AKIAABCDEFGHIJKLMNOP", "an AWS access key"),
    ('{"auths": {"r": {"auth": "dXNlcjpwYXNz"}}}', "a registry's login"),
    ("https://user:hunter2@registry.example.com", "a URL with a password"),
]
NO_TOKENS = [
    "",
    "glrt-",
    "a glrt token",
    "https://user:$PASSWORD@registry.example.com",
    "https://registry.example.com:5000/v2/",
    "-----BEGIN CERTIFICATE-----",
    "unix:///var/run/docker.sock",
    "docker:29.7.2-dind@sha256:" + "a" * 64,
]


@pytest.mark.parametrize(("text", "kind"), TOKENS)
def test_a_secret_is_known_by_its_form(text: str, kind: str) -> None:
    assert token_in(text) == kind


@pytest.mark.parametrize("text", NO_TOKENS)
def test_other_text_is_none(text: str) -> None:
    assert token_in(text) is None


@pytest.mark.parametrize(
    "name", ["TOKEN", "REGISTRY_PASSWORD", "api_key", "AWS_SECRET_ACCESS_KEY", "DB_PASSPHRASE"]
)
def test_a_secret_is_known_by_its_variables_name(name: str) -> None:
    assert secret_named(name, "hunter2") == "a secret, by its name"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REGISTRY_PASSWORD", ""),
        ("REGISTRY_PASSWORD", "$OTHER"),
        ("REGISTRY_PASSWORD_FILE", "hunter2"),
        ("TOKEN", "/run/secrets/token"),
        ("USE_TOKEN", "true"),
        ("ID_TOKEN", "600"),
        ("TOKENS", "hunter2"),
        ("PATH", "hunter2"),
    ],
)
def test_what_holds_none_is_not_taken_for_one(name: str, value: str) -> None:
    assert secret_named(name, value) is None


@pytest.mark.parametrize(
    "text",
    [
        "tcp://docker:2375",
        "DOCKER_HOST=tcp://docker",
        "--host=tcp://0.0.0.0:2375",
        "-H tcp://[::1]:2375",
        "tcp://:2375",
    ],
)
def test_an_address_without_tls_is_seen(text: str) -> None:
    assert open_daemon_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "tcp://docker:2376",
        "tcp://[::1]:2376",
        "tcp://$HOST:$PORT",
        "tcp://h:${PORT}",
        "unix:///run/docker.sock",
        "2375",
        "",
    ],
)
def test_other_addresses_are_not(text: str) -> None:
    assert not open_daemon_in(text)


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    assert secret_named("NAME", text) == token_in(text)
