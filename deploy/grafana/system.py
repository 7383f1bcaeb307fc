"""System Overview: for managers, who ask whether it is up, used and still right."""

from __future__ import annotations

from deploy.grafana.panels import FAILED, REQUESTS, Board, Panel, increase, latest, or_none, rate

_FAILED = or_none(f"sum({increase('zelo_requests_total', 'project', FAILED)})")
_ASKED = f"sum({increase('zelo_requests_total', 'project', REQUESTS)})"
_ALARMS = f"sum by (project) ({latest('zelo_active_alarms', 'project, kind')})"

SYSTEM = Board(
    uid="zelo-system",
    title="Visão geral do sistema (System Overview)",
    about="Para quem responde pelo serviço: está no ar, é usado, e ainda acerta?",
    rows=(
        (
            Panel(
                "Disponibilidade no período",
                "percentunit",
                {"no ar": 'avg(avg_over_time(up{job="zelo"}[$__range]))'},
                "number",
                "Parte do tempo em que o Prometheus conseguiu ler /metrics, na média dos processos.",
            ),
            Panel(
                "Tempo no ar",
                "s",
                {"{{instance}}": 'time() - process_start_time_seconds{job="zelo"}'},
                "number",
            ),
            Panel(
                "Previsões no período",
                "short",
                {"{{project}}": increase("zelo_predictions_total", "project")},
                "number",
            ),
            Panel(
                "Requisições com falha (5xx)",
                "percentunit",
                {"falhas": f"{_FAILED} / {_ASKED}"},
                "number",
                "Sem as leituras de /metrics, /health e /ready. O recusado (4xx) não é falha do serviço.",
            ),
            Panel(
                "Alarmes ativos",
                "short",
                {"{{project}}": _ALARMS},
                "number",
                "No último zelo monitor: deriva, dados, tarefas e pisos de qualidade.",
            ),
        ),
        (
            Panel(
                "Versão que responde",
                "none",
                {"{{project}}: versão {{version}}": latest("zelo_model_info", "project, version")},
                "name",
            ),
            Panel(
                "Idade do modelo",
                "s",
                {"{{project}}": latest("zelo_model_age_seconds")},
                "number",
                "Desde o treino, no último zelo monitor.",
            ),
            Panel(
                "Desde o último zelo monitor",
                "s",
                {"{{project}}": f"time() - {latest('zelo_last_look_timestamp_seconds')}"},
                "number",
            ),
        ),
        (
            Panel(
                "Previsões por projeto",
                "cps",
                {"{{project}}": rate("zelo_predictions_total", "project")},
            ),
            Panel(
                "Qualidade com desfechos",
                "none",
                {
                    "{{project}} {{metric}}": latest(
                        "zelo_model_quality", "project, metric", ', kind="outcomes"'
                    ),
                    "{{project}} piso de {{metric}}": latest("zelo_quality_floor", "project, metric"),
                },
                about="Nas previsões cujo desfecho é conhecido; o piso é o do projeto (monitoring.floors).",
            ),
        ),
        (
            Panel(
                "Memória do processo",
                "bytes",
                {"{{instance}}": 'process_resident_memory_bytes{job="zelo"}'},
            ),
            Panel(
                "CPU do processo",
                "percentunit",
                {"{{instance}}": 'rate(process_cpu_seconds_total{job="zelo"}[$__rate_interval])'},
                about="Parte de um núcleo; acima de 100 % usa mais de um.",
            ),
        ),
    ),
)
