"""Whatever is changed behind Zelo's back is found, and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from tests.homes import Home, zelo

from zelo.registry.aliases import read_aliases, write_aliases
from zelo.registry.model_versions import set_aliases
from zelo.registry.verify import Finding, verify

MakeHome = Callable[[str], Home]


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    return make_home("replaced")


def broken(home: Home) -> list[Finding]:
    return [finding for finding in verify(home.store, home.name) if not finding.holds]


def only(home: Home) -> Finding:
    (finding,) = broken(home)
    return finding


def test_what_nobody_touched_holds(home: Home) -> None:
    findings = verify(home.store, home.name)
    assert all(finding.holds for finding in findings), findings
    subjects = [finding.subject for finding in findings]
    assert subjects[:2] == ["evidence", "aliases"]
    assert "champion (version 2) bundle" in subjects
    assert "previous (version 1) figures" in subjects
    assert zelo("verify", home.name).status == 0


def test_a_changed_record_is_found(home: Home) -> None:
    path = home.evidence / "0002.json"
    path.write_text(path.read_text(encoding="utf-8").replace("Ana", "Eva"), encoding="utf-8")
    assert "0003.json" in next(finding for finding in broken(home) if finding.subject == "evidence").detail


def test_a_changed_last_record_is_found(home: Home) -> None:
    path = home.evidence / "0004.json"
    path.write_text(path.read_text(encoding="utf-8").replace("Ana", "Eva"), encoding="utf-8")
    assert "0004.json" in next(finding for finding in broken(home) if finding.subject == "evidence").detail
    ran = zelo("verify", home.name, "--json")
    assert ran.status == 1
    assert ran.json["holds"] is False


def test_a_removed_record_is_found(home: Home) -> None:
    (home.evidence / "0004.json").unlink()
    assert "evidence" in [finding.subject for finding in broken(home)]


def test_a_tampered_bundle_is_found(home: Home) -> None:
    path = home.bundle_path("previous") / "policy.json"
    path.write_text(path.read_text(encoding="utf-8").replace("High", "Low!"), encoding="utf-8")
    finding = only(home)
    assert finding.subject == "previous (version 1)"
    assert "policy.json" in finding.detail


def test_a_bundle_in_the_place_of_another_is_found(home: Home) -> None:
    aliases = read_aliases(home.store.registry, home.name)
    aliases["champion"]["bundle"] = aliases["previous"]["bundle"]
    write_aliases(home.store.registry, home.name, aliases)
    finding = only(home)
    assert finding.subject == "champion (version 2) bundle"
    assert "not as in the evidence" in finding.detail


def test_a_tampered_snapshot_is_found(home: Home) -> None:
    snapshot = home.bundle("champion").manifest["snapshot"][:16]
    data = home.store.snapshots / home.name / snapshot / "data.parquet"
    data.write_bytes(data.read_bytes()[:-20])
    finding = only(home)
    assert finding.subject == "champion (version 2)"
    assert "snapshot" in finding.detail


def test_a_lost_snapshot_is_found(home: Home) -> None:
    shutil.rmtree(home.store.snapshots / home.name / home.bundle("previous").manifest["snapshot"][:16])
    assert only(home).subject == "previous (version 1)"


def test_figures_that_the_rows_do_not_give_are_found(home: Home) -> None:
    # The manifest must be sealed again for this lie, and so the evidence knows as well.
    path = home.bundle_path("champion")
    metrics = json.loads((path / "metrics.json").read_bytes())
    metrics["f1"]["value"] = 0.999
    from tests.registry.test_bundle import resealed

    lie = resealed(path, "metrics.json", json.dumps(metrics).encode())
    aliases = read_aliases(home.store.registry, home.name)
    aliases["champion"]["bundle"] = lie.name
    write_aliases(home.store.registry, home.name, aliases)
    subjects = {finding.subject: finding.detail for finding in broken(home)}
    assert set(subjects) == {"champion (version 2) bundle", "champion (version 2) figures"}
    assert "f1" in subjects["champion (version 2) figures"]


def test_an_alias_that_was_moved_in_mlflow_by_hand_is_found(home: Home) -> None:
    set_aliases(home.store.tracking_uri, home.name, {"champion": "1", "previous": "2"})
    finding = only(home)
    assert finding.subject == "aliases"
    assert "MLflow has champion 1, previous 2" in finding.detail


def test_a_champion_that_was_moved_everywhere_by_hand_is_found(home: Home) -> None:
    aliases = read_aliases(home.store.registry, home.name)
    swapped = {"champion": aliases["previous"], "previous": aliases["champion"]}
    write_aliases(home.store.registry, home.name, swapped)
    set_aliases(home.store.tracking_uri, home.name, {"champion": "1", "previous": "2"})
    finding = only(home)
    assert finding.subject == "aliases"
    assert "the last promotion in the evidence is of 2" in finding.detail


def test_a_lost_mlflow_is_found(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home.spec}/mlflow.db")
    finding = only(home)
    assert finding.subject == "aliases"
    assert "MLflow's registry cannot be used" in finding.detail


def test_after_a_rollback_all_holds(home: Home) -> None:
    assert zelo("rollback", home.name, "--reason", "complaints").status == 0
    assert broken(home) == []


def test_without_a_version_nothing_holds(home: Home) -> None:
    shutil.rmtree(home.store.registry)
    finding = only(home)
    assert (finding.subject, "zelo train" in finding.detail) == ("aliases", True)
