"""What a forecast's model card has beside any other: horizons, intervals, the baseline, the seeds."""

from __future__ import annotations

from zelo.registry.markdown import measure, p, share, table
from zelo.training.against import Against
from zelo.training.spreads import STEADY, Reached
from zelo.training.train import Trained

WORDS: dict[str, dict[str, str]] = {
    "pt-BR": {
        "horizons": "Por horizonte", "ahead": "Passos à frente", "half_width": "Intervalo de 90 %, ±",
        "coverage": "Cobertura",
        "horizons_text": "Fora da amostra, de origens sucessivas, com intervalos de 95 %; ao lado, as "
        "referências ingênuas com o p do teste de Diebold-Mariano.",
        "intervals": "O que faz os intervalos", "by": "Largura por", "rows": "Linhas", "pinball": "Pinball",
        "half_years": "Cobertura por semestre",
        "intervals_text": "Fora da amostra, o melhor primeiro; por último, o escolhido no teste. Ao lado, "
        "larguras que não mudam de um dia para o outro, com o p do teste de Diebold-Mariano.",
        "one_width": "Uma largura", "constant": "Uma fração do valor",
        "beside": "Ao lado de {baseline}", "candidate": "Candidato", "difference": "Diferença do MAE",
        "skill": "Ganho", "right": "Direção certa", "chance": "Por acaso", "test": "{name}, no teste",
        "beside_text": "Um passo à frente, fora da amostra. Uma diferença abaixo de 0 é melhor; o primeiro p "
        "é do teste de Diebold-Mariano (correção de Harvey), o segundo, da direção da mudança, do teste de "
        "Pesaran-Timmermann. Quem não prevê mudança alguma não tem direção.",
        "seeds": "Sementes", "low": "Mínimo", "high": "Máximo", "sd": "Desvio-padrão",
    },
    "en": {
        "horizons": "By horizon", "ahead": "Steps ahead", "half_width": "90 % interval, ±",
        "coverage": "Coverage",
        "horizons_text": "Out of fold, from rolling origins, with 95 % intervals; beside them the naive "
        "baselines with the p of the Diebold-Mariano test.",
        "intervals": "What makes the intervals", "by": "Width by", "rows": "Rows", "pinball": "Pinball",
        "half_years": "Coverage by half-year",
        "intervals_text": "Out of fold, the best first; last the chosen one on the test set. Beside them "
        "widths that do not change from day to day, with the p of the Diebold-Mariano test.",
        "one_width": "One width", "constant": "One share of the value",
        "beside": "Beside {baseline}", "candidate": "Candidate", "difference": "Difference of MAE",
        "skill": "Skill", "right": "Direction right", "chance": "By chance",
        "test": "{name}, on the test set",
        "beside_text": "One row ahead, out of fold. A difference below 0 is better; the first p is of the "
        "Diebold-Mariano test (Harvey's correction), the second, of the direction of the change, of the test "
        "of Pesaran and Timmermann. Who forecasts no change has no direction.",
        "seeds": "Seeds", "low": "Lowest", "high": "Highest", "sd": "Standard deviation",
    },
}  # fmt: skip


def horizons(trained: Trained) -> list[str]:
    """Each horizon; nothing without a forecast."""
    if trained.outlook is None:
        return []
    words, found = WORDS[trained.project.language], trained.outlook.out_of_fold
    rows = []
    for one in found:
        error, mase = one.metrics["mae"], one.metrics["mase"]
        beside = [f"{measure(mae)} ({p(test.p_value)})" for mae, test in one.against.values()]
        interval = f"{measure(error.value)} [{measure(error.low)}, {measure(error.high)}]"
        width, held = measure(one.half_width), share(one.coverage)
        rows.append((str(one.horizon), interval, f"{mase.value:.2f}", width, held, *beside))
    heads = (words["ahead"], "MAE", "MASE", words["half_width"], words["coverage"], *found[0].against)
    return [f"### {words['horizons']}", words["horizons_text"], table(heads, rows)]


def intervals(trained: Trained) -> list[str]:
    """The models of volatility beside widths that do not move; nothing where the project has none."""
    if trained.outlook is None or trained.outlook.volatility is None:
        return []
    words, found = WORDS[trained.project.language], trained.outlook.volatility
    rows = [_reached(words.get(name, name), one) for name, one in found.out_of_fold.items()]
    if found.test is not None and found.chosen is not None:
        chosen = words.get(found.chosen, found.chosen)
        rows.append(_reached(words["test"].format(name=chosen), found.test))
    heads = (words["by"], words["rows"], words["pinball"], words["coverage"], words["half_years"])
    steady = [f"{words[name]} (p)" for name in STEADY]
    parts = [f"### {words['intervals']}", words["intervals_text"], table((*heads, *steady), rows)]
    return [*parts, *(f"- {name}: {reason}" for name, reason in found.errors.items())]


def _reached(name: str, found: Reached) -> tuple[str, ...]:
    halves = ", ".join(f"{half.name}: {half.coverage.value:.2f}" for half in found.half_years)
    beside = [
        f"{found.against[steady][0]:.4f} ({p(found.against[steady][1].p_value)})"
        if steady in found.against
        else "–"
        for steady in STEADY
    ]
    return (name, str(found.rows), f"{found.pinball:.4f}", share(found.coverage), halves, *beside)


def beside_baseline(trained: Trained) -> list[str]:
    """Each candidate beside the first baseline, the winner on the test set too; of a forecast alone."""
    tested = trained.tested_against
    if tested is None or not trained.against:
        return []
    words = WORDS[trained.project.language]
    rows = [(name, *_against(one)) for name, one in trained.against.items() if name != tested.baseline]
    rows.append((words["test"].format(name=trained.comparison.winner.name), *_against(tested)))
    names = ("candidate", "difference", "skill", "p", "right", "chance", "p")
    heads = [words.get(name, name) for name in names]
    title = words["beside"].format(baseline=tested.baseline)
    return [f"### {title}", words["beside_text"], table(heads, rows)]


def _against(found: Against) -> tuple[str, ...]:
    size = (f"{found.mae_difference:+.3g}", f"{found.skill:.2%}", p(found.p_value))
    if (way := found.direction) is None:
        return (*size, "–", "–", "–")
    return (*size, f"{way.right:.1%}", f"{way.by_chance:.1%}", p(way.p_value))


def over_seeds(trained: Trained) -> list[str]:
    """The primary metric of what starts from random numbers, over several seeds; nothing with one."""
    if not trained.seeds:
        return []
    words, primary = WORDS[trained.project.language], trained.project.select.primary
    found = {name: metrics[primary] for name, metrics in trained.seeds.items()}
    rows = [
        (name, str(one.count), f"{one.low:.4f}", f"{one.high:.4f}", f"{one.sd:.4f}")
        for name, one in found.items()
    ]
    heads = (words["candidate"], words["seeds"], words["low"], words["high"], words["sd"])
    return [f"### {words['seeds']}: {primary}", table(heads, rows)]
