"""The dev station, tried from end to end: declared by `pulumi up`, then one job of its own pipeline.

Runs where the engine's addresses are (`bootstrap run`): the sandbox and the registry are reached by HTTP.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import gitlab
import requests
import yaml
from gitlab.v4.objects import Project, ProjectPipeline
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bootstrap import images, services
from bootstrap.layout import Layout, layout
from bootstrap.recover import Stack, recover
from bootstrap.steps import StepFailed
from ci_runners.connection import SOCKET, Connection
from ci_runners.settings import STATION
from ci_runners.settings_secrets import PROJECT as PROJECT_NAME

STACK = "dev"
PROJECT = "demo"
BRANCH = "main"
TOKEN = "gitlab:token"  # noqa: S105  the key's name
"""Pulumi's own configuration keys of the GitLab provider."""
BASE_URL = "gitlab:baseUrl"
JOB_SECONDS = 300
READY_SECONDS = 60


def dev_stack(places: Layout) -> Stack:
    """The dev stack; its configuration is a private copy of Pulumi.dev.yaml, so the committed file stays as it is."""
    config_file = places.machine / f"Pulumi.{STACK}.yaml"
    return Stack(name=STACK, folder=places.root, config_file=config_file, backend=places.stacks)


def connect(url: str, token: str) -> gitlab.Gitlab:
    """python-gitlab on the sandbox, as soon as it answers."""
    client = gitlab.Gitlab(url, private_token=token)
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            client.auth()
        except requests.ConnectionError as problem:
            if time.monotonic() > deadline:
                raise StepFailed(
                    f"the sandbox does not answer: {problem}", tried=url, fix="docker logs of the sandbox"
                ) from None
            time.sleep(0.2)
        else:
            return client


def project_of(client: gitlab.Gitlab) -> Project:
    """The demo project, made at the first run."""
    found = client.projects.list(search=PROJECT, get_all=True)
    match = [project for project in found if project.path == PROJECT]
    made = match[0] if match else client.projects.create({"name": PROJECT, "path": PROJECT})
    return client.projects.get(made.id)


def write_config(stack: Stack, settings: dict[str, Any]) -> None:
    """Write the private copy of the stack's configuration, with this machine's addresses in it."""
    committed = yaml.safe_load((stack.folder / f"Pulumi.{stack.name}.yaml").read_text())
    before = yaml.safe_load(stack.config_file.read_text()) if stack.config_file.is_file() else {}
    for path, value in settings.items():
        *parents, last = path.split(".")
        place = committed["config"][f"{PROJECT_NAME}:{STATION}"]
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    gitlab_url = committed["config"][f"{PROJECT_NAME}:{STATION}"]["gitlab"]["url"]
    committed["config"][BASE_URL] = f"{gitlab_url}/api/v4/"
    salt = {key: before[key] for key in ("encryptionsalt",) if key in before}
    stack.config_file.write_text(yaml.safe_dump({**committed, **salt}))


def set_token(stack: Stack, token: str) -> None:
    """The token with which the station sets GitLab up, a secret of the stack's configuration.

    It goes through standard input, not the command line.
    """
    words = stack.command("config", "set", "--secret", TOKEN)
    subprocess.run(words, cwd=stack.folder, input=token, text=True, check=True, capture_output=True)


def push(project: Project, source: Path, token: str) -> None:
    """Push the demo project's sources, unless they are there. The pipeline is the station's to commit."""
    url = project.http_url_to_repo.replace("://", f"://root:{token}@", 1)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        who = ["-c", "user.name=ci-runners", "-c", "user.email=ci-runners@example.com"]

        def git(*words: str) -> str:
            env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
            done = subprocess.run(
                ["git", *who, *words], cwd=work, env=env, check=True, capture_output=True, text=True
            )
            return done.stdout.strip()

        work.mkdir()
        git("init", "--quiet", f"--initial-branch={BRANCH}")
        if project.branches.list(search=BRANCH, get_all=True):
            git("pull", "--quiet", url, BRANCH)
        shutil.copytree(source, work, dirs_exist_ok=True)
        git("add", "--all")
        if git("status", "--porcelain"):
            git("commit", "--quiet", "--message", "The demo project")
            git("push", "--quiet", url, BRANCH)


def finished_pipeline(project: Project, commit: str) -> ProjectPipeline:
    """The commit's pipeline at its end. One that ended badly before is followed by another."""
    before = project.pipelines.list(sha=commit, get_all=False)
    if before and before[0].status in {"failed", "canceled", "skipped"}:
        project.pipelines.create({"ref": BRANCH})
    deadline = time.monotonic() + JOB_SECONDS
    while True:
        found = project.pipelines.list(sha=commit, get_all=False)
        if found and found[0].status in {"success", "failed", "canceled", "skipped"}:
            return project.pipelines.get(found[0].id)
        if time.monotonic() > deadline:
            status = found[0].status if found else "none"
            raise StepFailed(
                f"the pipeline did not end in {JOB_SECONDS} s; it is: {status}",
                tried="the sandbox's page",
                fix="docker logs of the runner",
            )
        time.sleep(0.5)


