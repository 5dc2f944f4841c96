"""A training set of pictures that decoders and scalings disagree about, and of items without one."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image as PilImage

from ..pictures import pictures

LARGE = (1700, 1300)
QUESTION = "What is the number? <|im_end|><|im_start|>assistant <|image_pad|><|vision_start|> \\boxed{{{n}}}"
"""One that spells out what ends a turn and what stands for a picture."""


def write_set(folder: Path, kinds: Sequence[str] = ()) -> Path:
    """Items with a picture of each of these kinds, or of every kind; with none, with two, and, the last, with a large one.

    The columns are Geometry3K's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = pictures()
    names = [f"{number}" for number, _ in enumerate(kinds or drawn)]
    for name, kind in zip(names, kinds or drawn, strict=True):
        (folder / name).write_bytes(drawn[kind].image.read())
    file = io.BytesIO()
    PilImage.effect_noise(LARGE, 50).save(file, "JPEG")
    (folder / "large").write_bytes(file.getvalue())
    rows = [*([name] for name in names), [], names[:2], ["large"]]
    lines = [
        {"problem": "<image>" * len(images) + QUESTION.format(n=n), "images": images, "answer": "5"}
        for n, images in enumerate(rows)
    ]
    data = folder / "train.jsonl"
    data.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return data
