"""Words without a subject, that a cloud of words can do without. Negations stay: they say what failed."""

from __future__ import annotations

_TEXTS = {
    "en": """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can could did do does doing done during each few for from further had has
    have having he her here hers him his how i if in into is it its itself just let may me might
    more most must my of on once only or other our own per same shall she should so some such than
    that the their them then there these they this those through to too under until upon us very via
    was we were what when where which while who whom why will with would yet you your
    """,
    "pt-BR": """
    a ao aos aquela aquelas aquele aqueles aquilo as até cada com como da das de dela delas dele
    deles depois desde dessa dessas desse desses desta destas deste destes do dos e ela elas ele
    eles em entre era eram essa essas esse esses esta estar estas estava estavam este estes está
    estão eu foi for foram há isso isto já la lhe lhes lo mais mas me mesma mesmo meu meus minha
    minhas muito na nas nessa nesse nesta neste no nos nossa nosso num numa nós o onde os ou para
    pela pelas pelo pelos per por porque pra qual quando que quem se seja sem ser será seu seus sob
    sobre sua suas são só tal também te tem tendo ter teve tinha toda todas todo todos tu tua tudo
    um uma umas uns vai você vocês vos à às é
    """,
}
STOP_WORDS: dict[str, frozenset[str]] = {name: frozenset(text.split()) for name, text in _TEXTS.items()}


def language_of(words: list[str], default: str) -> str:
    """Of which language most of these words are stop words: texts need not be written in the project's."""
    counts = {name: sum(word in stop for word in words) for name, stop in STOP_WORDS.items()}
    return max(counts, key=lambda name: (counts[name], name == default))
