"""Answers that are announced or concluded in other languages, and decimals with a comma there."""

from __future__ import annotations

import pytest

from proctor.harness.answers import grade

SAY_42 = [
    "Wir addieren die Winkel.\n\nAntwort: 42",
    "Die Antwort ist 42.",
    "Ergebnis: **42°**",
    "Somit beträgt der gesuchte Winkel 42°.",
    "On additionne les angles.\n\nRéponse : 42",
    "La réponse est 42.",
    "Il y a donc **42** cubes bleus.",
    "Sumamos los ángulos.\n\nRespuesta: 42",
    "La respuesta es 42.",
    "Por tanto, en marzo se vendieron 42 libros.",
    "A resposta é 42.",
    "La risposta è 42.",
    "角を足します。\n\n答え：42",
    "したがって、正解は **42** です。",
    "よって∠ACBの大きさは42度です。",
    "답은 42입니다.",
    "甲的速度为90千米/时，乙的速度为30千米/时，和是42。",
]

NOT_42 = [
    "Die Antwort ist nicht 42.",
    "Antwort: nicht 42",
    "Die Antwort könnte 42 sein.",
    "Wenn x = 2, dann ist die Antwort 42.",
    "La réponse n'est pas 42.",
    "Si x vaut 2, la réponse est 42.",
    "La respuesta no es 42.",
    "La respuesta podría ser 42.",
    "答えは42ではない。",
    "答えは42かもしれません。",
    "답은 42이 아닙니다.",
]

NAME_B = ["Antwort: B (Ellipse)", "La respuesta es B.", "正解は **B** です。", "**答え：(B) Ellipse**", "Réponse : B"]
NAME_B += [
    "La risposta corretta è B",
    "La respuesta correcta es la opción B.",
    "A resposta correta é a B.",
    "Die richtige Antwort ist die B.",
]
NOT_B = ["La respuesta no es la B.", "La réponse est A ou B.", "La respuesta correcta no es B"]


@pytest.mark.parametrize("response", SAY_42)
def test_a_number(response: str) -> None:
    assert grade(response, "42", "number").correct
    assert not grade(response, "43", "number").correct


@pytest.mark.parametrize("response", NOT_42)
def test_what_denies_or_doubts_a_number(response: str) -> None:
    assert not grade(response, "42", "number").correct


@pytest.mark.parametrize("response", NOT_B)
def test_no_option(response: str) -> None:
    assert grade(response, "B", "choice", ("Kreis", "Ellipse", "Parabel")).correct is False


@pytest.mark.parametrize("response", NAME_B)
def test_an_option(response: str) -> None:
    assert grade(response, "B", "choice", ("Kreis", "Ellipse", "Parabel")).correct


@pytest.mark.parametrize(
    "response",
    [
        "La probabilidad de sacar una bola roja es 9/12 = 0,75.",
        "Die Strecke ist lang.\n\nErgebnis: **h = 0,75**",
        "On mesure le côté.\n\nRéponse : AC = 0,75 cm",
    ],
)
def test_a_decimal_comma(response: str) -> None:
    assert grade(response, "0.75", "number").correct


@pytest.mark.parametrize("response", [r"\boxed{0,75}", "The share is 0,75.", "The zeros are 0,75."])
def test_no_decimal_comma_in_english(response: str) -> None:
    assert not grade(response, "0.75", "number").correct
