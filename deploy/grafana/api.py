"""API Health: for the people on call. How much, how fast, what fails and where."""

from __future__ import annotations

from deploy.grafana.panels import (
    FAILED,
    PREDICT,
    PROJECT,
    REQUESTS,
    Board,
    Panel,
    or_none,
    quantile,
    rate,
)

_DURATION = "zelo_request_duration_seconds", "le", PREDICT
_COMMIT = "zelo_ledger_commit_seconds", "le"
_VERSION = "project, version"
_FAILED = or_none(f"sum({rate('zelo_requests_total', 'project', FAILED)})")
_ASKED = f"sum({rate('zelo_requests_total', 'project', REQUESTS)})"
_BATCHES = f"sum({rate('zelo_batch_rows_sum', 'project')}) / sum({rate('zelo_batch_rows_count', 'project')})"
_MODEL = f"{rate('zelo_model_seconds_total', _VERSION)} / {rate('zelo_model_rows_total', _VERSION)}"


API = Board(
    uid="zelo-api",
    title="Saúde da API (API Health)",
    about="Para o plantão: quanto, com que demora, o que falha e onde.",
    rows=(
        (
            Panel(
                "Requisições",
                "reqps",
                {"total": _ASKED},
                "number",
            ),
            Panel(
                "Falhas (5xx)",
                "percentunit",
                {"falhas": f"{_FAILED} / {_ASKED}"},
                "number",
                "Acima de 5 % por 5 minutos: HighErrorRate.",
            ),
            Panel(
                "p95 das previsões",
                "s",
                {"p95": quantile(95, *_DURATION)},
                "number",
                "Acima de 500 ms por 5 minutos: HighLatency.",
            ),
            Panel(
                "Em andamento",
                "short",
                {"requisições": 'sum(zelo_requests_in_progress{job="zelo"})'},
                "number",
            ),
            Panel(
                "Registro (ledger) acessível",
                "bool_yes_no",
                {"{{project}}": f"min by (project) (zelo_ledger_up{{{PROJECT}}})"},
                "number",
            ),
        ),
        (
            Panel(
                "Requisições por rota",
                "reqps",
                {"{{route}}": rate("zelo_requests_total", "route", REQUESTS)},
                "stack",
            ),
            Panel(
                "Requisições por status",
                "reqps",
                {"{{status}}": rate("zelo_requests_total", "status", REQUESTS)},
                "stack",
            ),
        ),
        (
            Panel(
                "Demora das previsões",
                "s",
                {f"p{share}": quantile(share, *_DURATION) for share in (50, 95, 99)},
                about="Do primeiro byte recebido ao último enviado. Estimada dos intervalos do histograma.",
            ),
            Panel(
                "Problemas por código",
                "reqps",
                {"{{code}}": rate("zelo_request_problems_total", "code")},
                about="O código estável do documento de problema (RFC 9457).",
            ),
        ),
        (
            Panel(
                "Linhas recusadas",
                "cps",
                {"{{project}}": rate("zelo_rows_refused_total", "project")},
                about="Linhas que quebram o contrato; as outras do mesmo lote são respondidas.",
            ),
            Panel(
                "O que quebra o contrato",
                "cps",
                {"{{field}}: {{fault}}": rate("zelo_field_faults_total", "field, fault")},
                about="missing: ausente; type: outro tipo; range: fora dos limites; category: fora da lista; "
                "unknown: campo que não existe.",
            ),
            Panel(
                "Campos em outra ordem",
                "reqps",
                {"{{project}}": rate("zelo_requests_reordered_total", "project")},
                about="Não muda a resposta; uma mudança diz que quem chama mudou.",
            ),
        ),
        (
            Panel(
                "Linhas por transação",
                "short",
                {"média": _BATCHES},
                about="Quantas linhas esperavam juntas: cresce com a carga.",
            ),
            Panel(
                "Gravação no registro (ledger)",
                "s",
                {f"p{share}": quantile(share, *_COMMIT) for share in (50, 95, 99)},
            ),
            Panel(
                "Tempo do modelo por linha",
                "s",
                {"{{project}} versão {{version}}": _MODEL},
            ),
        ),
        (
            Panel("Memória", "bytes", {"{{instance}}": 'process_resident_memory_bytes{job="zelo"}'}),
            Panel(
                "CPU",
                "percentunit",
                {"{{instance}}": 'rate(process_cpu_seconds_total{job="zelo"}[$__rate_interval])'},
            ),
            Panel("Arquivos abertos", "short", {"{{instance}}": 'process_open_fds{job="zelo"}'}),
            Panel("Tempo no ar", "s", {"{{instance}}": 'time() - process_start_time_seconds{job="zelo"}'}),
        ),
    ),
)
