from __future__ import annotations

import numpy as np
import pytest

from zelo.training.perturbation import perturbations

TABLE = {"mt": "motor", "vaz": "vazamento", "oleo mt": "óleo do motor"}
ALL = perturbations(TABLE)


def perturbed(name: str, text: str, seed: int = 0) -> str:
    return ALL[name](text, np.random.default_rng(seed))


@pytest.mark.parametrize("name", ["letters_swapped", "letter_dropped", "letter_doubled"])
def test_one_word_is_mistyped_and_the_others_stay(name: str) -> None:
    text = "vibração no eixo 12 da bomba"
    for seed in range(20):
        before, after = text.split(), perturbed(name, text, seed).split()
        changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
        assert len(changed) <= 1
        for a, b in changed:
            assert a in ("vibração", "eixo", "bomba")
            assert len(b) - len(a) == {"letters_swapped": 0, "letter_dropped": -1, "letter_doubled": 1}[name]
            assert set(b) <= set(a)


@pytest.mark.parametrize("name", ["letters_swapped", "letter_dropped", "letter_doubled"])
@pytest.mark.parametrize("text", ["", "ok", "12 34", "🔧"])
def test_what_has_no_word_stays(name: str, text: str) -> None:
    assert perturbed(name, text) == text


def test_the_seed_decides() -> None:
    text = "vazamento de óleo no cilindro de elevação"
    found = [perturbed("letter_dropped", text, seed) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_case_and_accents() -> None:
    assert perturbed("upper_case", "óleo Quente") == "ÓLEO QUENTE"
    assert perturbed("lower_case", "ÓLEO Quente") == "óleo quente"
    assert perturbed("accents_stripped", "Vibração é ruído") == "Vibracao e ruido"
    once = perturbed("accent_added", "motor")
    assert once in ("mótor", "motór")
    assert perturbed("accent_added", "xyz") == "xyz"


def test_abbreviations_go_both_ways_as_whole_words() -> None:
    assert perturbed("written_out", "Vaz no MT, mtb") == "vazamento no motor, mtb"
    assert perturbed("written_out", "oleo mt baixo") == "óleo do motor baixo"
    assert perturbed("abbreviated", "Vazamento no motor, motores") == "vaz no mt, motores"


def test_without_abbreviations_none_are_tried() -> None:
    assert set(ALL) - set(perturbations({})) == {"abbreviated", "written_out"}
