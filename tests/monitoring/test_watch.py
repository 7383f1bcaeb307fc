from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from zelo.errors import SpecError
from zelo.ledger.store import Ledger
from zelo.monitoring import watch
from zelo.monitoring.watch import PARTIAL_TRUTH, SYNTHETIC

from .fakes import NOW, SINCE, UNTIL, VERSION, Scene, make_bundle, make_project


def test_a_report_is_json(scene: Scene) -> None:
    records = scene.answer(200)
    scene.tell(records[:100], scene.draw(records[:100]))

    report = scene.report()
    read = json.loads(json.dumps(report.as_dict(), allow_nan=False))

    assert (read["project"], read["version"], read["made_at"]) == ("pumps", VERSION, NOW.isoformat())
    assert read["since"] == "2026-01-01T00:00:00+00:00"
    assert read["volume"]["periods"][0] == {"start": "2026-01-01T00:00:00+00:00", "rows": 7}
    assert read["quality"]["figures"][0]["metric"] == "f1"
    assert read["drift"]["fields"][0]["field"] == "age"
    assert read["notes"] == [PARTIAL_TRUTH]


def test_of_a_large_window_the_newest_rows_are_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    records = scene.answer(200)
    monkeypatch.setattr(watch, "MOST_READ", 150)

    report = scene.report()

    assert report.volume.rows == 150
    assert report.volume.first == records[50].at
    assert report.notes == (watch.NEWEST,)


def test_an_empty_window_is_a_report_all_the_same(scene: Scene) -> None:
    report = scene.report()

    json.dumps(report.as_dict(), allow_nan=False)
    assert report.volume.rows == 0
    assert (report.quality.predictions, report.quality.share) == (0, None)
    assert len(report.quality.figures) == 5
    assert len(report.drift.fields) == 4


def test_the_same_ledger_gives_the_same_report(scene: Scene) -> None:
    records = scene.answer(200)
    scene.tell(records, scene.draw(records))

    assert scene.report() == scene.report()


def test_a_model_of_synthetic_data_is_called_so(ledger: Ledger, tmp_path: Path) -> None:
    report = Scene(ledger, make_bundle(tmp_path / "bundle", make_project(), synthetic=True)).report()

    assert report.synthetic
    assert report.notes == (SYNTHETIC,)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (UNTIL, SINCE),
        (SINCE, SINCE),
        (SINCE.replace(tzinfo=None), UNTIL),
        (SINCE, UNTIL.replace(tzinfo=None)),
    ],
)
def test_a_window_that_is_none_is_refused(scene: Scene, since, until) -> None:
    with pytest.raises(SpecError, match="--since and --until"):
        scene.report(since=since, until=until)


def test_outcomes_of_another_window_are_left_alone(scene: Scene) -> None:
    records = scene.answer(100)
    scene.tell(records, scene.draw(records))

    later = scene.report(since=UNTIL, until=UNTIL + timedelta(days=1))

    assert (later.volume.rows, later.quality.outcomes) == (0, 0)
