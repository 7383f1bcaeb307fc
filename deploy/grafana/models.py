"""ML Metrics: for data scientists. Quality, drift, data and the two versions of a divided traffic."""

from __future__ import annotations

from deploy.grafana.panels import Board, Panel, latest, or_none, quantile, rate


def _kind(kind: str) -> str:
    return latest("zelo_model_quality", "project, metric", f', kind="{kind}"')


_NUMBERS = "f1|f2|roc_auc|precision|recall"
_SCORES = "zelo_prediction_score", "project, version, le"

MODELS = Board(
    uid="zelo-models",
    title="Métricas dos modelos (ML Metrics)",
    about="Para quem faz os modelos: qualidade, deriva, dados e as versões que dividem o tráfego.",
    rows=(
        (
            Panel(
                "F1, F2, ROC-AUC, precisão e revocação",
                "none",
                {
                    "{{project}} {{metric}}": latest(
                        "zelo_model_quality", "project, metric", f', kind="outcomes", metric=~"{_NUMBERS}"'
                    )
                },
                "number",
                "Nas previsões com desfecho.",
            ),
            Panel(
                "Desfechos medidos", "short", {"{{project}}": latest("zelo_outcomes", "project")}, "number"
            ),
            Panel(
                "Duração do treino",
                "s",
                {"{{project}}": latest("zelo_training_duration_seconds", "project")},
                "number",
            ),
            Panel(
                "Linhas do treino",
                "short",
                {"{{project}}": latest("zelo_training_rows", "project")},
                "number",
            ),
        ),
        (
            Panel(
                "Qualidade com desfechos, e seu intervalo de 95 %",
                "none",
                {
                    "{{project}} {{metric}}": _kind("outcomes"),
                    "{{project}} {{metric}} de": latest(
                        "zelo_model_quality_low", "project, metric", ', kind="outcomes"'
                    ),
                    "{{project}} {{metric}} a": latest(
                        "zelo_model_quality_high", "project, metric", ', kind="outcomes"'
                    ),
                    "{{project}} piso de {{metric}}": latest("zelo_quality_floor", "project, metric"),
                },
            ),
            Panel(
                "Estimada sem desfechos, ao lado do teste",
                "none",
                {
                    "{{project}} {{metric}} estimada": _kind("estimated"),
                    "{{project}} {{metric}} teste": _kind("test"),
                },
                about="Pela confiança do modelo (CBPE) ou pelo erro (DLE); zelo monitor diz o que supõe.",
            ),
        ),
        (
            Panel(
                "Evidência de deriva e orçamento de alarmes",
                "s",
                {
                    "{{project}} evidência": latest("zelo_drift_wealth_seconds", "project"),
                    "{{project}} alarme em": latest("zelo_drift_threshold_seconds", "project"),
                },
                about="Tempo entre dois alarmes falsos. O alarme vem quando a evidência chega ao orçamento.",
            ),
            Panel(
                "Campos em alarme",
                "short",
                {"{{project}} {{field}}": latest("zelo_drift_alarm", "project, field")},
            ),
            Panel(
                "PSI por campo",
                "none",
                {
                    "{{project}} {{field}}": latest(
                        "zelo_drift_statistic", "project, field", ', statistic="psi"'
                    )
                },
                about="Diagnóstico, nunca alarme. KS, qui-quadrado e Wasserstein estão na mesma métrica.",
            ),
        ),
        (
            Panel(
                "Ausentes por campo",
                "percentunit",
                {"{{project}} {{field}}": latest("zelo_missing_share", "project, field")},
            ),
            Panel(
                "Categorias ou palavras novas",
                "percentunit",
                {"{{project}} {{field}}": latest("zelo_unseen_share", "project, field")},
            ),
            Panel(
                "Fora do contrato, no registro",
                "percentunit",
                {"{{project}} {{field}}": latest("zelo_invalid_share", "project, field")},
            ),
        ),
        (
            Panel(
                "Escores",
                "none",
                {
                    f"{{{{project}}}} versão {{{{version}}}} p{share}": quantile(share, *_SCORES)
                    for share in (10, 50, 90)
                },
                about="Quantis dos escores respondidos, estimados dos intervalos do histograma.",
            ),
            Panel(
                "Previsões por versão",
                "cps",
                {
                    "{{project}} versão {{version}} ({{variant}})": rate(
                        "zelo_predictions_total", "project, version, variant"
                    )
                },
                "stack",
            ),
            Panel(
                "Divisão do tráfego",
                "percentunit",
                {
                    "{{project}} versão {{version}} ({{variant}}, {{mode}})": latest(
                        "zelo_traffic_share", "project, version, variant, mode"
                    )
                },
                about="alone: o campeão responde sozinho. shadow e watch avaliam sem responder.",
            ),
        ),
        (
            Panel(
                "Abstenções",
                "cps",
                {
                    "{{project}} versão {{version}}": or_none(
                        rate("zelo_abstentions_total", "project, version")
                    )
                },
                about="Respostas que deixam o caso a uma pessoa.",
            ),
            Panel(
                "Linhas em que uma versão falhou",
                "cps",
                {
                    "{{project}} versão {{version}}": or_none(
                        rate("zelo_model_failures_total", "project, version")
                    )
                },
            ),
        ),
    ),
)
