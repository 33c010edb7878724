"""The Caddyfile of the proxy before the engine's socket: what a job may ask of the engine, and nothing else.

Caddy, since a Docker client reaches BuildKit by `Upgrade: h2c` in a request whose Host is empty (moby/moby,
client/hijack.go): HAProxy takes the one out of every request (src/h1.c, since August 2024), nginx refuses the other.
Caddy takes an empty Host for an error, and lets an error be handled.
"""

from ci_runners.connection import SOCKET
from ci_runners.connections import PROXY_SOCKET

PROXY_USER = 65534
"""User and group of the proxy, nobody's: it owns the folder of its socket and nothing else."""

REFUSAL = (
    "refused by the socket proxy of ci-runners, which lets jobs build, push, pull, tag and look at images"
)

# The path is matched as the client wrote it, before anything is decoded: a name has no %, no // and no part that
# begins with a dot, so that proxy and engine cannot read it differently. Nor can they a query without a semicolon,
# which engines before 20.10.12 took for an ampersand (Go 1.17, net/url).
_PART = "[a-zA-Z0-9][a-zA-Z0-9_.:@-]*"
_NAME = f"{_PART}(/{_PART})*"
_VERSION = "(/v[0-9.]+)?"
_QUERY = "([?][^;]*)?"

READS = f"^{_VERSION}/(_ping|version|info|images/({_NAME}/)?json){_QUERY}$"
"""Paths to look with GET or HEAD (Docker Engine API, System and Image)."""
CHANGES = f"^{_VERSION}/(auth|build|build/cancel|images/create|images/{_NAME}/(push|tag)){_QUERY}$"
"""Paths to log in, build with the classic builder, pull, push and tag with POST."""
STREAMS = f"^{_VERSION}/(grpc|session)$"
"""Paths that become a connection of BuildKit's own with POST (docker/buildx, driver/docker)."""

_NETWORK = '{http.request.uri.query.networkmode}.matches("^(default|bridge|host|none)?$")'
_NO_FORM = '!{http.request.header.Content-Type}.matches("(?i)form")'


def render_caddyfile() -> str:
    """Render the Caddyfile.

    A build of the classic builder could join the network of any container; it gets those that BuildKit's may have. A
    form in the body is refused, since the engine reads parameters from it that this proxy does not see. A refused
    request gets 403 and a message in the engine's own form, which Docker clients show.
    """
    return f"""{{
	admin off
	auto_https off
	persist_config off
	servers {{
		protocols h1
	}}
}}
(engine) {{
	reverse_proxy unix/{SOCKET} {{
		header_up Host docker
		transport http {{
			compression off
		}}
	}}
}}
http:// {{
	bind unix/{PROXY_SOCKET}|0222
	@read expression `{{http.request.method}} in ["GET", "HEAD"] && {{http.request.uri}}.matches("{READS}")`
	@change expression `{{http.request.method}} == "POST" && {{http.request.uri}}.matches("{CHANGES}") && {_NETWORK} && {_NO_FORM}`
	@stream expression `{{http.request.method}} == "POST" && {{http.request.uri}}.matches("{STREAMS}")`
	handle @read {{
		request_header -Upgrade
		import engine
	}}
	handle @change {{
		request_header -Upgrade
		import engine
	}}
	handle @stream {{
		import engine
	}}
	handle_errors 400 {{
		handle @stream {{
			import engine
		}}
	}}
	handle {{
		header Content-Type application/json
		respond `{{"message":"{REFUSAL}"}}` 403
	}}
}}
"""


def proxy_script() -> str:
    """For a shell: Caddy in its place, with the Caddyfile on its standard input. Nothing is written to a disk."""
    return f"exec caddy run --adapter caddyfile --config - <<'END'\n{render_caddyfile()}END\n"


def proxy_ready_test() -> list[str]:
    """The health check: the engine answers through the proxy."""
    return ["CMD", "curl", "--silent", "--fail", "--unix-socket", PROXY_SOCKET, "http://docker/_ping"]
