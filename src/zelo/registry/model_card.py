"""The model card that each training writes, in the project's language.

Source: Mitchell et al., "Model cards for model reporting", FAT* 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from zelo.data.snapshot import Snapshot
from zelo.registry.by_class import ClassReport
from zelo.registry.compiled import Compiled
from zelo.registry.forecast_card import beside_baseline, horizons, intervals, over_seeds
from zelo.registry.markdown import share, table
from zelo.registry.parity import Certificate
from zelo.spec.project import LATENCY, Project
from zelo.stats.metrics import point
from zelo.training.train import Trained

WORDS: dict[str, dict[str, str]] = {
    "pt-BR": {
        "synthetic": "**Os dados deste modelo são SINTÉTICOS: gerados por programa, não observados.**",
        "model": "Modelo", "trained": "Treinado em", "data": "Dados", "rows": "linhas",
        "target": "Alvo", "use": "Entradas", "field": "Campo", "unit": "Unidade", "meaning": "Significado",
        "range": "Faixa ou valores", "importance": "Importância", "quality": "Qualidade no conjunto de teste",
        "metric": "Métrica", "value": "Valor", "interval": "Intervalo de 95 %",
        "baseline": "Referência ingênua",
        "slice": "Recorte",
        "by_class": "Por classe", "class": "Classe", "critical": "crítica", "precision": "Precisão",
        "test_rows": "Linhas de teste", "coverage": "Cobertura no teste",
        "by_class_text": "Fora da amostra, com intervalos de 95 %. Os erros estão em `errors.html`.",
        "sets": "O conjunto de cada resposta promete conter a classe verdadeira em {promised} dos casos; "
        "no teste (cobertura; tamanho médio): {kept}.",
        "choice": "Por que este candidato", "candidate": "Candidato",
        "candidates": "Candidatos, fora da amostra",
        "picked": "**Escolhido à mão; a comparação teria ficado com {instead_of}.**",
        "decision": "Decisão", "threshold": "Limiar", "above": "Acima de", "band": "Faixa",
        "recommendation": "Recomendação", "runtime": "Compilação", "limits": "Limites",
        "serves": "Quem responde (µs de uma chamada, por número de linhas)",
        "limits_text": "O modelo vale para linhas que cumprem o contrato e se parecem com as do treino. "
        "As métricas vêm de {test} linhas de teste, abertas uma única vez.",
        "source": "Origem", "licence": "Licença",
        "history": "os últimos {n} valores do alvo",
    },
    "en": {
        "synthetic": "**The data of this model are SYNTHETIC: made by a program, not observed.**",
        "model": "Model", "trained": "Trained at", "data": "Data", "rows": "rows",
        "target": "Target", "use": "Inputs", "field": "Field", "unit": "Unit", "meaning": "Meaning",
        "range": "Range or values", "importance": "Importance", "quality": "Quality on the test set",
        "metric": "Metric", "value": "Value", "interval": "95 % interval", "baseline": "Naive baseline",
        "slice": "Slice",
        "by_class": "By class", "class": "Class", "critical": "critical", "precision": "Precision",
        "test_rows": "Test rows", "coverage": "Coverage on the test set",
        "by_class_text": "Out of fold, with 95 % intervals. The errors are in `errors.html`.",
        "sets": "The set of each answer promises to hold the true class in {promised} of all cases; "
        "on the test set (coverage; mean size): {kept}.",
        "choice": "Why this candidate", "candidates": "Candidates, out of fold", "candidate": "Candidate",
        "picked": "**Picked by hand; the comparison would have taken {instead_of}.**",
        "decision": "Decision", "threshold": "Threshold", "above": "Above", "band": "Band",
        "recommendation": "Recommendation", "runtime": "Compilation", "limits": "Limits",
        "serves": "What answers (µs of a call, by its rows)",
        "limits_text": "The model holds for rows that keep the contract and resemble those of the training. "
        "The metrics come from {test} test rows, opened once.",
        "source": "Source", "licence": "Licence",
        "history": "the target's last {n} values",
    },
}  # fmt: skip


def model_card(
    trained: Trained,
    compiled: Compiled,
    importances: Mapping[str, float],
    report: ClassReport | None,
    snapshot: Snapshot,
    *,
    created: datetime,
) -> str:
    """The card as Markdown."""
    project = trained.project
    words = WORDS[project.language]
    sections = [
        f"# {project.title}",
        *([words["synthetic"]] if snapshot.synthetic else []),
        _facts(trained, snapshot, created, words),
        f"## {words['use']}",
        _inputs(project, importances, words),
        f"## {words['quality']}",
        _quality(trained, words),
        *horizons(trained),
        *intervals(trained),
        *_classes(trained, report, words),
        *_slices(trained, words),
        f"## {words['choice']}",
        *_picked(trained, words),
        trained.comparison.why + ".",
        f"## {words['candidates']}",
        _candidates(trained, words),
        *beside_baseline(trained),
        *over_seeds(trained),
        *_decision(trained, words),
        f"## {words['runtime']}",
        _parity(compiled.certificate),
        *_paces(compiled, words),
        f"## {words['limits']}",
        words["limits_text"].format(test=len(trained.test.truth)),
    ]
    return "\n\n".join(sections) + "\n"


def _facts(trained: Trained, snapshot: Snapshot, created: datetime, words: Mapping[str, str]) -> str:
    project = trained.project
    lines = [
        f"- {words['model']}: {trained.comparison.winner.name} ({project.task.kind})",
        f"- {words['target']}: `{project.task.target}`"
        + (f", {project.task.meaning}" if project.task.meaning else ""),
        f"- {words['trained']}: {created.isoformat(timespec='seconds')}",
        f"- {words['data']}: {snapshot.rows} {words['rows']}, snapshot `{snapshot.hash[:16]}`",
    ]
    for source in snapshot.sources:
        origin = source.get("publisher") or source["origin"]
        licence = f"; {words['licence']}: {source['licence']}" if source.get("licence") else ""
        lines.append(f"- {words['source']}: {source['file']} ({origin}){licence}")
    return "\n".join(lines)


def _inputs(project: Project, importances: Mapping[str, float], words: Mapping[str, str]) -> str:
    rows = []
    for name, field in project.inputs.items():
        if name in project.lags:
            continue
        bounds = ", ".join(field.values) if field.values else _range(field.min, field.max)
        weight = f"{importances[name]:.4f}" if name in importances else ""
        rows.append((f"`{name}`", field.unit or "", field.meaning or "", bounds, weight))
    if lags := list(project.lags):
        meaning = words["history"].format(n=len(lags))
        weight = f"{importances[project.history_name]:.4f}"
        rows.append((f"`{lags[0]}` … `{lags[-1]}`", project.task.unit or "", meaning, "", weight))
    rows.extend((f"`{name}`", "", f"`{text}`", "", "") for name, text in project.derived.items())
    heads = (words["field"], words["unit"], words["meaning"], words["range"], words["importance"])
    return table(heads, rows)


def _quality(trained: Trained, words: Mapping[str, str]) -> str:
    naive = point(trained.baseline, list(trained.metrics))
    rows = [
        (name, f"{found.value:.4f}", f"[{found.low:.4f}, {found.high:.4f}]", f"{naive[name]:.4f}")
        for name, found in trained.metrics.items()
    ]
    return table((words["metric"], words["value"], words["interval"], words["baseline"]), rows)


def _classes(trained: Trained, report: ClassReport | None, words: Mapping[str, str]) -> list[str]:
    """Several classes one by one; two are in the metrics already."""
    if report is None or trained.project.task.kind != "multiclass":
        return []
    rows = []
    for one in report.classes:
        known, tested = one.out_of_fold, one.test
        figures = (share(known.precision), share(known.recall), share(known.f1))
        name = f"{one.label} ({words['critical']})" if one.critical else str(one.label)
        coverage = [] if one.sets is None else [share(one.sets.coverage)]
        rows.append((name, str(known.support), *figures, str(tested.support), *coverage))
    heads = [words["class"], words["rows"], words["precision"], "Recall", "F1", words["test_rows"]]
    parts = [f"### {words['by_class']}", words["by_class_text"]]
    if report.sets is not None:
        heads.append(words["coverage"])
        promised = f"{trained.policy.coverage:.0%}"
        kept = f"{share(report.sets.coverage)}; {report.sets.size:.2f}"
        parts.append(words["sets"].format(promised=promised, kept=kept))
    return [*parts, table(heads, rows)]


def _slices(trained: Trained, words: Mapping[str, str]) -> list[str]:
    measured = [item for item in trained.slices if item.metrics is not None]
    if not measured:
        return []
    primary = trained.project.select.primary
    rows = []
    for item in measured:
        assert item.metrics is not None
        found = item.metrics[primary]
        interval = f"[{found.low:.4f}, {found.high:.4f}]"
        rows.append((f"{item.field} = {item.value}", str(item.rows), f"{found.value:.4f}", interval))
    return [table((words["slice"], words["rows"], primary, words["interval"]), rows)]


def _candidates(trained: Trained, words: Mapping[str, str]) -> str:
    metrics = trained.project.select.measured
    rows = [
        (item.name, *(f"{item.metrics[name].value:.4f}" for name in metrics), f"{item.latency_ms:.2f}")
        for item in trained.comparison.ranked
    ]
    return table((words["candidate"], *metrics, LATENCY), rows)


def _picked(trained: Trained, words: Mapping[str, str]) -> list[str]:
    instead_of = trained.comparison.instead_of
    return [words["picked"].format(instead_of=instead_of)] if instead_of else []


def _decision(trained: Trained, words: Mapping[str, str]) -> list[str]:
    policy = trained.policy
    if policy.kind != "binary":
        return []
    parts = [f"## {words['decision']}", f"{words['threshold']}: {policy.threshold:.4f}"]
    if policy.bands:
        rows = [
            ("" if band.above is None else f"{band.above:g}", band.label, band.recommendation or "")
            for band in policy.bands
        ]
        parts.append(table((words["above"], words["band"], words["recommendation"]), rows))
    return parts


def _parity(certificate: Certificate) -> str:
    lines = [f"{certificate.reason} ({certificate.tolerance:g})."]
    lines += [
        f"- {case.name}: {case.rows}, {case.largest_difference:.1e}, {case.decisions_changed}"
        for case in certificate.cases
    ]
    return "\n".join(lines)


def _paces(compiled: Compiled, words: Mapping[str, str]) -> list[str]:
    """What was chosen for how many rows, and by which measurements; nothing where there was no choice."""
    if not compiled.steps:
        return []
    taken = "; ".join(
        f"{name}: {', '.join(f'{rows}: {microseconds:.0f}' for rows, microseconds in found.items())}"
        for name, found in compiled.paces.items()
    )
    return [f"{words['serves']}: **{compiled.predictor.runtime}** ({taken})."]


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return f"{'' if low is None else f'{low:g}'} – {'' if high is None else f'{high:g}'}"
