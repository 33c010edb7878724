"""Which paths the proxy before the engine's socket lets through. Whether Caddy does so is for tests/e2e to say."""

import re

import pytest

from ci_runners.connections import PROXY_FOLDER, PROXY_SOCKET
from ci_runners.render.socket_proxy import (
    CHANGES,
    READS,
    REFUSAL,
    STREAMS,
    proxy_ready_test,
    proxy_script,
    render_caddyfile,
)

KINDS = {"read": READS, "change": CHANGES, "stream": STREAMS}
NAMES = [
    "app",
    "team/app:1.2_a",
    "127.0.0.1:5000/a/b@sha256:0123",
    "sha256:0123",
    "Registry.example.com/a--b",
]
LET_THROUGH = [
    ("read", "/_ping"),
    ("read", "/v1.41/version"),
    ("read", "/v1.41/info?a=b"),
    ("read", "/images/json"),
    ("read", "/v1.41/images/json?filters=%7B%22a%22%7D"),
    *[("read", f"/v1.41/images/{name}/json") for name in NAMES],
    ("change", "/v1.41/auth"),
    ("change", "/build"),
    ("change", "/v1.24/build?t=a%3Bb&networkmode=host"),
    ("change", "/build/cancel?id=a"),
    ("change", "/images/create?fromImage=127.0.0.1%3A1%2Fa&tag=1"),
    *[("change", f"/images/{name}/{verb}?tag=1") for name in NAMES for verb in ("push", "tag")],
    ("stream", "/grpc"),
    ("stream", "/v1.41/session"),
]
REFUSED = [
    "",
    "/",
    "/_ping/",
    "/v1.41",
    "/vx/version",
    "/v1.41/v1.41/version",
    "/containers/json",
    "/containers/create",
    "/containers/a/json",
    "/exec/a/start",
    "/volumes",
    "/networks/create",
    "/plugins/a/push",
    "/secrets",
    "/swarm",
    "/events",
    "/system/df",
    "/commit",
    "/build/prune",
    "/images/a",
    "/images/a/get",
    "/images/a/history",
    "/images/get",
    "/images/load",
    "/images/prune",
    "/images/search",
    "/images//json",
    "/images/../containers/json",
    "/images/./json",
    "/images/.a/json",
    "/images/a/../../containers/b/json",
    "/images/a//b/json",
    "/images/%2e%2e/containers/json",
    "/images/a%2fb/json",
    "/images/a\\b/json",
    "/images/a/json\n",
    "/version\n/containers/json",
    "/%76ersion",
    "/version#a",
    "/build?t=a;networkmode=container:b",
    "/grpc?a=b",
    "http://docker/version",
]


@pytest.mark.parametrize(("kind", "path"), LET_THROUGH)
def test_what_building_needs_is_let_through_in_its_own_way(kind: str, path: str) -> None:
    assert [each for each, pattern in KINDS.items() if re.search(pattern, path)] == [kind]


@pytest.mark.parametrize("path", REFUSED)
def test_the_rest_is_refused(path: str) -> None:
    # RE2, which Caddy has, takes $ for the end of the text; Python's also for a line end before it.
    patterns = {kind: pattern.replace("$", r"\Z") for kind, pattern in KINDS.items()}

    assert [kind for kind, pattern in patterns.items() if re.search(pattern, path)] == []


@pytest.mark.parametrize("pattern", KINDS.values(), ids=KINDS)
def test_a_pattern_is_plain_text_to_caddy(pattern: str) -> None:
    """Within the expression's quotes; braces would be a placeholder, a look-ahead is nothing that RE2 knows."""
    assert not re.search(r'["`{}\\\n]|[(][?]', pattern)
    assert f'.matches("{pattern}")' in render_caddyfile()


def test_every_way_to_the_engine_has_a_matcher_and_the_last_word_is_no() -> None:
    lines = [line.strip() for line in render_caddyfile().splitlines()]
    handled = [line for line in lines if line.startswith("handle ")]

    assert handled == [
        "handle @read {",
        "handle @change {",
        "handle @stream {",
        "handle @stream {",
        "handle {",
    ]
    assert lines.count("import engine") == len(handled) - 1
    # What only looks or changes must not become a tunnel, whatever an engine may come to make of the header.
    for handle in ("handle @read {", "handle @change {"):
        assert lines[lines.index(handle) + 1] == "request_header -Upgrade"
    assert lines[lines.index("handle {") :] == [
        "handle {",
        "header Content-Type application/json",
        f'respond `{{"message":"{REFUSAL}"}}` 403',
        "}",
        "}",
    ]


def test_the_proxy_listens_on_one_socket_and_nowhere_else() -> None:
    text = render_caddyfile()

    assert re.findall(r"^\tbind (.*)$", text, re.MULTILINE) == [f"unix/{PROXY_SOCKET}|0222"]
    assert re.findall(r"^(\S.*) \{$", text, re.MULTILINE) == ["(engine)", "http://"]
    assert "\tadmin off\n" in text


def test_the_shell_gives_way_to_caddy_and_hands_it_the_whole_file() -> None:
    first, *text, last = proxy_script().splitlines()

    assert first == "exec caddy run --adapter caddyfile --config - <<'END'"
    assert "\n".join([*text, ""]) == render_caddyfile()
    assert last == "END"
    assert "END" not in text


def test_the_health_check_asks_the_engine_by_the_way_that_jobs_go() -> None:
    assert PROXY_SOCKET in proxy_ready_test()
    assert PROXY_SOCKET.startswith(f"{PROXY_FOLDER}/")
