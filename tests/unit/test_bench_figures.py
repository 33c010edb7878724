"""What the bench makes of its rows: medians, ratios, verdicts and reports; and that what is committed says the same."""

from pathlib import Path
from typing import Any

import pytest

from bench.builds import claims, plot, report, rows, spreads, words
from bench.builds.rows import NO_PROJECT, Mode, Row

ROOT = Path(__file__).parents[2]
BUILD = ("tiny", Mode.COLD)


def row(way: str, **given: object) -> Row:
    """A row, of which only what a test is about is said."""
    plain: dict[str, Any] = {
        "date": "2026-01-01T00:00:00+00:00",
        "commit": "abc1234",
        "cores": 2,
        "run": 1,
        "builder": "a builder",
        "project": "tiny",
        "mode": Mode.COLD,
        "wall_s": 1.0,
        "build_s": 1.0,
        "cpu_s": 1.0,
        "peak_mib": 100.0,
        "disk_mib": 50.0,
        "registry_mib": 1.0,
    }
    return Row(way=way, **{**plain, **given})


def finding(found: list[claims.Finding], about: str, to: str) -> claims.Finding:
    return next(each for each in found if (each.about, each.to) == (about, to))


class TestSpreads:
    def test_a_build_measured_several_times_in_a_run_is_one_figure(self) -> None:
        measured = [row("dood", wall_s=seconds) for seconds in (1.0, 2.0, 9.0)]

        assert spreads.runs(measured, "wall_s", "dood", BUILD) == {1: 2.0}

    def test_a_spread_is_the_median_with_the_least_and_the_greatest(self) -> None:
        assert spreads.spread([3.0, 1.0, 2.0]) == spreads.Spread(median=2.0, least=1.0, most=3.0)

    def test_nothing_measured_has_no_spread(self) -> None:
        assert spreads.spread([]) is None

    def test_two_ways_are_compared_within_the_same_run(self) -> None:
        found = spreads.ratio({1: 2.0, 2: 30.0, 3: 5.0}, {1: 1.0, 2: 10.0})

        assert found == spreads.Spread(median=2.5, least=2.0, most=3.0)

    def test_a_run_without_one_of_the_builds_has_no_sum(self) -> None:
        warm = ("tiny", Mode.WARM)
        measured = [row("dood"), row("dood", mode=Mode.WARM), row("dood", run=2)]

        assert spreads.together(measured, "wall_s", "dood", [BUILD, warm]) == {1: 2.0}

    def test_starts_count_once_for_each_build(self) -> None:
        measured = [row("dind-no-volume", mode=Mode.START, wall_s=seconds) for seconds in (2.0, 4.0)]

        assert spreads.starts(measured, "wall_s", "dind-no-volume", [BUILD, BUILD]) == {1: 6.0}

    def test_only_builds_that_both_ways_have_are_common(self) -> None:
        measured = [row("dood"), row("dood", mode=Mode.MOUNT), row("kaniko"), row("dood", project=NO_PROJECT)]

        assert spreads.common(measured, "dood", "kaniko") == [BUILD]

    def test_builds_are_in_the_order_of_projects_and_modes(self) -> None:
        measured = [
            row("dood", project="b", mode=Mode.WARM),
            row("dood", project="b"),
            row("dood", project="a"),
        ]

        assert spreads.builds(measured) == [("b", Mode.COLD), ("b", Mode.WARM), ("a", Mode.COLD)]


class TestDoodClaim:
    @pytest.mark.parametrize(
        ("share", "holds"), [(0.6, True), (0.5, True), (0.7, True), (0.95, False), (0.4, False)]
    )
    def test_about_40_percent_less_is_30_to_50(self, share: float, *, holds: bool) -> None:
        measured = [row("dood", wall_s=share), row("dind", wall_s=1.0)]

        assert finding(claims.resources(measured), "time", "dind").holds is holds

    def test_builds_of_a_run_are_taken_together(self) -> None:
        measured = [
            *(row("dood", mode=mode, cpu_s=3.0) for mode in (Mode.COLD, Mode.WARM)),
            row("dind", cpu_s=9.0),
            row("dind", mode=Mode.WARM, cpu_s=1.0),
        ]

        assert finding(claims.resources(measured), "CPU seconds", "dind").ratio.median == 0.6

    def test_memory_is_the_greatest_peak_of_a_run(self) -> None:
        measured = [
            row("dood", peak_mib=50.0),
            row("dood", mode=Mode.WARM, peak_mib=10.0),
            row("dind", peak_mib=20.0),
            row("dind", mode=Mode.WARM, peak_mib=100.0),
        ]

        found = finding(claims.resources(measured), "peak memory, the builder's own", "dind")
        assert found.ratio.median == 0.5

    def test_dind_s_memory_has_the_host_s_engine_at_rest_beside_it(self) -> None:
        measured = [
            row("dood", peak_mib=150.0),
            row("dood", project=NO_PROJECT, mode=Mode.IDLE, peak_mib=100.0),
            row("dind", peak_mib=150.0),
        ]

        found = finding(claims.resources(measured), "peak memory, with the host's engine", "dind")
        assert found.ratio.median == 0.6
        assert found.holds

    def test_a_daemon_that_does_not_stay_pays_for_its_start(self) -> None:
        measured = [
            row("dood", wall_s=3.0),
            row("dind-no-volume", wall_s=3.0),
            row("dind-no-volume", mode=Mode.START, wall_s=2.0),
        ]

        assert finding(claims.resources(measured), "time", "dind-no-volume").ratio.median == 0.6