def digest_in_registry(image: str) -> str:
    """The digest under which the registry holds the image."""
    registry, _, rest = image.partition("/")
    name, _, tag = rest.rpartition(":")
    docker_kinds = "application/vnd.docker.distribution.manifest.v2+json"
    kinds = (
        f"{docker_kinds}, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
    )
    answer = requests.head(
        f"http://{registry}/v2/{name}/manifests/{tag}", headers={"Accept": kinds}, timeout=10
    )
    if not answer.ok:
        raise StepFailed(
            f"{image} is not in the registry: {answer.status_code}",
            tried=answer.url,
            fix="read the job's trace",
        )
    return answer.headers["Docker-Content-Digest"]


def daemon_host(connection: str) -> str:
    """The daemon's host name, which is its container's name too."""
    return urlsplit(Connection.parse(connection).runner_host).hostname or ""


def daemon_over_tls(places: Layout, container: str) -> str:
    """The daemon's version, asked over TLS by the name in its certificate, as the runner asks."""
    script = "docker --tlsverify --host tcp://$(hostname):2376 version --format '{{.Server.Version}}'"
    client = images.client_of(places)
    environment = {"DOCKER_CERT_PATH": "/certs/client"}
    ran = client.containers.get(container).exec_run(["sh", "-c", script], environment=environment)
    output = cast(bytes, ran.output).decode()
    if ran.exit_code:
        raise StepFailed(f"no answer over TLS: {output}", tried=script, fix="docker logs of the daemon")
    return output.strip()


def prepare(places: Layout, project: Project, token: str) -> Stack:
    """The dev stack with this machine's addresses and the sandbox's token in its configuration."""
    stack = dev_stack(places)
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    host = urlsplit(os.environ["DOCKER_HOST"])
    socket = host.path if host.scheme == "unix" else SOCKET
    write_config(
        stack,
        {
            "gitlab.url": os.environ["CI_RUNNERS_SANDBOX_URL"],
            "project.project": project.path_with_namespace,
            "registries.insecure": [registry],
            "registries.mirrors": [f"http://{registry}"],
            **{f"{way}.socket": socket for way in ("dood", "buildkit", "kaniko")},
            "pipeline.image_name": f"{registry}/{PROJECT}/app",
        },
    )
    # Made beside the private copy: Pulumi writes a new stack's salt next to its Pulumi.yaml.
    shutil.copyfile(places.root / "Pulumi.yaml", places.machine / "Pulumi.yaml")
    words = ["pulumi", "stack", "select", "--create", STACK]
    subprocess.run(words, cwd=places.machine, check=True, capture_output=True)
    set_token(stack, token)
    return stack


def up(places: Layout, stack: Stack) -> dict[str, Any]:
    """`pulumi up`, also after one that was killed; returns the stack's outputs."""
    cut_short = recover(stack, images.client_of(places))
    words = stack.command(
        "up", "--yes", "--skip-preview", "--suppress-outputs", *(["--refresh"] if cut_short else [])
    )
    if subprocess.run(words, cwd=places.root, check=False).returncode:
        raise StepFailed(
            "`pulumi up` failed; its messages are above", tried=" ".join(words), fix="mend it, run this again"
        )
    return dict(json.loads(stack.run("stack", "output", "--json").stdout))


def summary(console: Console, facts: dict[str, str], trace: str) -> None:
    """What a person wants to see at the end."""
    console.rule("the job's trace")
    console.print(trace.strip(), markup=False, highlight=False)
    table = Table(title="first built image", show_header=False)
    for name, value in facts.items():
        table.add_row(name, value)
    console.print(table)


def run_job(places: Layout, project: Project, outputs: dict[str, Any]) -> tuple[dict[str, str], str]:
    """Wait for the job of the commit that the station made; returns what there is to say of it, and its trace."""
    commit = project.branches.get(BRANCH).commit["id"]
    pipeline = finished_pipeline(project, commit)
    job = project.jobs.get(pipeline.jobs.list(get_all=True)[0].id)
    trace = bytes(job.trace()).decode(errors="replace")
    if pipeline.status != "success":
        raise StepFailed(
            f"the job ended as {job.status}:\n{trace}", tried="its pipeline", fix="mend what the trace says"
        )
    image = f"{os.environ['CI_RUNNERS_REGISTRY']}/{PROJECT}/app:{commit}"
    facts = {
        "image": image,
        "digest in the registry": digest_in_registry(image),
        "daemon": f"{daemon_over_tls(places, daemon_host(outputs['connection']))}, TLS verified",
        "certificate until": outputs["certificate_expiry"],
        "job": f"{job.status} in {job.duration:.1f} s, {job.web_url}",
    }
    return facts, trace


def main() -> None:
    """Declare the station, run its job, show what came of it; or, with `preview`, only show the plan."""
    places, console, started = layout(), Console(), time.monotonic()
    token = services.secret_file(places, "sandbox-root-token").read_text()
    try:
        client = connect(os.environ["CI_RUNNERS_SANDBOX_URL"], token)
        project = project_of(client)
        push(project, places.root / "bootstrap" / "demo", token)
        stack = prepare(places, project, token)
        if sys.argv[1:] == ["preview"]:
            sys.exit(
                subprocess.run(stack.command("preview", "--diff"), cwd=places.root, check=False).returncode
            )
        outputs = up(places, stack)
        declared = time.monotonic() - started
        facts, trace = run_job(places, project, outputs)
        summary(console, {**facts, "pulumi up": f"{declared:.1f} s"}, trace)
    except StepFailed as failure:
        console.print(f"[bold red]stopped:[/bold red] {escape(str(failure))}", highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
