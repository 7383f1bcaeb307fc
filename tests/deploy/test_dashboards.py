"""The dashboards' files, without a Grafana: made from the code, laid out, and asking what exists."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from deploy.grafana.__main__ import BOARDS, FOLDER, written
from tests.deploy.monitors import RULES, read

PROVISIONING = FOLDER.parent / "provisioning"
FILES = sorted(FOLDER.glob("*.json"))


def dashboard(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_files_are_what_the_code_makes() -> None:
    """Where this fails: python -m deploy.grafana."""
    assert {path.name: path.read_text(encoding="utf-8") for path in FILES} == written()
    assert len(BOARDS) == 4


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_panels_have_a_place_of_their_own_a_unit_and_a_title(path: Path) -> None:
    panels = dashboard(path)["panels"]
    titles = [panel["title"] for panel in panels]

    assert len(set(titles)) == len(titles)
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["fieldConfig"]["defaults"]["unit"] for panel in panels)
    for one, other in combinations((panel["gridPos"] for panel in panels), 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        under = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or under
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_panel_of_one_number_asks_once_and_a_line_asks_along_the_time(path: Path) -> None:
    for panel in dashboard(path)["panels"]:
        for target in panel["targets"]:
            assert target["instant"] is (panel["type"] == "stat")


def test_every_dashboard_is_asked_by_the_source_that_is_provisioned() -> None:
    (source,) = read(PROVISIONING / "datasources" / "prometheus.yml")["datasources"]
    (provider,) = read(PROVISIONING / "dashboards" / "zelo.yml")["providers"]

    assert (source["type"], source["isDefault"], provider["type"]) == ("prometheus", True, "file")
    for path in FILES:
        board = dashboard(path)
        variables = {one["name"]: one for one in board["templating"]["list"]}
        assert variables["datasource"]["current"]["value"] == source["uid"]
        assert set(variables) == {"datasource", "project"}
        used = set(re.findall(r"\$(\w+)", json.dumps(board["panels"])))
        assert used <= {"datasource", "project", "__range", "__rate_interval"}


def test_rates_are_of_windows_that_hold_four_scrapes() -> None:
    """Grafana's $__rate_interval is four times the source's timeInterval, at least."""
    (source,) = read(PROVISIONING / "datasources" / "prometheus.yml")["datasources"]
    scraped = read(RULES[0].parents[1] / "prometheus.yml")["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scraped
