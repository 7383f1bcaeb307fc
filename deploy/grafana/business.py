"""Business: for analysts. Who is at risk, what was answered, and what it saved."""

from __future__ import annotations

from deploy.grafana.panels import PROJECT, Board, Panel, increase, latest, or_none

BUSINESS = Board(
    uid="zelo-business",
    title="Negócio (Business)",
    about="Para analistas: quem está em risco, o que foi respondido e o que isso poupou.",
    rows=(
        (
            Panel(
                "Em risco alto",
                "short",
                {
                    "{{project}}": latest("zelo_entities_at_risk"),
                    "{{project}}: limite": latest("zelo_entities_at_risk_limit"),
                },
                "number",
                "Clientes ou máquinas na faixa de risco do projeto ou acima dela (monitoring.at_risk). "
                "Acima do limite: HighChurnRisk.",
            ),
            Panel(
                "Previsões aceitas",
                "percentunit",
                {"{{project}}": latest("zelo_acceptance_ratio")},
                "number",
                "Das previsões com desfecho, as que disseram o mesmo que ele.",
            ),
            Panel(
                "Tempo poupado",
                "s",
                {"{{project}}": latest("zelo_labelling_saved_seconds")},
                "number",
                "Previsões aceitas vezes os minutos que cada uma poupa a uma pessoa "
                "(monitoring.minutes_by_hand), na janela do último zelo monitor.",
            ),
            Panel("Escore médio", "none", {"{{project}}": latest("zelo_mean_score")}, "number"),
            Panel(
                "Volume do último dia",
                "percentunit",
                {"{{project}}": latest("zelo_volume_ratio")},
                "number",
                "Em relação ao usual: 100 % é um dia como os outros.",
            ),
        ),
        (
            Panel(
                "Clientes ou máquinas por faixa",
                "short",
                {"{{project}} {{band}}": latest("zelo_entities", "project, band")},
                "stack",
                "Cada um conta uma vez, na faixa da sua última previsão na janela do zelo monitor.",
            ),
            Panel(
                "Previsões por faixa ou classe",
                "short",
                {
                    "{{project}} {{label}}": "sum by (project, label) "
                    f"(increase(zelo_predictions_total{{{PROJECT}}}[$__rate_interval]))"
                },
                "stack",
            ),
        ),
        (
            Panel(
                "Previsões no período, por faixa ou classe",
                "short",
                {"{{project}} {{label}}": increase("zelo_predictions_total", "project, label")},
                "number",
            ),
            Panel(
                "Tarefas que não rodaram",
                "short",
                {"tarefas": or_none(f"sum({latest('zelo_pipeline_missed')})")},
                "number",
                "Dos projetos que preveem semanas ou dias: dados ou previsão que falharam ou não vieram.",
            ),
        ),
    ),
)