class TestKanikoClaim:
    @pytest.mark.parametrize(
        ("times", "holds"), [(1.2, True), (1.3, True), (1.31, False), (1.0, False), (9.0, False)]
    )
    def test_it_holds_from_20_to_30_percent(self, times: float, *, holds: bool) -> None:
        measured = [row("kaniko", wall_s=times), row("dood", wall_s=1.0)]

        assert finding(claims.kaniko(measured), "cold", "dood").holds is holds

    def test_each_mode_is_compared_and_all_together(self) -> None:
        measured = [
            *(row("kaniko-cache", mode=mode, wall_s=2.0) for mode in (Mode.COLD, Mode.WARM)),
            row("dind", wall_s=2.0),
            row("dind", mode=Mode.WARM, wall_s=0.5),
        ]

        found = claims.kaniko(measured)
        assert {each.about: each.ratio.median for each in found} == {"cold": 1.0, "warm": 4.0, "all": 1.6}


class TestWarmRebuild:
    @pytest.mark.parametrize(("times", "holds"), [(1.1, True), (0.8, True), (1.11, False)])
    def test_dind_may_take_a_tenth_more(self, times: float, *, holds: bool) -> None:
        measured = [
            row("dind", mode=Mode.WARM, build_s=times, wall_s=2.0),
            row("dood", mode=Mode.WARM, build_s=1.0, wall_s=1.0),
        ]

        build, with_push = claims.warm(measured)
        assert (build.about, build.holds) == ("tiny: build", holds)
        assert (with_push.about, with_push.ratio.median) == ("tiny: build and push", 2.0)

    def test_other_modes_are_not_asked(self) -> None:
        assert claims.warm([row("dind"), row("dood")]) == []


class TestWords:
    @pytest.mark.parametrize(
        ("ratio", "noun", "said"),
        [
            (0.88, "", "12 % less"),
            (1.25, "time", "25 % more time"),
            (1.001, "", "the same"),
            (9.06, "", "9.1 times as much"),
            (2.0, "time", "2.0 times the time"),
        ],
    )
    def test_a_ratio_is_said_as_a_difference_or_a_multiple(self, ratio: float, noun: str, said: str) -> None:
        assert words.percent(ratio, noun) == said

    @pytest.mark.parametrize(
        ("holding", "said"),
        [
            ([True, True], "**It is so: it holds here**, in 2 of 2 comparisons."),
            ([True, False], "**It is so: it does not hold as a rule**, in 1 of 2 comparisons it does."),
            ([False, False], "**It is so: it does not hold here**, in none of 2 comparisons."),
            ([], "It is so: not measured."),
        ],
    )
    def test_a_verdict_is_plain(self, holding: list[bool], said: str) -> None:
        one = spreads.Spread(median=1.0, least=1.0, most=1.0)
        found = [claims.Finding(about="", of="", to="", ratio=one, holds=holds) for holds in holding]

        assert words.verdict(found, "It is so") == said

    def test_what_a_way_does_not_have_is_said_to_be_missing(self) -> None:
        measured = [row("dood", mode=Mode.MOUNT), row("kaniko")]
        column = ("cache mount, s", "wall_s", ("tiny", Mode.MOUNT))

        *_, kaniko = words.figures(measured, [column]).splitlines()

        assert kaniko == "| Kaniko, no cache | n/a |"

    def test_a_figure_shows_its_spread(self) -> None:
        measured = [row("dood", run=run, wall_s=seconds) for run, seconds in enumerate([1.0, 2.0, 12.0])]

        *_, dood = words.figures(measured, [("cold, s", "wall_s", BUILD)]).splitlines()

        assert dood == "| DooD: the host's engine | 2.00 (1.00 to 12.0) |"

    def test_controls_stand_in_no_table_of_ways(self) -> None:
        assert words.ways([row("dind-rsa"), row("dind"), row("dood")]) == ["dood", "dind"]


class TestReport:
    def test_rows_are_read_as_they_were_written(self, tmp_path: Path) -> None:
        written = [row("dood", wall_s=1.234), row("dind", project=NO_PROJECT, mode=Mode.IDLE)]
        rows.write(tmp_path / "builds.csv", written)

        assert rows.read(tmp_path / "builds.csv") == written

    def test_a_section_takes_the_place_of_the_one_between_the_markers(self) -> None:
        text = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"

        assert report.replaced(text, "new") == "before\nnew\nafter\n"

    def test_without_markers_nothing_is_replaced(self) -> None:
        with pytest.raises(ValueError, match="has no <!-- begin"):
            report.replaced("before and after", "new")

    def test_it_is_said_what_built_and_how_often(self) -> None:
        measured = [row("dood", builder="dockerd 1"), row("dind", run=2, builder="dockerd 1"), row("kaniko")]

        assert report.setting(measured) == (
            "2026-01-01, commit abc1234, 2 cores, 2 runs: dockerd 1 (dood, dind); a builder (kaniko)."
        )

    def test_a_plot_has_a_panel_for_each_project_and_resource(self) -> None:
        figure = plot.draw([row("dood"), row("kaniko"), row("dood", project="compile")])

        assert len(figure.axes) == 2 * len(plot.SHOWN)

    def test_the_readme_says_what_the_committed_figures_say(self) -> None:
        measured = rows.read(report.RESULTS / "builds.csv")

        assert report.section(measured) in (ROOT / "README.md").read_text()

    def test_the_committed_report_says_what_the_committed_figures_say(self) -> None:
        measured = rows.read(report.RESULTS / "builds.csv")

        assert (report.RESULTS / "builds.md").read_text() == report.document(measured)
