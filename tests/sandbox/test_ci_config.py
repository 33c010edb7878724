import re

import pytest

from sandbox.ci.config import CiConfigError, JobSpec, parse_config


def one_job(text: str) -> JobSpec:
    jobs = parse_config(text).jobs
    assert len(jobs) == 1
    return jobs[0]


def test_a_job_takes_over_defaults_and_what_it_extends() -> None:
    job = one_job(
        """
        default:
          image: docker:29.7.2-cli
          tags: [dind]
          before_script: [docker info]
        variables: {A: global, B: global}
        .base:
          variables: {B: base, C: base}
          services: [{name: "docker:29.7.2-dind", alias: docker, command: ["--mtu=1360"]}]
        build:
          extends: .base
          stage: build
          variables: {C: own}
          script: [docker build ., [docker push x]]
          tags: [own]
          timeout: 1h 30m
        """
    )
    assert job.image == {"name": "docker:29.7.2-cli"}
    assert job.services == [{"name": "docker:29.7.2-dind", "command": ["--mtu=1360"], "alias": "docker"}]
    assert {key: entry["value"] for key, entry in job.variables.items()} == {
        "A": "global",
        "B": "base",
        "C": "own",
    }
    assert job.script == ["docker build .", "docker push x"]
    assert (job.tags, job.before_script, job.timeout) == (["own"], ["docker info"], 5400)


def test_an_image_keeps_an_empty_entrypoint() -> None:
    job = one_job('kaniko: {image: {name: kaniko, entrypoint: [""], pull_policy: always}, script: [x]}')
    assert job.image == {"name": "kaniko", "entrypoint": [""], "pull_policy": ["always"]}


def test_a_variable_that_is_not_expanded_is_raw() -> None:
    job = one_job("a: {script: [x], variables: {P: {value: $HOME, expand: false}, N: 1}}")
    assert job.variables == {"P": {"value": "$HOME", "raw": True}, "N": {"value": "1", "raw": False}}


def test_stages_before_and_after_all_others_are_always_there() -> None:
    config = parse_config("stages: [one]\na: {stage: one, script: [x]}\nb: {stage: .post, script: [x]}")
    assert config.stages == [".pre", "one", ".post"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [", "Invalid configuration format"),
        ("- a", "Invalid configuration format"),
        ("a: !reference [b, script]", "Invalid configuration format"),
        (".a: {script: [x]}", "at least one visible job"),
        ("a: {}", "should implement the script:"),
        ("a: nonsense", "should be a hash"),
        ("a: {script: [x], sript: [y]}", "unknown keys: sript"),
        ("a: {script: [{echo: x}]}", "nested array of strings"),
        ("a: {script: [x], stage: none}", "chosen stage none does not exist"),
        ("a: {script: [x], image: {entrypoint: [x]}}", "image:name"),
        ("a: {script: [x], image: {name: x, platform: y}}", "unknown keys: platform"),
        ("a: {script: [x], variables: {X: yes}}", "quote the value of X"),
        ("a: {script: [x], variables: [X]}", "hash of key value pairs"),
        ("a: {script: [x], when: sometimes}", "should be one of"),
        (
            "a: {script: [x], when: delayed, start_in: 1h}",
            "start_in is not something the sandbox understands",
        ),
        ("a: {script: [x], timeout: soon}", "should be a duration"),
        ("a: {script: [x], interruptible: maybe}", "should be a boolean"),
        ("a: {script: [x], retry: 3}", "from 0 to 2"),
        ("a: {script: [x], allow_failure: sometimes}", "should be a hash"),
        ("a: {script: [x], artifacts: {reports: {dotenv: x}}}", "unknown keys: reports"),
        ("a: {script: [x], artifacts: {paths: x}}", "array of strings"),
        ("a: {script: [x], cache: {key: {files: [x]}}}", "does not compute keys from files"),
        ("a: {script: [x], cache: {policy: steal}}", "should be one of: pull-push"),
        ("a: {script: [x], services: docker:dind}", "should be an array"),
        ("a: {script: [x], extends: .b}", "unknown key: .b"),
        (".b: {extends: .c}\n.c: {extends: .b}\na: {script: [x], extends: .b}", "circular dependency"),
        ("a: {script: [x], needs: [b]}", "undefined need or dependency: b"),
        ("a: {script: [x], needs: [b]}\nb: {script: [x], needs: [a]}", "circular dependencies"),
        (
            "a: {stage: build, script: [x], needs: [b]}\nb: {stage: test, script: [x]}",
            "current or prior stages",
        ),
        ("a: {script: [x], rules: [{if: '$A ='}]}", "invalid expression syntax"),
        ("a: {script: [x], rules: [{changes: [x]}]}", "unknown keys: changes"),
        ("a: {script: [x], rules: [{when: maybe}]}", "should be one of"),
        ("a: {script: [x], rules: [{if: $A}], only: [main]}", "may not be used with `rules`: only"),
        ("a: {script: [x], only: [/(/]}", "not a valid pattern"),
        ("a: {script: [x], only: {changes: [x]}}", "unknown keys: changes"),
        ("a: {script: [x], parallel: 3}", "parallel is not something the sandbox understands"),
        ("include: other.yml\na: {script: [x]}", "include is not something the sandbox understands"),
        ("image: a\ndefault: {image: b}\na: {script: [x]}", "given twice"),
        ("default: {script: [x]}\na: {script: [x]}", "unknown keys: script"),
        ("workflow: {rules: [{when: manual}]}\na: {script: [x]}", "should be one of: always, never"),
    ],
)
def test_what_is_wrong_or_not_understood_is_an_error(text: str, expected: str) -> None:
    with pytest.raises(CiConfigError, match=re.escape(expected)):
        parse_config(text)


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(CiConfigError) as caught:
        parse_config("a: {script: 1, stage: x}\nb: {script: [x], retry: 9, parallel: 2}")
    assert len(caught.value.problems) == 4
