from __future__ import annotations

import re
import string
from pathlib import Path

import zelo.retraining
from zelo.retraining.words import PORTUGUESE, say

ROOM = Path(zelo.retraining.__file__).parent


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_a_translation_has_the_facts_of_its_phrase() -> None:
    assert {phrase: fields(phrase) for phrase in PORTUGUESE} == {
        phrase: fields(words) for phrase, words in PORTUGUESE.items()
    }


def test_every_phrase_is_told_somewhere() -> None:
    code = "".join(path.read_text("utf-8") for path in ROOM.glob("*.py") if path.name != "words.py")
    told = re.sub(r'"\s*\n\s*"', "", code)

    assert [phrase for phrase in PORTUGUESE if f'"{phrase}"' not in told and f"'{phrase}'" not in told] == []


def test_numbers_are_written_as_the_language_does() -> None:
    phrase = "{changed} of {rows} decisions change ({share} %)"

    assert say("pt-BR", phrase, changed=1200, rows=5000, share=2.5) == "1.200 de 5.000 decisões mudam (2,5 %)"
    assert say("en", phrase, changed=1200, rows=5000, share=2.5) == "1,200 of 5,000 decisions change (2.5 %)"
