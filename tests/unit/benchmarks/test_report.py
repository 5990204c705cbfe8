"""The benchmarks' report: it says missed where a goal is missed, and draws what was measured."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks import page
from benchmarks.chart import Line, draw
from benchmarks.goals import GOALS, MILLION, Goal, judged, pick
from benchmarks.process import medians

AT_MOST = Goal("peak", lambda results: results.get("peak"), 500, "{:.0f} MiB")
AT_LEAST = Goal("faster", lambda results: results.get("times"), 30, "{:.1f} times", at_least=True)


def engine_entry(*, rows, shape="many", seconds=1.0, times_join=2.0, peak_mib=100):
    run = {"read_seconds": 1.0, "seconds": seconds, "peak_mib": peak_mib, "f1": 1.0,
           "planted_found": 1.0}  # fmt: skip
    return {"rows": rows, "shape": shape, "runs": 3, "engine": run, "times_join": times_join,
            "join": {"seconds": seconds / times_join, "peak_mib": 50},
            "times_join_with_files": 1.5}  # fmt: skip


def results(*measured):
    return {"engine": {"date": "2026-03-16", "revision": "abc", "measured": list(measured)}}


def verdict(words, found):
    return next(row[-1] for row in judged(found) if words in row[0])


class TestJudging:
    @pytest.mark.parametrize(
        ("goal", "found", "expected"),
        [
            (AT_MOST, {"peak": 499}, ("499 MiB", "reached")),
            (AT_MOST, {"peak": 500}, ("500 MiB", "reached")),
            (AT_MOST, {"peak": 501}, ("501 MiB", "**missed**")),
            (AT_LEAST, {"times": 30.0}, ("30.0 times", "reached")),
            (AT_LEAST, {"times": 12.1}, ("12.1 times", "**missed**")),
            (AT_LEAST, {}, ("", "not measured")),
        ],
    )
    def test_a_goal_says_what_was_seen_and_whether_that_is_enough(self, goal, found, expected):
        assert goal.judge(found) == expected

    def test_a_small_run_judges_no_goal_about_a_million(self):
        small = results(engine_entry(rows=10_000))

        assert {row[-1] for row in judged(small)} == {"not measured"}

    def test_growth_and_one_instrument_are_ratios_of_the_engines_own_runs(self):
        found = results(
            engine_entry(rows=MILLION // 10, seconds=1.0),
            engine_entry(rows=MILLION, seconds=12.5),
            engine_entry(rows=MILLION, seconds=20.0, shape="one"),
        )

        assert verdict("at 1M over those at 100k", found) == "**missed**"
        assert verdict("one instrument", found) == "reached"

    def test_pick_takes_the_entry_of_that_size_and_shape(self):
        found = results(
            engine_entry(rows=MILLION, shape="one", times_join=9), engine_entry(rows=MILLION)
        )

        assert pick(found, "engine", "times_join", shape="many") == 2.0
        assert pick(found, "engine", "times_join", shape="neither") is None


def test_medians_are_taken_of_nested_numbers_and_texts_are_kept():
    runs = [{"seconds": each, "steps": {"read": 10 * each}, "shape": "many"} for each in (3, 1, 2)]

    assert medians(runs) == {"seconds": 2, "steps": {"read": 20}, "shape": "many"}


class TestPage:
    def test_every_goal_is_on_the_page_with_its_verdict(self):
        text = page.markdown(results(engine_entry(rows=MILLION, times_join=5.1)))
        line = next(line for line in text.splitlines() if "join's, in memory" in line)

        assert all(goal.words in text for goal in GOALS)
        assert line.endswith("| at most 5.0 times | 5.1 times | **missed** |")

    def test_a_section_that_could_not_be_measured_says_why(self):
        text = page.markdown({"splink": {"skipped": "Splink is not installed.", "measured": []}})

        assert "Splink is not installed." in text

    def test_a_section_of_another_module_shows_all_its_figures(self):
        ingest = {"date": "2026-03-16", "revision": "abc",
                  "measured": [{"rows": 1_000, "copy": {"seconds": 1.5}}]}  # fmt: skip
        text = page.markdown({"ingest": ingest})

        assert "| copy: seconds | 1.5 |" in text

    def test_the_chart_is_well_formed_and_names_every_line(self):
        lines = [Line(0, "engine & co", [(1e4, 0.3), (1e6, 9)]), Line(1, "a point", [(1e5, 2)])]
        svg = ET.fromstring(draw("t", lines, x_title="x", y_title="y"))  # noqa: S314  our own text

        assert {"engine & co", "a point", "10k", "100k", "1M"} <= set(svg.itertext())

    def test_a_page_without_measurements_has_no_chart(self, tmp_path):
        page.write({}, tmp_path)

        assert "not measured" in (tmp_path / "performance.md").read_text()
        assert not (tmp_path / "performance.svg").exists()
