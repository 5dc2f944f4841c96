"""Whatever engine shows a picture, its model is handed the one decoded picture, bit for bit."""

import base64
import io

import numpy as np
import pytest
from PIL import Image as PilImage

from proctor.harness.engines.openai import open_engine
from proctor.harness.engines.own import FunctionEngine
from proctor.harness.images import as_png
from proctor.harness.types import Image, Item, Prompt, Request, Sampling

pytest.importorskip("torch")
pytest.importorskip("transformers")

from proctor.harness.engines.generate import GeneratingModel
from proctor.harness.engines.loading import load_configuration
from proctor.harness.engines.vllm_prompts import open_encoder
from proctor.harness.engines.vlm import VisionLanguageModel

from ...engines.families import build
from ...pictures import pictures

PICTURES = pictures()


def prompt_of(image):
    return Prompt((image, "How tall is bar A?"))


@pytest.fixture(scope="module")
def other_family(tmp_path_factory):
    return build("qwen3_vl", tmp_path_factory.mktemp("families") / "qwen3_vl")


@pytest.fixture(scope="module")
def shown(tiny, other_family):
    """By engine: the numbers that a model is handed of a prompt's picture."""
    batched = VisionLanguageModel.load(tiny)
    one_by_one = GeneratingModel.load(other_family, load_configuration(other_family))
    encoders = {path: open_encoder(path, load_configuration(path)) for path in (tiny, other_family)}

    def to_function(image):
        seen = []
        item = Item("q", "own", "?", "5", "number", images=(image,))
        engine = FunctionEngine(lambda prompt, images: seen.extend(images) or "5", [item])
        list(engine.generate([Request("q", prompt_of(image))], Sampling()))
        return np.asarray(seen[0])

    return {
        "transformers, in batches and in training": lambda image: batched.encode([prompt_of(image)])["pixel_values"],
        "transformers, any family": lambda image: one_by_one.encode(prompt_of(image))["pixel_values"],
        "vllm, scaled here": lambda image: np.asarray(encoders[tiny].pictures(prompt_of(image))[0]),
        "vllm, any family": lambda image: np.asarray(encoders[other_family].pictures(prompt_of(image))[0]),
        "a function": to_function,
    }


@pytest.mark.parametrize("kind", PICTURES)
def test_engines_in_this_process(shown, kind):
    drawn = PICTURES[kind]
    plain = as_png(PilImage.fromarray(drawn.pixels), "plain.png")
    other = as_png(PilImage.fromarray(drawn.pixels[::-1]), "other.png")
    for engine, handed in shown.items():
        assert np.array_equal(handed(drawn.image), handed(plain)), engine
        assert not np.array_equal(handed(drawn.image), handed(other)), engine


@pytest.mark.parametrize("kind", PICTURES)
def test_a_server_is_sent_what_it_cannot_read_otherwise(serve, tmp_path, kind):
    drawn = PICTURES[kind]
    file = tmp_path / "picture"
    file.write_bytes(drawn.image.read())
    server = serve()
    request = Request("q", prompt_of(Image.of_file(file, "picture")))
    list(open_engine("tiny", {"url": server.url}).generate([request], Sampling()))
    head, _, sent = server.seen[0]["messages"][0]["content"][0]["image_url"]["url"].partition(",")
    data = base64.b64decode(sent)
    with PilImage.open(io.BytesIO(data)) as picture:
        assert head == f"data:{PilImage.MIME[picture.format]};base64"
        assert np.array_equal(np.asarray(picture.convert("RGB")), drawn.pixels)
    assert (data == drawn.image.read()) == drawn.plain
