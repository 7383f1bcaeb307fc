"""A challenger's part of the traffic, from the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.homes import NAME, Home, answered, pumps, zelo

MakeHome = Callable[[str], Home]


def test_a_canary_is_started_read_moved_on_and_promoted(make_home: MakeHome) -> None:
    home = make_home("retrained")
    told = answered("promote", NAME, "--canary", "30,60", "--reason", "let us see", "--json").json
    assert told["champion"] == "1"
    assert (told["traffic"]["mode"], told["traffic"]["share"], told["traffic"]["next"]) == ("canary", 30, 60)
    assert len(told["gates"]) == 8
    assert told["replay"]["challenger"] == "2"

    rows = home.file("new.csv", pumps(60, seed=5).drop(columns="Failed"))
    predicted = answered("predict", NAME, "--input", rows, "--output", home.root / "out.csv", "--json").json
    assert predicted["model_version"] == "1, 2"

    told = answered("traffic", NAME, "--json").json
    assert set(told["answered"]) == {"1", "2"}
    assert sum(told["answered"].values()) == 60
    assert 5 < told["answered"]["2"] < 35
    shown = answered("traffic", NAME).out
    assert "pumps: canary since" in shown
    assert "by Ana: let us see" in shown
    assert "next step: 60 %" in shown

    assert answered("traffic", NAME, "--step", "--reason", "well", "--json").json["traffic"]["share"] == 60
    told = answered("traffic", NAME, "--step", "--reason", "well", "--json").json
    assert (told["champion"], told["traffic"]) == ("2", None)
    assert home.aliases() == {"champion": "2", "previous": "1"}
    assert "pumps: version 2 answers alone" in answered("traffic", NAME).out
    assert "began to answer 60% of the traffic" in " ".join(answered("history", NAME).out.split())


@pytest.mark.parametrize(
    ("option", "mode", "share"), [(["--shadow"], "shadow", 0), (["--split", 40], "split", 40)]
)
def test_a_shadow_and_a_split_last_until_somebody_ends_them(
    make_home: MakeHome, option: list[str], mode: str, share: int
) -> None:
    home = make_home("retrained")
    shown = answered("promote", NAME, *option).out
    assert f"pumps: {mode} since" in shown
    found = answered("traffic", NAME, "--json").json["traffic"]
    assert (found["mode"], found["share"], found["next"]) == (mode, share, None)
    ran = zelo("traffic", NAME, "--step", "--reason", "on", "--json")
    assert (ran.status, ran.json["error"]["kind"]) == (2, "RegistryError")
    assert answered("traffic", NAME, "--stop", "--reason", "seen", "--json").json["traffic"] is None
    assert home.aliases() == {"champion": "1", "challenger": "2"}
    with home.workspace.ledger() as ledger:
        assert [event.payload["what"] for event in ledger.events(NAME, kind="traffic")] == [
            "ended",
            "started",
        ]


def test_a_new_champion_is_watched_where_the_project_says_so(make_home: MakeHome) -> None:
    home = make_home("retrained")
    spec = home.spec.read_text(encoding="utf-8")
    home.spec.write_text(spec + "retraining: {rollback: {watched: 7d}}\n", encoding="utf-8")
    assert "version 1 scores every row beside it for 7d" in answered("promote", NAME).out
    found = answered("traffic", NAME, "--json").json["traffic"]
    assert (found["mode"], found["version"]) == ("watch", "1")
    assert answered("rollback", NAME, "--reason", "worse", "--json").json["champion"] == "1"
    assert answered("traffic", NAME, "--json").json["traffic"] is None
    with home.workspace.ledger() as ledger:
        (event,) = ledger.events(NAME, kind="rollback")
    assert event.payload["why"] == "person"


@pytest.mark.parametrize(
    "options",
    [
        ["--canary", "25,5"],
        ["--canary", "0,5"],
        ["--canary", "5,200"],
        ["--canary", "five"],
        ["--canary", "5,25", "--shadow"],
        ["--split", "101"],
    ],
)
def test_shares_that_make_no_sense_are_refused(make_home: MakeHome, options: list[str]) -> None:
    home = make_home("retrained")
    before = home.contents()
    assert zelo("promote", NAME, *options).status == 2
    assert zelo("traffic", NAME, "--step").status == 2
    assert zelo("traffic", NAME, "--step", "--stop", "--reason", "?").status == 2
    assert home.contents() == before
