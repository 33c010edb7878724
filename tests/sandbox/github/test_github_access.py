"""Who may do what: tokens, Apps, jobs and strangers."""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sandbox.github.harness import BUILD, FILE, LABELS, Client, Json, commit_file, workflow
from tests.sandbox.harness import git


@lru_cache(maxsize=2)
def key(_name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(private: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def app_token(issuer: str, signer: rsa.RSAPrivateKey, *, lives: int = 300, **more: Json) -> str:
    now = int(datetime.now(UTC).timestamp())
    return jwt.encode({"iss": issuer, "iat": now - 60, "exp": now + lives, **more}, signer, "RS256")


@pytest.fixture
def app(client: Client, org: str) -> Json:
    """An App that may administer runners in one of the organization's repositories."""
    repo = client.post(f"/orgs/{org}/repos", {"name": "app", "private": True})
    client.post(f"/orgs/{org}/repos", {"name": "other", "private": True})
    installation = {
        "account": org,
        "permissions": {"administration": "write", "organization_self_hosted_runners": "write"},
        "repository_ids": [repo["id"]],
    }
    body = {"name": "Runner Maker", "public_key": public(key("mine")), "installations": [installation]}
    return {**client.post("/_admin/apps", body), "org": org}


@pytest.mark.parametrize("issuer", ["id", "client_id"])
def test_an_app_gets_a_token_that_registers_runners(client: Client, app: Json, issuer: str) -> None:
    signed = Client(client.url, app_token(str(app[issuer]), key("mine")))
    number = app["installations"][0]["id"]
    assert signed.get("/app")["client_id"] == app["client_id"]
    assert [each["id"] for each in signed.get("/app/installations")] == [number]
    assert signed.get(f"/orgs/{app['org']}/installation")["id"] == number
    assert signed.get(f"/repos/{app['org']}/app/installation")["id"] == number
    made = signed.post(f"/app/installations/{number}/access_tokens")
    assert made["repository_selection"] == "selected"
    acting = Client(client.url, made["token"])
    body = {"name": "r1", "runner_group_id": 1, "labels": LABELS}
    acting.post(f"/repos/{app['org']}/app/actions/runners/generate-jitconfig", body)
    acting.get(f"/orgs/{app['org']}/actions/runners")
    assert acting.get("/installation/repositories")["total_count"] == 1
    assert acting.refusal("GET", f"/repos/{app['org']}/other/actions/runners")[0] == 404
    assert acting.refusal("GET", f"/repos/{app['org']}/app/actions/secrets")[0] == 403
    acting.delete("/installation/token")
    assert acting.refusal("GET", f"/repos/{app['org']}/app/actions/runners")[0] == 401


@pytest.mark.parametrize(
    ("signer", "lives", "issuer"),
    [("theirs", 300, "id"), ("mine", -120, "id"), ("mine", 3600, "id"), ("mine", 300, "nobody")],
)
def test_a_token_that_the_app_did_not_sign_so_is_refused(
    client: Client, app: Json, signer: str, lives: int, issuer: str
) -> None:
    token = app_token(str(app.get(issuer, issuer)), key(signer), lives=lives)
    signed = Client(client.url, token)
    assert (
        signed.refusal("POST", f"/app/installations/{app['installations'][0]['id']}/access_tokens")[0] == 401
    )


def test_an_installation_s_token_can_be_made_for_less_but_not_for_more(client: Client, app: Json) -> None:
    signed = Client(client.url, app_token(app["client_id"], key("mine")))
    where = f"/app/installations/{app['installations'][0]['id']}/access_tokens"
    less = signed.post(where, {"permissions": {"administration": "read"}, "repositories": ["app"]})
    assert less["permissions"] == {"metadata": "read", "administration": "read"}
    assert signed.refusal("POST", where, {"permissions": {"contents": "read"}})[0] == 422
    assert signed.refusal("POST", where, {"repositories": ["other"]})[0] == 422
    assert signed.refusal("POST", "/app/installations/99999/access_tokens")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "permission"),
    [
        ("GET", "/actions/runners", None, "administration:read"),
        ("POST", "/actions/runners/registration-token", None, "administration:write"),
        ("GET", "/actions/secrets", None, "secrets:read"),
        ("POST", "/actions/variables", {"name": "A", "value": "1"}, "actions_variables:write"),
        ("GET", "/environments", None, "actions:read"),
        ("PUT", "/environments/prod", {}, "administration:write"),
        ("PUT", "/actions/permissions", {"enabled": True}, "administration:write"),
        ("PUT", "/contents/a", {"message": "m", "content": "YQ=="}, "contents:write"),
        ("GET", "/actions/runs", None, "actions:read"),
        ("DELETE", "", None, "administration:write"),
    ],
)
def test_a_fine_grained_token_may_what_it_was_made_for(
    client: Client, *, repo: Json, method: str, path: str, body: Json, permission: str
) -> None:
    name, _, level = permission.partition(":")
    where = f"/repos/{repo['full_name']}{path}"
    without = client.acting_for("sandbox", metadata="read")
    assert without.call(method, where, body).status_code == 403
    if level == "write":
        assert client.acting_for("sandbox", **{name: "read"}).call(method, where, body).status_code == 403
    elsewhere = client.acting_for("sandbox", [], **{name: level})
    assert elsewhere.call(method, where, body).status_code == 404
    assert client.acting_for("sandbox", **{name: level}).call(method, where, body).status_code < 300


