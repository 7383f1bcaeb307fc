"""The score's phrases as the project's language has them."""

from __future__ import annotations

from typing import Literal

from zelo.registry.ml_test_score.verdict import Said

OF_ITEMS: dict[str, str] = {
    "Features and data": "Variáveis e dados",
    "Model development": "Desenvolvimento do modelo",
    "Infrastructure": "Infraestrutura",
    "Monitoring": "Monitoramento",
    "Feature expectations are captured in a schema": "O que se espera das variáveis está num esquema",
    "All features are beneficial": "Todas as variáveis ajudam",
    "No feature's cost is too much": "Nenhuma variável custa demais",
    "Features adhere to meta-level requirements": "As variáveis cumprem as regras de uso",
    "The data pipeline has appropriate privacy controls": "Os dados têm controles de privacidade adequados",
    "New features can be added quickly": "Novas variáveis entram depressa",
    "All input feature code is tested": "Todo o código das variáveis é testado",
    "Model specifications are reviewed and submitted": "As especificações do modelo são revisadas e "
    "versionadas",
    "Offline and online metrics correlate": "As métricas de teste e de uso andam juntas",
    "All hyperparameters have been tuned": "Todos os hiperparâmetros foram ajustados",
    "The impact of model staleness is known": "O efeito da idade do modelo é conhecido",
    "A simpler model is not better": "Um modelo mais simples não é melhor",
    "Model quality is sufficient on important slices": "A qualidade basta nos recortes importantes",
    "The model is tested for considerations of inclusion": "O modelo é testado quanto à inclusão",
    "Training is reproducible": "O treino é reprodutível",
    "Model specifications are unit tested": "As especificações do modelo têm testes de unidade",
    "The pipeline is integration tested": "O caminho inteiro tem teste de integração",
    "Model quality is validated before serving": "A qualidade é validada antes de servir",
    "The model can be debugged on a single example": "O modelo pode ser depurado num único exemplo",
    "Models are canaried before serving": "Os modelos passam por canário antes de servir",
    "Serving models can be rolled back": "Modelos em serviço podem ser revertidos",
    "Dependency changes result in a notification": "Mudanças de dependências geram aviso",
    "Data invariants hold for inputs": "As regras dos dados valem para as entradas",
    "Training and serving are not skewed": "Treino e serviço não divergem",
    "Models are not too stale": "Os modelos não estão velhos demais",
    "Models are numerically stable": "Os modelos são numericamente estáveis",
    "Computing performance has not regressed": "O desempenho de computação não piorou",
    "Prediction quality has not regressed": "A qualidade das previsões não piorou",
    "more of a research project than a production system": "mais pesquisa do que sistema em produção",
    "not totally untested, but there may be serious holes": "não está sem testes, mas pode haver falhas "
    "sérias",
    "a first pass at basic readiness; more investment may be needed": "um primeiro passo; talvez falte "
    "investir mais",
    "reasonably tested; more of it may be automated": "razoavelmente testado; mais pode ser automático",
    "a strong level of automated testing and monitoring": "bom nível de testes e monitoramento automáticos",
    "an exceptional level of automated testing and monitoring": "nível excepcional de testes e "
    "monitoramento automáticos",
}
OF_PROOFS: dict[str, str] = {
    "gate G01 passed: {fields} fields with type and range": "G01 passou: {fields} campos com tipo e faixa",
    "every field lowers the loss": "cada campo reduz a perda",
    "each field's worth is measured; the model does without {fields}": "o valor de cada campo é medido; o "
    "modelo passa sem {fields}",
    "kept out of the model by the contract: {fields}": "fora do modelo pelo contrato: {fields}",
    "gate G01 passed: the model reads the contract's inputs and no others": "G01 passou: o modelo lê as "
    "entradas do contrato, e só elas",
    "gate G05 passed: all features together are quick enough": "G05 passou: as variáveis juntas são rápidas",
    "gate G04 passed": "G04 passou",
    "features are computed in two ways on edges of each range, and agree": "as variáveis são calculadas "
    "de dois modos nos limites de cada faixa, e concordam",
    "{fields} came with version {version}": "{fields} veio com a versão {version}",
    "under the heading {heading}": "sob o título {heading}",
    "made from commit {commit}, with no file changed": "feita do commit {commit}, sem arquivo alterado",
    "{count} looks set the figures on outcomes beside the test set's": "{count} consultas puseram as "
    "figuras dos desfechos ao lado das do teste",
    "{trials} trials a candidate in each training": "{trials} tentativas por candidato em cada treino",
    "several settings were compared: {names}": "várias configurações foram comparadas: {names}",
    "an older version on newer rows: {found}": "uma versão mais velha em linhas mais novas: {found}",
    "gate G02 passed: better than the naive baseline": "G02 passou: melhor do que a base ingênua",
    "{count} candidates were compared on the same rows": "{count} candidatos comparados nas mesmas linhas",
    "gate G06 passed: no slice falls far below the whole": "G06 passou: nenhum recorte cai muito",
    "the slices were measured": "os recortes foram medidos",
    "versions {first} and {second}: the same data and settings, the same figures": "versões {first} e "
    "{second}: mesmos dados e configurações, mesmas figuras",
    "data, environment and seed are pinned": "dados, ambiente e semente estão fixados",
    "tests of the project are there": "há testes do projeto",
    "{count} answers, each of a version that was trained and examined here": "{count} respostas, cada uma "
    "de uma versão treinada e examinada aqui",
    "a trigger started job {job}": "um gatilho iniciou a tarefa {job}",
    "gates ran before it served; taken upon themselves by a person: {codes}": "as barreiras rodaram antes "
    "de servir; assumidas por uma pessoa: {codes}",
    "every gate passed, or had nothing to judge, before it served": "toda barreira passou, ou nada tinha "
    "a julgar, antes de servir",
    "the inputs, version and decision of each answer are kept": "entradas, versão e decisão de cada "
    "resposta são guardadas",
    "the fitted steps can be run one by one": "os passos ajustados podem ser executados um a um",
    "{mode} of version {version}": "{mode} da versão {version}",
    "rolled back by itself, for {why}": "revertida sozinha, por {why}",
    "rolled back by a person": "revertida por uma pessoa",
    "the hash of every package and of the data is kept, and a change of it is seen": "o hash de cada "
    "pacote e dos dados é guardado, e uma mudança aparece",
    "gate G01 passed; rows outside the contract are refused, each time": "G01 passou; linhas fora do "
    "contrato são sempre recusadas",
    "what serves gives what was fitted, on real rows and on edges": "o que serve dá o que foi ajustado, "
    "em linhas reais e nos limites",
    "trained {days} days ago, where {every} is the most": "treinado há {days} dias; o máximo é {every}",
    "finite scores on missing values and on the ends of each range": "escores finitos em valores ausentes "
    "e nos extremos de cada faixa",
    "rows that a version fails on are counted by the minute": "linhas em que uma versão falha são "
    "contadas por minuto",
    "gate G05 passed: quick enough, and measured for each version": "G05 passou: rápido, e medido a cada "
    "versão",
    "the alert {name} watches it": "o alerta {name} vigia",
    "{count} looks measured quality on outcomes": "{count} consultas mediram a qualidade nos desfechos",
    "{count} looks estimated quality without outcomes": "{count} consultas estimaram a qualidade sem "
    "desfechos",
    "a floor, or a trigger, says how low it may fall": "um piso, ou um gatilho, diz até onde pode cair",
    "{count} looks at what arrives": "{count} consultas ao que chega",
}
OF_WANTS: dict[str, str] = {
    "a version": "uma versão",
    "a version whose gate G01 passed": "uma versão que passe em G01",
    "a version with measured importances": "uma versão com importâncias medidas",
    "drop {fields}, or show what they are for": "retirar {fields}, ou mostrar para que servem",
    "a version whose gate G05 passed": "uma versão que passe em G05",
    "the cost of each feature by itself, against what it brings": "o custo de cada variável, contra o que "
    "traz",
    "fields that must not be used, declared with use: metadata": "campos de uso proibido, declarados com "
    "use: metadata",
    "a heading on privacy in the project's documents: who reads the data, how long they stay": "um título "
    "sobre privacidade nos documentos do projeto: quem lê os dados e por quanto tempo ficam",
    "a program that checks who reads the data, and how long they are kept": "um programa que confira quem "
    "lê os dados e por quanto tempo ficam",
    "a version that reads a field more than those before it": "uma versão que leia um campo a mais do que "
    "as anteriores",
    "the time from a field's idea to its version, measured each time": "o tempo da ideia de um campo à "
    "sua versão, medido sempre",
    "features that give the same values compiled as fitted: gate G04": "variáveis com os mesmos valores "
    "compiladas e ajustadas: G04",
    "a version made from a commit, with no file changed since": "uma versão feita de um commit, sem "
    "arquivo alterado",
    "a record of who reviewed the commit": "um registro de quem revisou o commit",
    "outcomes, and zelo monitor, which sets their figures beside the test set's": "desfechos, e zelo "
    "monitor, que põe suas figuras ao lado das do teste",
    "outcomes of a second version: one version shows a level, and no correlation": "desfechos de uma "
    "segunda versão: uma só mostra um nível, não uma correlação",
    "tuning.trials of {trials} or more in project.yaml": "tuning.trials de {trials} ou mais no project.yaml",
    "a second training: gate G03 then measures how far the older version falls behind": "um segundo "
    "treino: G03 mede então quanto a versão mais velha fica para trás",
    "the same on two newer snapshots": "o mesmo em dois conjuntos de dados mais novos",
    "a version that beats the naive baseline: gate G02": "uma versão que supere a base ingênua: G02",
    "slices with enough rows, of which none falls far below the whole": "recortes com linhas bastantes, "
    "dos quais nenhum caia muito",
    "gates.slices in project.yaml: the fields whose values matter": "gates.slices no project.yaml: os "
    "campos cujos valores importam",
    "a heading on inclusion in the project's documents: whom the model may fail, and what was found": "um "
    "título sobre inclusão nos documentos do projeto: quem o modelo pode tratar de outro modo, e o que se "
    "achou",
    "a gate on the groups that matter; Zelo cannot know which fields stand for them": "uma barreira para "
    "os grupos que importam; Zelo não sabe que campos os representam",
    "a second training on the same snapshot and settings that reaches the same figures": "um segundo "
    "treino nos mesmos dados e configurações, com as mesmas figuras",
    "tests of the project, in tests/projects": "testes do projeto, em tests/projects",
    "a record that they ran for the commit of the version": "um registro de que rodaram no commit da versão",
    "a version that went from its data to answers: zelo serve": "uma versão que foi dos dados às "
    "respostas: zelo serve",
    "a training that a trigger started, from new data to a challenger": "um treino iniciado por um "
    "gatilho, dos dados novos ao desafiante",
    "a champion: zelo promote runs the gates again": "um campeão: zelo promote roda as barreiras de novo",
    "a champion that passes every gate": "um campeão que passe em toda barreira",
    "answers in the ledger, with the inputs and the version of each": "respostas no registro, com "
    "entradas e versão de cada uma",
    "a tool that shows one answer step by step": "uma ferramenta que mostre uma resposta passo a passo",
    "zelo promote --canary 5,25,100, or --shadow": "zelo promote --canary 5,25,100, ou --shadow",
    "the version that serves now, canaried before it was champion": "a versão que serve agora, em canário "
    "antes de ser campeã",
    "a rollback that was tried once: zelo rollback": "uma reversão testada uma vez: zelo rollback",
    "a rollback that nobody had to ask for": "uma reversão que ninguém precisou pedir",
    "a notice that is sent by itself when a source or a package changes": "um aviso automático quando uma "
    "fonte ou um pacote muda",
    "looks that come again: zelo monitor, or a worker's rounds": "consultas que se repetem: zelo monitor, "
    "ou as rondas de um worker",
    "a compiled model that gives what the fitted one gives: gate G04": "um modelo compilado que dê o que "
    "o ajustado dá: G04",
    "retraining.every in project.yaml: how old a version may grow": "retraining.every no project.yaml: "
    "que idade uma versão pode ter",
    "a younger version: zelo retrain --due": "uma versão mais nova: zelo retrain --due",
    "traffic: the rows that a version fails on are counted by the minute": "tráfego: as linhas em que uma "
    "versão falha são contadas por minuto",
    "served traffic, with the alert HighLatency among the rules of Prometheus": "tráfego servido, com o "
    "alerta HighLatency entre as regras do Prometheus",
    "looks at a served version: zelo monitor measures, or estimates, its quality": "consultas a uma "
    "versão servida: zelo monitor mede, ou estima, a qualidade",
    "outcomes at two looks or more, and a floor (monitoring.floors) or a trigger on quality": "desfechos "
    "em duas consultas ou mais, e um piso (monitoring.floors) ou gatilho de qualidade",
}
OF_THE_PAGE: dict[str, str] = {
    "ML Test Score": "ML Test Score",
    "no version yet": "ainda sem versão",
    "version {version}": "versão {version}",
    "the least of the four sections": "o menor dos quatro totais",
    "to earn more": "para ganhar mais",
    "points": "pontos",
    "item": "item",
    "earned by": "ganho por",
}
PORTUGUESE = {**OF_ITEMS, **OF_PROOFS, **OF_WANTS, **OF_THE_PAGE}


class Words:
    """Phrases in one language."""

    def __init__(self, language: Literal["pt-BR", "en"]) -> None:
        self._language = language

    def __call__(self, said: Said) -> str:
        """The phrase with its values."""
        phrase = said.phrase if self._language == "en" else PORTUGUESE[said.phrase]
        return phrase.format(**said.values)

    def points(self, value: float) -> str:
        """0, 0.5 or 6.5 as the language writes it."""
        text = f"{value:g}"
        return text if self._language == "en" else text.replace(".", ",")
