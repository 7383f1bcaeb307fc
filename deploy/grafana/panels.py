"""What the dashboards are made of: a panel is a title, a unit and queries; a dashboard is rows of panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models.common import (
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
)
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DataSourceRef,
    GridPos,
    VariableOption,
    VariableRefresh,
)

SOURCE = DataSourceRef(type_val="prometheus", uid="$datasource")
PROJECT = 'project=~"$project"'
REQUESTS = f'{PROJECT}, route!~"(.*/)?(metrics|health|ready)"'
FAILED = f'{REQUESTS}, status=~"5.."'
PREDICT = f'{PROJECT}, route=~".*/predict(/batch)?"'

_WIDTH = 24
_HEIGHTS = {"number": 4, "line": 8, "stack": 8, "name": 4}


def rate(metric: str, by: str, where: str = PROJECT) -> str:
    """How much a counter grows in a second."""
    return f"sum by ({by}) (rate({metric}{{{where}}}[$__rate_interval]))"


def increase(metric: str, by: str, where: str = PROJECT) -> str:
    """How much a counter grew in the time that is shown."""
    return f"sum by ({by}) (increase({metric}{{{where}}}[$__range]))"


def latest(metric: str, by: str = "project", more: str = "") -> str:
    """A gauge of the latest look: every process tells the same."""
    return f"max by ({by}) ({metric}{{{PROJECT}{more}}})"


def quantile(percent: int, metric: str, by: str, where: str = PROJECT) -> str:
    """The quantile of a histogram, estimated within its buckets."""
    return f"histogram_quantile(0.{percent}, {rate(f'{metric}_bucket', by, where)})"


def or_none(expression: str) -> str:
    """0 where nothing was counted yet: a counter's series begins with its first event."""
    return f"({expression} or vector(0))"


@dataclass(frozen=True)
class Panel:
    """``queries`` are by legend; ``unit`` is one of Grafana's; ``about`` says how to read it."""

    title: str
    unit: str
    queries: Mapping[str, str]
    kind: Literal["number", "line", "stack", "name"] = "line"
    about: str = ""


@dataclass(frozen=True)
class Board:
    """A dashboard for one reader; each row of panels shares the width."""

    uid: str
    title: str
    about: str
    rows: Sequence[Sequence[Panel]]


def built(board: Board) -> Dashboard:
    """The dashboard as Grafana reads it."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.about)
        .tags(["zelo"])
        .timezone("browser")
        .refresh("30s")
        .time("now-6h", "now")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(
            dashboard.DatasourceVariable("datasource")
            .label("Fonte")
            .type("prometheus")
            .current(VariableOption(selected=True, text="Prometheus", value="prometheus"))
        )
        .with_variable(
            dashboard.QueryVariable("project")
            .label("Projeto")
            .datasource(SOURCE)
            .query("label_values(zelo_model_info, project)")
            .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
            .multi(True)
            .include_all(True)
            .all_value(".*")
            .current(VariableOption(selected=True, text="All", value="$__all"))
        )
    )
    number, top = 1, 0
    for row in board.rows:
        width, height = _WIDTH // len(row), max(_HEIGHTS[panel.kind] for panel in row)
        for place, panel in enumerate(row):
            position = GridPos(h=height, w=width, x=place * width, y=top)
            made.with_panel(_panel(panel, number, position))
            number += 1
        top += height
    return made.build()


def _panel(panel: Panel, number: int, position: GridPos) -> stat.Panel | timeseries.Panel:
    builder = _line(panel) if panel.kind in {"line", "stack"} else _number(panel)
    builder.id(number).title(panel.title).description(panel.about)
    builder.datasource(SOURCE).unit(panel.unit).grid_pos(position)
    for place, (legend, expression) in enumerate(panel.queries.items()):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(chr(ord("A") + place))
        builder.with_target(query.range() if panel.kind in {"line", "stack"} else query.instant())
    return builder


def _line(panel: Panel) -> timeseries.Panel:
    legend = (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    made = timeseries.Panel().legend(legend).fill_opacity(8)
    if panel.kind == "stack":
        made.fill_opacity(40).stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    return made


def _number(panel: Panel) -> stat.Panel:
    mode = BigValueTextMode.NAME if panel.kind == "name" else BigValueTextMode.AUTO
    return stat.Panel().text_mode(mode).reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
