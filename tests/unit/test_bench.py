"""The bench's own doing that needs no engine: what it reads, what it takes away, what it builds from, in what order."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bench.builds import bases, contexts, engine, registry
from bench.builds.measure import parts, turn
from bench.builds.processes import Process, parse_pss, parse_stat, tree
from bench.builds.rows import Mode


def process(pid: int, parent: int, name: str = "sh", cpu_s: float = 1.0) -> Process:
    return Process(pid=pid, parent=parent, name=name, cpu_s=cpu_s)


def record(
    name: str, parent: str = "", kind: str = "regular", about: str = "fileop target"
) -> dict[str, str]:
    return {"ID": name, "Parent": parent, "Type": kind, "Description": about}


class TestProcesses:
    def test_a_process_is_read_whatever_its_name_holds(self) -> None:
        numbers = "S 7 1 1 0 -1 4194560 5 6 7 8 100 20 300 40 20 0 1"

        read = parse_stat(f"42 (a (b) c) {numbers}", ticks=100)

        assert read == Process(pid=42, parent=7, name="a (b) c", cpu_s=4.6)

    def test_a_tree_has_what_descends_from_its_roots_and_no_proxy(self) -> None:
        everything = [
            process(1, 0),
            process(2, 1),
            process(3, 2),
            process(4, 2, "docker-proxy"),
            process(5, 1),
        ]

        found = tree({each.pid: each for each in everything}, [2, 99])

        assert [each.pid for each in found] == [2, 3]

    def test_roots_within_each_other_count_once(self) -> None:
        everything = {each.pid: each for each in [process(1, 0), process(2, 1)]}

        assert sorted(each.pid for each in tree(everything, [1, 2])) == [1, 2]

    def test_a_share_of_memory_is_read_in_mib(self) -> None:
        assert parse_pss("Rss:  9000 kB\nPss:                2048 kB\nPss_Anon: 1 kB\n") == 2.0

    def test_a_kernel_thread_holds_nothing(self) -> None:
        assert parse_pss("") == 0.0


class TestBuildCache:
    def test_what_was_built_on_our_images_is_ours_down_to_the_last_layer(self) -> None:
        records = [
            record("c", "b"),
            record("b", "a"),
            record("a", about="pulled from 127.0.0.1:5055/ci-runners-bench/slim:1@sha256:0"),
            record("m", kind="exec.cachemount", about="cached mount /ci-runners-bench from exec"),
        ]

        assert sorted(engine.ours(records, before=(), mark="ci-runners-bench")) == ["a", "b", "c", "m"]

    def test_what_others_built_is_not_ours(self) -> None:
        records = [
            record("a", about="pulled from docker.io/library/debian"),
            record("b", "a"),
            record("m", kind="exec.cachemount", about="cached mount /cache from exec"),
        ]

        assert engine.ours(records, before=(), mark="ci-runners-bench") == []

    def test_a_context_is_ours_if_it_came_with_the_bench(self) -> None:
        records = [record("old", kind="source.local"), record("new", kind="source.local")]

        assert engine.ours(records, before={"old"}, mark="ci-runners-bench") == ["new"]


class TestContexts:
    def test_a_dockerfile_starts_from_the_bench_s_own_images(self) -> None:
        text = "FROM compiler AS build\nRUN make\nFROM slim\nCOPY --from=build /a /a\n"

        assert contexts.with_bases(text, prefix="registry:5000/bench/", tag="7") == (
            "FROM registry:5000/bench/compiler:7 AS build\nRUN make\n"
            "FROM registry:5000/bench/slim:7\nCOPY --from=build /a /a\n"
        )

    @pytest.mark.parametrize("project", contexts.ALL, ids=lambda project: project.name)
    def test_every_project_starts_from_nothing_else(self, project: contexts.Project, tmp_path: Path) -> None:
        contexts.write(project, tmp_path / "context", prefix="ours/", tag="7")

        dockerfiles = list((tmp_path / "context").glob("Dockerfile*"))
        starts = [
            line for file in dockerfiles for line in file.read_text().splitlines() if line.startswith("FROM")
        ]
        assert len(dockerfiles) == (2 if project.mount else 1)
        assert starts
        assert [line for line in starts if not line.startswith("FROM ours/")] == []
        assert any("compiler" in line for line in starts) is project.compiler

    @pytest.mark.parametrize("project", contexts.ALL, ids=lambda project: project.name)
    def test_a_changed_file_differs_from_run_to_run(self, project: contexts.Project, tmp_path: Path) -> None:
        texts = []
        for run in ("1", "2"):
            contexts.write(project, tmp_path, prefix="ours/", tag="7")
            contexts.change(project, tmp_path, run)
            texts.append((tmp_path / project.changed_file).read_text())

        assert len(set(texts)) == 2

    def test_the_cache_mount_s_dockerfile_differs_by_the_mount_alone(self) -> None:
        folder = contexts.PROJECTS / "compile"
        mark = "/ci-runners-bench"
        plain = (folder / "Dockerfile").read_text().splitlines()
        mounted = (folder / "Dockerfile.mount").read_text().replace(f"--mount=type=cache,target={mark} ", "")

        differing = set(plain) ^ set(mounted.replace(mark, "/objects").splitlines())
        assert {line for line in differing if not line.startswith("#")} == set()


class TestBaseImages:
    @pytest.fixture
    def bulk(self, tmp_path: Path) -> bases.Bulk:
        source = tmp_path / "tree"
        (source / "etc").mkdir(parents=True)
        (source / "etc" / "hostname").write_text("slim\n")
        (source / "usr" / "share" / "perl").mkdir(parents=True)
        return bases.Bulk(tmp_path / "bulk.gz", bases.of_folder(source))

    def test_a_layer_is_one_tar_file_with_its_mark(self, bulk: bases.Bulk) -> None:
        layer = bulk.layer("7")

        plain = gzip.decompress(b"".join(layer))
        with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
            assert tar.getnames() == ["./etc", "./etc/hostname", "./usr", "./usr/share", "./etc/bench-7"]
        assert layer.diff_id == f"sha256:{hashlib.sha256(plain).hexdigest()}"

    def test_a_layer_s_digest_and_length_are_those_of_its_bytes(self, bulk: bases.Bulk) -> None:
        layer = bulk.layer("7")

        data = b"".join(layer)
        assert len(layer) == len(data)
        assert layer.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"

    def test_another_mark_is_another_layer(self, bulk: bases.Bulk) -> None:
        one, other = bulk.layer("7"), bulk.layer("8")

        assert one.digest != other.digest
        assert one.diff_id != other.diff_id

    def test_an_image_s_manifest_and_configuration_name_its_layers_in_order(self, bulk: bases.Bulk) -> None:
        layers = [bulk.layer("7"), bulk.layer("8")]

        config = registry.image_config(layers, architecture="amd64")
        manifest = registry.manifest(layers, "sha256:0", 9)

        assert config["rootfs"]["diff_ids"] == [layer.diff_id for layer in layers]
        assert [layer["digest"] for layer in manifest["layers"]] == [layer.digest for layer in layers]
        assert manifest["config"]["digest"] == "sha256:0"


class TestOrder:
    def test_every_way_is_first_once(self) -> None:
        ways: list[Any] = ["a", "b", "c"]

        orders = ["".join(map(str, turn(ways, number))) for number in range(3)]

        assert orders == ["abc", "bca", "cab"]

    def test_the_first_run_builds_little_but_fills_every_cache_mount(self) -> None:
        tiny, many, compiled = contexts.ALL

        built = list(parts([tiny, many, compiled], warming_up=True))

        assert built == [(tiny, (Mode.COLD,)), (compiled, (Mode.MOUNT,))]

    def test_a_measured_run_builds_everything(self) -> None:
        built = list(parts(contexts.ALL, warming_up=False))

        assert {project.name for project, _ in built} == {"tiny", "many-layers", "compile"}
        assert {mode for _, modes in built for mode in modes} == set(Mode) - {Mode.START, Mode.IDLE}
