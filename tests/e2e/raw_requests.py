"""Raw requests to the proxy before the engine's socket, as a job that wants more than building would write them.

To each belongs what it may be answered: the proxy's own 403, or what the engine says. None does harm to an engine that
is asked all the same: images and the like are not there, and what would be made bears a name of the test's own.
"""

ALLOWED = "200 400 404 500 501"
"""Whatever the engine says."""
TUNNEL = "101"
REFUSED = "403"
BROKEN = "400 505 closed"
"""No request at all."""


def http(line: str, *headers: str, body: str = "", host: str = "docker") -> str:
    """One request as it is written."""
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([f"{line} HTTP/1.1", f"Host: {host}", *headers, *length, "", body])


UPGRADE = ("Connection: Upgrade", "Upgrade: h2c")
OTHER_UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")
FORM = "Content-Type: application/x-www-form-urlencoded"
CREATE = http(
    "POST /containers/create?name=NAME-made", "Content-Type: application/json", body='{"Image":"BASE"}'
)

REQUESTS: dict[str, tuple[str, str]] = {
    "ping": (http("GET /_ping"), "200"),
    "ping without its body": (http("HEAD /v1.41/_ping"), "200"),
    "version": (http("GET /v1.41/version"), "200"),
    "info": (http("GET /info"), "200"),
    "images": (http("GET /v1.41/images/json?all=1"), "200"),
    "an image": (http("GET /v1.41/images/BASE/json"), "200"),
    "an image of a registry": (http("GET /images/127.0.0.1:1/a/b@sha256:00/json"), ALLOWED),
    "tag": (http("POST /images/ci-runners-none/tag?repo=ci-runners-none"), ALLOWED),
    "push": (http("POST /v1.41/images/127.0.0.1:1/ci-runners/none/push"), ALLOWED),
    "pull": (http("POST /images/create?fromImage=127.0.0.1%3A1%2Fnone&tag=1"), ALLOWED),
    "classic build": (http("POST /build?networkmode=host&t=a%3Bb"), ALLOWED),
    "cancel": (http("POST /build/cancel?id=none"), ALLOWED),
    "grpc": (http("POST /grpc", *UPGRADE), TUNNEL),
    "grpc without a host": (http("POST /grpc", *UPGRADE, host=""), TUNNEL),
    "session": (http("POST /session", *UPGRADE, "X-Docker-Expose-Session-Uuid: ci-runners"), TUNNEL),
    "another tunnel": (http("POST /session", *OTHER_UPGRADE), ALLOWED),
    "no tunnel elsewhere": (http("GET /version", *UPGRADE), "200"),
    "create": (CREATE, REFUSED),
    "create after a ping": (http("GET /_ping") + CREATE, f"200+{REFUSED}"),
    "create after a tunnel that was none": (
        http("POST /session", *OTHER_UPGRADE) + CREATE,
        " ".join(f"{status}+{REFUSED}" for status in ALLOWED.split()),
    ),
    "create behind a body": (
        http("POST /auth", "Transfer-Encoding: chunked", body="0\r\n\r\n" + CREATE),
        f"{BROKEN} 400+{REFUSED} 500+{REFUSED}",
    ),
    "create without a host": (CREATE.replace("Host: docker", "Host: "), BROKEN),
    "start": (http("POST /v1.41/containers/NAME-proxied-runner/start"), REFUSED),
    "exec": (http("POST /containers/NAME-proxied-runner/exec", body="{}"), REFUSED),
    "attach": (
        http("POST /containers/NAME-proxied-runner/attach", *OTHER_UPGRADE),
        REFUSED,
    ),
    "a container": (http("GET /containers/NAME-proxied-runner/json"), REFUSED),
    "copy out": (http("GET /containers/NAME-proxied-runner/archive?path=/"), REFUSED),
    "copy in": (http("PUT /containers/NAME-proxied-runner/archive?path=/"), REFUSED),
    "events": (http("GET /events"), REFUSED),
    "volumes": (http("GET /volumes"), REFUSED),
    "make a volume": (http("POST /volumes/create", body='{"Name":"NAME-made"}'), REFUSED),
    "make a network": (http("POST /networks/create", body='{"Name":"NAME-made"}'), REFUSED),
    "plugins": (http("POST /plugins/pull?remote=a"), REFUSED),
    "push a plugin": (http("POST /plugins/a/push"), REFUSED),
    "swarm": (http("POST /swarm/update?version=1", body="{}"), REFUSED),
    "secrets": (http("GET /secrets"), REFUSED),
    "services": (http("POST /services/create", body="{}"), REFUSED),
    "load": (http("POST /images/load"), REFUSED),
    "save": (http("GET /images/BASE/get"), REFUSED),
    "remove an image": (http("DELETE /images/ci-runners-none"), REFUSED),
    "prune images": (http('POST /images/prune?filters={"label":["ci-runners.none"]}'), REFUSED),
    "prune the cache": (http('POST /build/prune?filters={"id":["none"]}'), REFUSED),
    "commit": (http("POST /commit?container=ci-runners-none"), REFUSED),
    "debugging": (http("GET /debug/vars"), REFUSED),
    "get where post is meant": (http("GET /grpc", *UPGRADE), REFUSED),
    "a method of its own": (http("PATCH /version"), REFUSED),
    "dots": (http("GET /images/../containers/json"), REFUSED),
    "hidden dots": (http("GET /images/%2e%2e/containers/json"), REFUSED),
    "a hidden slash": (http("GET /images%2f..%2fcontainers/json"), REFUSED),
    "two slashes": (http("GET //containers/json"), REFUSED),
    "two slashes inside": (http("POST /images//containers/NAME-proxied-runner/push"), REFUSED),
    "a version of its own": (http("GET /v1.41/../containers/json"), REFUSED),
    "a whole address": (http("GET http://docker/containers/json"), REFUSED),
    "a container's network": (http("POST /build?networkmode=container:NAME-proxied-runner"), REFUSED),
    "another network": (http("POST /build?networkmode=ci-runners"), REFUSED),
    "a hidden value": (http("POST /build?networkmode=%63ontainer:NAME-proxied-runner"), REFUSED),
    "a hidden name": (http("POST /build?network%6dode=container:NAME-proxied-runner"), REFUSED),
    "a second value": (
        http("POST /build?networkmode=container:NAME-proxied-runner&networkmode=host"),
        REFUSED,
    ),
    "a semicolon": (http("POST /build?t=a;networkmode=container:NAME-proxied-runner"), REFUSED),
    "a form": (http("POST /build?remote=a", FORM, body="networkmode=container:NAME-proxied-runner"), REFUSED),
    "a form in parts": (
        http("POST /build?remote=a", "content-type: MultiPart/Form-Data; boundary=a", body="--a--"),
        REFUSED,
    ),
    "http/2 at once": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BROKEN),
}

ASK = """
import json, os, re, socket

def ask(text):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(os.environ["FOLDER"] + "/docker.sock")
        client.sendall(text.encode())
        heard = b""
        while True:
            statuses = re.findall(rb"HTTP/1.1 ([0-9]{3})", heard)
            if len(statuses) >= text.count(" HTTP/"):
                break
            try:
                more = client.recv(65536)
            except (TimeoutError, ConnectionError):
                break
            if not more:
                break
            heard += more
        return "+".join(status.decode() for status in statuses) or "closed"

print(json.dumps({name: ask(text) for name, text in json.loads(os.environ["REQUESTS"]).items()}))
"""
"""Python that sends each of REQUESTS on a connection of its own and prints the statuses of the answers."""