def test_a_workflow_file_needs_a_permission_of_its_own(client: Client, repo: Json) -> None:
    body = {"message": "m", "content": "YQ=="}
    where = f"/repos/{repo['full_name']}/contents/{FILE}"
    assert client.acting_for("sandbox", contents="write").refusal("PUT", where, body)[0] == 403
    client.acting_for("sandbox", contents="write", workflows="write").put(where, body)


def test_a_revoked_token_and_an_expired_one_are_refused(client: Client, repo: Json) -> None:
    acting = client.acting_for("sandbox", administration="write")
    acting.get(f"/repos/{repo['full_name']}/actions/runners")
    client.delete("/_admin/tokens", {"token": acting.token})
    assert acting.refusal("GET", f"/repos/{repo['full_name']}/actions/runners") == (401, "Bad credentials")
    body = {"account": "sandbox", "permissions": {"administration": "write"}, "seconds": -1}
    late = Client(client.url, client.post("/_admin/tokens", body)["token"])
    assert late.refusal("GET", f"/repos/{repo['full_name']}/actions/runners") == (401, "Bad credentials")


def test_strangers_read_public_repositories_and_nothing_else(client: Client, repo: Json) -> None:
    stranger = Client(client.url, "")
    where = f"/repos/{repo['full_name']}"
    assert stranger.refusal("GET", where)[0] == 404
    client.patch(where, {"visibility": "public"})
    assert stranger.get(where)["private"] is False
    assert stranger.refusal("GET", f"{where}/actions/runners") == (401, "Requires authentication")
    assert stranger.refusal("PATCH", where, {"description": "mine"})[0] == 401


@pytest.mark.parametrize("path", ["/_admin/tokens", "/_admin/apps", "/admin/users", "/admin/organizations"])
def test_only_the_administrator_administers(client: Client, path: str) -> None:
    acting = client.acting_for("sandbox", administration="write")
    assert acting.refusal("POST", path, {"login": "x"})[0] == 404


def test_git_asks_for_a_token_and_for_the_right_to_push(client: Client, repo: Json, tmp_path: Path) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    address = f"{client.url}/{repo['full_name']}.git"

    def works(token: str, *words: str) -> bool:
        url = address.replace("http://", f"http://x:{token}@") if token else address
        return (
            git(*(url if word == "URL" else word for word in words), cwd=tmp_path, check=False).returncode
            == 0
        )

    reads, writes = (
        client.acting_for("sandbox", contents="read"),
        client.acting_for("sandbox", contents="write"),
    )
    assert not works("", "ls-remote", "URL")
    assert not works("wrong", "ls-remote", "URL")
    assert not works(client.acting_for("sandbox", metadata="read").token, "ls-remote", "URL")
    assert works(reads.token, "clone", "-q", "URL", ".")
    assert not works(reads.token, "push", "-q", "URL", "HEAD:refs/heads/new")
    assert works(writes.token, "push", "-q", "URL", "HEAD:refs/heads/new")
