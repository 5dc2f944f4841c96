"""Rows in exactly the columns that the training sets are published with, with drawn pictures."""

import io
import random

from PIL import Image, ImageDraw

NAMES = ("geometry3k", "geoqa", "mmr1")
SECRET = "4711"
"""A label that stands nowhere but where labels stand."""


def drawing(seed: int, side: int = 240) -> Image.Image:
    """A triangle with a line and a circle, as in geometry books: another one for each seed."""
    rng = random.Random(seed)

    def point() -> tuple[int, int]:
        return rng.randint(side // 20, side - side // 20), rng.randint(side // 20, side - side // 20)

    picture = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(picture)
    pen.polygon([point() for _ in range(3)], outline="black", width=2)
    pen.line([point(), point()], fill="black", width=2)
    (x, y), radius = point(), rng.randint(side // 10, side // 3)
    pen.ellipse([x - radius, y - radius, x + radius, y + radius], outline="black", width=2)
    return picture


def encoded(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    """The bytes of a picture."""
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def struct(seed: int, name: str | None = None) -> dict:
    """A picture as parquet files of the hub hold it."""
    return {"bytes": encoded(drawing(seed)), "path": name}


def rows(name: str, label: str = SECRET) -> list[dict]:
    """Three rows of a set, whose labels, and names of pictures, hold `label`."""
    problems = [
        "<image>Find x.",
        "<image>In triangle ABC, how long is AB?\n(A) 3\n(B) 4",
        "<image>How large is angle ABC?",
    ]
    if name == "geoqa":
        return [
            {"image": struct(number, f"{label}.png"), "problem": text.removeprefix("<image>"),
             "solution": f"<answer> {label}° </answer>"}
            for number, text in enumerate(problems)
        ]  # fmt: skip
    made = [
        {"images": [struct(number, f"{label}.png")], "problem": text, "answer": label}
        for number, text in enumerate(problems)
    ]
    if name == "mmr1":
        made[1] = {**made[1], "answer": "B" if label == SECRET else "A"}
        two = [struct(7, f"{label}.png"), struct(8, f"{label}.png")]
        made.append({"images": two, "problem": "Compare <image> with <image>: which is larger?", "answer": label})
    else:
        more = {"choices": [label, "1", "2", "3"], "ground_truth": label}
        made = [{**row, "id": number, **more} for number, row in enumerate(made)]
    return made
