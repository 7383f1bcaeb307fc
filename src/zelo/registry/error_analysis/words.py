"""The words of the page, in the project's language."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "pt-BR": {
        "title": "Análise de erros",
        "synthetic": "DADOS SINTÉTICOS: gerados por programa, não observados",
        "winner": "Modelo escolhido", "trained": "Treinado em", "snapshot": "Dados",
        "rows_train": "linhas de treino", "rows_test": "linhas de teste", "rows": "Linhas",
        "headline": "Em resumo", "metric": "Métrica", "test": "Teste", "out_of_fold": "Fora da amostra",
        "baseline": "Referência ingênua", "interval": "intervalo de 95 %",
        "headline_text": "À direita de cada valor, o intervalo de 95 %. O traço na barra é a referência "
        "ingênua. “Teste” são linhas abertas uma única vez; “fora da amostra” são as linhas de treino, "
        "cada uma pontuada por um modelo que não a viu.",
        "repeats": "em {n} repetições",
        "experiments": "Experimentos", "candidate": "Candidato", "estimator": "Estimador",
        "reads": "Lê do texto", "latency": "ms por linha", "seconds": "Treino (s)",
        "experiments_text": "Do melhor ao pior, fora da amostra. ★ está na fronteira de Pareto das métricas "
        "do projeto; ▶ é o escolhido; ⚠ negligencia uma classe crítica.",
        "why_neglects": "Não elegíveis, sem o recall de {floor} em cada classe crítica: {names}.",
        "why_best": "{best} tem o melhor {metric} entre os elegíveis: {value} {interval}.",
        "why_tied": "A diferença para {names} pode ser acaso; vence a menor {loss}: {winner}, {value}.",
        "failed": "Não puderam ser ajustados", "pareto": "Métrica principal e latência",
        "pareto_text": "Os números são os da tabela; em destaque, a fronteira de Pareto.",
        "by_class": "Por classe", "class": "Classe", "precision": "Precisão", "recall": "Recall", "f1": "F1",
        "critical": "crítica", "coverage": "Cobertura", "set_size": "Tamanho do conjunto",
        "by_class_text": "As barras são intervalos de 95 % (Wilson para precisão, recall e cobertura; "
        "bootstrap para F1). Uma classe com poucas linhas tem barras largas: pouco se sabe dela.",
        "sets_text": "O conjunto de cada resposta promete conter a classe verdadeira em {promised} dos "
        "casos. No teste conteve em {kept} {interval}, com {size} classes em média.",
        "confusion": "Confusões", "true": "Observada", "predicted": "Prevista",
        "confusion_text": "Cada linha é uma classe observada; azul são acertos, laranja são erros, e a cor "
        "diz a parcela da linha.",
        "pairs": "Pares mais confundidos", "share": "Da classe", "examples": "Exemplos",
        "no_errors": "Nenhum erro.",
        "worst": "Erros mais confiantes", "worst_text": "Onde o modelo tinha mais certeza e errou: comece "
        "por aqui. Um rótulo trocado nos dados aparece muitas vezes assim.",
        "key": "Linha", "where": "De onde", "text": "Conteúdo", "confidence": "Prob. prevista",
        "true_probability": "Prob. da observada",
        "calibration": "Calibração", "stated": "Probabilidade prevista", "observed": "Frequência observada",
        "calibration_text": "Sobre a diagonal, as probabilidades dizem o que prometem. Grupos de igual "
        "tamanho, com intervalo de Wilson.",
        "abstention": "Abstenção", "answered": "Parcela respondida", "accuracy": "Acurácia das respondidas",
        "abstention_text": "Respondendo só onde o modelo tem mais certeza, acerta-se mais.",
        "confidence_mark": "Com a confiança mínima do projeto ({limit}): {answered} respondidas, "
        "{accuracy} certas.",
        "robustness": "Robustez", "by_slice": "Por ano e por recorte", "field": "Campo", "value": "Valor",
        "unmeasured": "Sem medida, por terem menos de {fewest} linhas: {n}.",
        "behaviour": "O mesmo texto, escrito de outro modo",
        "behaviour_text": "O rótulo não deveria mudar. Até {most} linhas de teste; só contam como tocadas "
        "as que a mudança altera.",
        "change": "Mudança", "touched": "Linhas tocadas", "unchanged": "Rótulo mantido", "clean": "Sem "
        "mudança",
        "changed": "Com mudança",
        "letters_swapped": "duas letras trocadas", "letter_dropped": "uma letra a menos",
        "letter_doubled": "uma letra dobrada", "upper_case": "MAIÚSCULAS", "lower_case": "minúsculas",
        "accents_stripped": "sem acentos", "accent_added": "um acento a mais",
        "abbreviated": "palavras abreviadas", "written_out": "abreviaturas por extenso",
    },
    "en": {
        "title": "Error analysis",
        "synthetic": "SYNTHETIC DATA: made by a program, not observed",
        "winner": "Chosen model", "trained": "Trained at", "snapshot": "Data",
        "rows_train": "training rows", "rows_test": "test rows", "rows": "Rows",
        "headline": "In short", "metric": "Metric", "test": "Test", "out_of_fold": "Out of fold",
        "baseline": "Naive baseline", "interval": "95 % interval",
        "headline_text": "Beside each value is its 95 % interval. The mark on the bar is the naive baseline. "
        "“Test” are rows opened once; “out of fold” are the training rows, each scored by a model that "
        "had not seen it.",
        "repeats": "in {n} repetitions",
        "experiments": "Experiments", "candidate": "Candidate", "estimator": "Estimator",
        "reads": "Reads of texts", "latency": "ms a row", "seconds": "Training (s)",
        "experiments_text": "From best to worst, out of fold. ★ is on the Pareto front of the project's "
        "metrics; ▶ is the chosen one; ⚠ neglects a critical class.",
        "why_neglects": "Not eligible, without a recall of {floor} on each critical class: {names}.",
        "why_best": "{best} has the best {metric} of those eligible: {value} {interval}.",
        "why_tied": "Its lead over {names} may be chance; the lowest {loss} wins: {winner}, {value}.",
        "failed": "Could not be fitted", "pareto": "Primary metric and latency",
        "pareto_text": "The numbers are those of the table; the Pareto front stands out.",
        "by_class": "By class", "class": "Class", "precision": "Precision", "recall": "Recall", "f1": "F1",
        "critical": "critical", "coverage": "Coverage", "set_size": "Set size",
        "by_class_text": "The bars are 95 % intervals (Wilson's for precision, recall and coverage; "
        "bootstrap for F1). A class of few rows has wide bars: little is known of it.",
        "sets_text": "The set of each answer promises to hold the true class in {promised} of all cases. "
        "On the test set it held it in {kept} {interval}, with {size} classes in the mean.",
        "confusion": "Confusions", "true": "Observed", "predicted": "Predicted",
        "confusion_text": "Each row is an observed class; blue are right answers, orange are errors, and "
        "the shade tells the share of the row.",
        "pairs": "Most confused pairs", "share": "Of the class", "examples": "Examples",
        "no_errors": "No errors.",
        "worst": "Most confident errors", "worst_text": "Where the model was surest and wrong: start here. "
        "A wrong label in the data often shows up like this.",
        "key": "Row", "where": "From", "text": "Content", "confidence": "Prob. of predicted",
        "true_probability": "Prob. of observed",
        "calibration": "Calibration", "stated": "Predicted probability", "observed": "Observed frequency",
        "calibration_text": "On the diagonal, probabilities mean what they say. Groups of equal size, with "
        "Wilson's interval.",
        "abstention": "Abstention", "answered": "Share answered", "accuracy": "Accuracy of those answered",
        "abstention_text": "Answering only where the model is surest, more answers are right.",
        "confidence_mark": "At the project's confidence ({limit}): {answered} answered, {accuracy} of them "
        "right.",
        "robustness": "Robustness", "by_slice": "By year and by slice", "field": "Field", "value": "Value",
        "unmeasured": "Not measured, with fewer than {fewest} rows: {n}.",
        "behaviour": "The same text, written otherwise",
        "behaviour_text": "The label should not change. At most {most} test rows; a row counts as touched "
        "where the change alters it.",
        "change": "Change", "touched": "Rows touched", "unchanged": "Label kept", "clean": "As written",
        "changed": "Changed",
        "letters_swapped": "two letters swapped", "letter_dropped": "a letter dropped",
        "letter_doubled": "a letter doubled", "upper_case": "UPPER CASE", "lower_case": "lower case",
        "accents_stripped": "accents stripped", "accent_added": "an accent added",
        "abbreviated": "words abbreviated", "written_out": "abbreviations written out",
    },
}  # fmt: skip
