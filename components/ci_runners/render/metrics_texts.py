"""The texts of a station's metrics: the Caddyfile that serves them, the certificates' own, and Prometheus' part."""

from datetime import UTC, datetime

import yaml

from ci_runners.render.cleanup import STATE as CLEANUP_FOLDER
from ci_runners.render.metrics import (
    DAEMON_SOCKET,
    SERVED_PORT,
    Sources,
    StationMetricsSpec,
    served_paths,
    target,
)

METRICS_USER = 65534
"""User and group of the server, nobody's."""
CLEANUP_FILE = "cleanup.prom"
"""Where `CacheCleanup` keeps its metrics, in the folder of its state."""
CERTIFICATE_METRIC = "ci_runners_certificate_expiry_timestamp_seconds"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of Prometheus' text format (Prometheus docs, Exposition formats)."""

_HEALTH = "/health"


def render_metrics_caddyfile(spec: StationMetricsSpec, sources: Sources, *, certificate_expiry: str) -> str:
    """Render the Caddyfile. Only the metrics' own paths lead anywhere, and none of them to a process's debug pages.

    `certificate_expiry` is ISO 8601 in UTC; where it is empty there are no certificates, and no metric of them.
    """
    proxied = {
        "runner": spec.runner_address,
        "daemon": f"unix/{DAEMON_SOCKET}" if sources.daemon_socket else spec.daemon_address,
    }
    parts = [_proxied(f"/metrics/{source}", to) for source, to in proxied.items() if to is not None]
    if sources.cleanup:
        parts.append(_file("/metrics/cleanup", CLEANUP_FOLDER, CLEANUP_FILE))
    if sources.certificates:
        parts.append(_text("/metrics/certificates", render_certificate_metrics(certificate_expiry)))
    return f"""{{
	admin off
	auto_https off
	persist_config off
	servers {{
		protocols h1
	}}
}}
http://:{SERVED_PORT} {{
	@read method GET HEAD
	handle @read {{
		handle {_HEALTH} {{
			respond 200
		}}
{"".join(parts)}		handle {{
			respond 404
		}}
	}}
	handle {{
		respond 405
	}}
}}
"""


def render_certificate_metrics(certificate_expiry: str) -> str:
    """The end of the certificates' life in Prometheus' text format; nothing where there are none.

    Raises `ValueError` for an end that is not ISO 8601.
    """
    if not certificate_expiry:
        return ""
    end = datetime.fromisoformat(certificate_expiry)
    seconds = int((end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp())
    return (
        f"# HELP {CERTIFICATE_METRIC} When the daemon's certificates end, as of the last pulumi up.\n"
        f"# TYPE {CERTIFICATE_METRIC} gauge\n"
        f"{CERTIFICATE_METRIC} {seconds}\n"
    )


def render_scrape_config(name: str, spec: StationMetricsSpec, sources: Sources) -> str:
    """Render what prometheus.yml needs: a job for each source, with the station as a label.

    It has the form of a whole prometheus.yml, so that `scrape_config_files` can name it as it is (Prometheus docs,
    Configuration).
    """
    station = spec.station or name
    jobs = [
        {
            "job_name": f"{name}-{source}",
            "metrics_path": path,
            "static_configs": [
                {"targets": [target(name, spec)], "labels": {"station": station, "source": source}}
            ],
        }
        for source, path in served_paths(spec, sources).items()
    ]
    return yaml.safe_dump({"scrape_configs": jobs}, sort_keys=False)


def metrics_script(caddyfile: str) -> str:
    """For a shell: Caddy in its place, with the Caddyfile on its standard input. Nothing is written to a disk."""
    return f"exec caddy run --adapter caddyfile --config - <<'END'\n{caddyfile}END\n"


def metrics_ready_test() -> list[str]:
    """The health check: the server answers. That a source answers too is for Prometheus' own `up` to say."""
    return ["CMD", "curl", "--silent", "--fail", f"http://127.0.0.1:{SERVED_PORT}{_HEALTH}"]


def _proxied(path: str, to: str) -> str:
    return f"""		handle {path} {{
			rewrite * /metrics?
			reverse_proxy {to}
		}}
"""


def _file(path: str, folder: str, file: str) -> str:
    return f"""		handle {path} {{
			rewrite * /{file}?
			root * {folder}
			header Content-Type "{CONTENT_TYPE}"
			file_server
		}}
"""


def _text(path: str, text: str) -> str:
    """Caddy's own heredoc, which leaves out the indentation of its last line (Caddy docs, Caddyfile Concepts)."""
    lines = "".join(f"\t\t\t{line}\n" for line in text.splitlines())
    body = f"respond <<METRICS\n{lines}\n\t\t\tMETRICS 200" if lines else "respond 200"
    return f"""		handle {path} {{
			header Content-Type "{CONTENT_TYPE}"
			{body}
		}}
"""
