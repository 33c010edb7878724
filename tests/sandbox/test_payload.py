"""The job as a runner gets it."""

from gitlab.v4.objects import Project

from tests.sandbox.harness import MakeRunner, commit_ci

ONE_JOB = "build: {script: [make]}"


PIPELINE = """
build:
  image: {name: "docker:29.7.2-cli", entrypoint: [""]}
  services: [{name: "docker:29.7.2-dind", alias: docker}]
  variables: {DOCKER_HOST: "tcp://docker:2376", SECRET: from-file}
  before_script: [docker info]
  script: [docker build .]
  after_script: [docker logout]
  artifacts: {paths: [out], expire_in: 1 day, when: always}
  cache: {key: k, paths: [c]}
  timeout: 20 minutes
"""


def test_a_job_comes_as_its_file_has_it(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, PIPELINE)
    job = runner_of(project).take()
    assert job["image"] == {"name": "docker:29.7.2-cli", "entrypoint": [""]}
    assert job["services"] == [{"name": "docker:29.7.2-dind", "alias": "docker"}]
    assert [(step["name"], step["script"], step["when"]) for step in job["steps"]] == [
        ("script", ["docker info", "docker build ."], "on_success"),
        ("after_script", ["docker logout"], "always"),
    ]
    assert job["artifacts"][0]["paths"] == ["out"]
    assert job["cache"][0]["key"] == "k-protected"
    assert job["runner_info"]["timeout"] == 1200


def test_a_runner_has_the_last_word_on_the_timeout(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, PIPELINE)
    assert runner_of(project, maximum_timeout=600).take()["runner_info"]["timeout"] == 600


def test_a_job_knows_where_its_code_is(url: str, runner_of: MakeRunner, project: Project) -> None:
    sha = commit_ci(project, PIPELINE)
    job = runner_of(project).take()
    source = job["git_info"]
    pipeline = f"refs/pipelines/{job['job_info']['pipeline_id']}"
    place = f"{url.removeprefix('http://')}/{project.path_with_namespace}.git"
    assert (source["sha"], source["ref"], source["depth"]) == (sha, "main", 20)
    assert source["refspecs"] == [f"+{pipeline}:{pipeline}", "+refs/heads/main:refs/remotes/origin/main"]
    assert source["repo_url"] == f"http://gitlab-ci-token:{job['token']}@{place}"


def test_a_job_has_gitlabs_own_variables(url: str, runner_of: MakeRunner, project: Project) -> None:
    sha = commit_ci(project, PIPELINE)
    job = runner_of(project).take()
    variables = {item["key"]: item for item in job["variables"]}
    expected = {
        "CI": "true",
        "CI_JOB_ID": str(job["id"]),
        "CI_PROJECT_PATH": project.path_with_namespace,
        "CI_COMMIT_SHA": sha,
        "CI_COMMIT_SHORT_SHA": sha[:8],
        "CI_COMMIT_REF_NAME": "main",
        "CI_COMMIT_REF_SLUG": "main",
        "CI_COMMIT_BRANCH": "main",
        "CI_DEFAULT_BRANCH": "main",
        "CI_SERVER_URL": url,
        "CI_API_V4_URL": f"{url}/api/v4",
        "CI_REGISTRY": "registry.example:5000",
        "CI_REGISTRY_IMAGE": f"registry.example:5000/{project.path_with_namespace}",
        "CI_JOB_TOKEN": job["token"],
        "DOCKER_HOST": "tcp://docker:2376",
    }
    assert expected.items() <= {key: item["value"] for key, item in variables.items()}.items()
    assert variables["CI_JOB_TOKEN"]["masked"]
    assert job["credentials"][0]["url"] == "registry.example:5000"


def test_a_variable_of_the_project_wins_over_the_file_and_keeps_its_nature(
    runner_of: MakeRunner, project: Project
) -> None:
    project.variables.create({"key": "SECRET", "value": "abcd1234", "masked": True, "protected": True})
    project.variables.create({"key": "CA", "value": "-----\nx", "variable_type": "file"})
    project.variables.create({"key": "ELSEWHERE", "value": "x", "environment_scope": "production"})
    commit_ci(project, PIPELINE)
    variables = {item["key"]: item for item in runner_of(project).take()["variables"]}
    assert (variables["SECRET"]["value"], variables["SECRET"]["masked"]) == ("abcd1234", True)
    assert not variables["SECRET"]["public"]
    assert variables["CA"]["file"]
    assert "ELSEWHERE" not in variables


def test_protected_variables_stay_away_from_other_branches(runner_of: MakeRunner, project: Project) -> None:
    project.variables.create({"key": "GUARDED", "value": "x", "protected": True})
    commit_ci(project, ONE_JOB)
    runner = runner_of(project)
    runner.take()
    project.branches.create({"branch": "topic", "ref": "main"})
    job = runner.take()
    values = {item["key"]: item["value"] for item in job["variables"]}
    assert "GUARDED" not in values
    assert values["CI_COMMIT_REF_PROTECTED"] == "false"
