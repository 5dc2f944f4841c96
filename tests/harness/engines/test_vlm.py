"""Pictures from strangers, and joining of encoded prompts."""

import io
import json
import random
import shutil
import warnings

import pytest

from proctor.harness.errors import CheckpointError, DataError
from proctor.harness.types import Image, Prompt, Request, Sampling

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from PIL import Image as PilImage  # noqa: E402

from proctor.harness.engines.vlm import VisionLanguageModel, draw_answers  # noqa: E402
from proctor.harness.images import decode  # noqa: E402
from proctor.harness.limits import DECODED_PIXELS  # noqa: E402


def encoded(kind, size=(30, 20)):
    file = io.BytesIO()
    PilImage.effect_noise(size, 60).convert("RGB").save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_damaged_pictures_are_data_errors_whatever_the_damage(kind):
    whole, rng = encoded(kind), random.Random(kind)
    assert decode(Image.of_bytes(whole, "x")).size == (30, 20)
    refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(300):
            data = bytearray(whole)
            for _ in range(rng.randint(1, 6)):
                data[rng.randrange(min(len(data), 200))] = rng.randrange(256)
            if rng.random() < 0.3:
                del data[rng.randrange(len(data)) :]
            try:
                picture = decode(Image.of_bytes(bytes(data), "x"))
            except DataError:
                refused += 1
            else:
                assert picture.mode == "RGB"
                assert picture.width * picture.height <= DECODED_PIXELS
    assert refused > 50


@pytest.mark.parametrize("kind", ["EPS", "PDF", "PPM", "TGA", "ICO"])
def test_other_formats_are_refused(kind):
    """Some of them are read by starting another program."""
    try:
        data = encoded(kind)
    except (OSError, KeyError):
        pytest.skip(f"this Pillow cannot write {kind}")
    with pytest.raises(DataError, match="cannot be decoded"):
        decode(Image.of_bytes(data, "x"))


def test_the_same_picture_in_any_lossless_format_is_the_same():
    file = PilImage.effect_noise((30, 20), 60).convert("RGB")
    found = []
    for kind in ("PNG", "BMP", "TIFF"):
        data = io.BytesIO()
        file.save(data, kind)
        found.append(decode(Image.of_bytes(data.getvalue(), "x")).tobytes())
    assert found == [file.tobytes()] * 3


def test_joined_batches_are_one_batch(tiny_model):
    vlm = tiny_model._vlm
    picture = Image.of_bytes(encoded("PNG"), "x")
    prompts = [
        Prompt((picture, "How tall?")),
        Prompt(("A much longer question without any picture at all",)),
        Prompt(("?",)),
    ]
    whole = vlm.encode(prompts)
    joined = vlm.join([vlm.encode(prompts[:1]), vlm.encode(prompts[1:])])
    assert whole.keys() == joined.keys()
    assert all(torch.equal(whole[name], joined[name]) for name in whole)


def test_banned_tokens_are_not_drawn(tiny_model):
    vlm = tiny_model._vlm
    inputs = vlm.encode([Prompt(("How tall is bar A?",))] * 3)
    free = draw_answers(vlm, vlm.prefill(inputs), Sampling(max_tokens=6), [0] * 3)
    first = int(free.ids[0, 0])
    with torch.no_grad():
        prefix = vlm.prefill(inputs)
    held = draw_answers(vlm, prefix, Sampling(max_tokens=6, temperature=1.0), [1, 2, 3], banned=[first])
    assert not (held.ids == first)[held.mask].any()


def test_what_is_drawn_after_the_end_is_padding(tiny_model):
    vlm = tiny_model._vlm
    inputs = vlm.encode([Prompt(("How tall is bar A?",)), Prompt(("?",))])
    drawn = draw_answers(vlm, vlm.prefill(inputs, 8), Sampling(n=8, temperature=1.5, max_tokens=30), range(16))
    assert drawn.ids.shape == drawn.mask.shape
    assert drawn.ids.shape[0] == 16
    assert (drawn.ids[~drawn.mask] == vlm.tokenizer.pad_token_id).all()
    for ids, mask, ended in zip(drawn.ids, drawn.mask, drawn.ended, strict=True):
        length = int(mask.sum())
        assert mask[:length].all()  # no holes
        ends = torch.isin(ids[:length], torch.tensor(vlm.end_ids))
        assert not ends[:-1].any()
        assert bool(ends[-1]) == bool(ended)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model_type": "llava"}, "cannot be trained here"),
        ({"text_config": {"hidden_size": 65536, "intermediate_size": 65536}}, "describes"),
        ({"vision_config": {"depth": 10**9}}, "layers"),
    ],
)
def test_a_lying_configuration_is_refused_before_it_takes_memory(tiny, tmp_path, change, told):
    checkpoint = tmp_path / "model"
    shutil.copytree(tiny, checkpoint)
    config = json.loads((checkpoint / "config.json").read_text())
    for key, value in change.items():
        config[key] = config[key] | value if isinstance(value, dict) else value
    (checkpoint / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=told):
        VisionLanguageModel.load(checkpoint)


def test_an_adapter_is_refused(tiny, tmp_path):
    checkpoint = tmp_path / "model"
    shutil.copytree(tiny, checkpoint)
    (checkpoint / "adapter_config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="merge it"):
        VisionLanguageModel.load(checkpoint)


def test_a_prompt_beyond_the_context_is_an_error_of_its_item_alone(tiny_model):
    requests = [Request("short", Prompt(("How tall is bar A?",))), Request("long", Prompt(("word " * 200_000,)))]
    answers = {one.item_id: one for one in tiny_model.generate(requests, Sampling(max_tokens=4))}
    assert answers["short"].error is None
    assert "context only 4096" in answers["long"].error


def test_an_answer_ends_where_the_context_does(tiny_model):
    vlm = tiny_model._vlm
    inputs = vlm.encode([Prompt(("How tall is bar A?",)), Prompt(("x " * 50,))])
    prompts = inputs["attention_mask"].sum(1)
    context, vlm.context = vlm.context, int(prompts.max()) + 3
    try:
        drawn = draw_answers(
            vlm, vlm.prefill(inputs), Sampling(temperature=1.0, max_tokens=200), [0, 1], banned=vlm.end_ids
        )
    finally:
        vlm.context = context
    assert drawn.mask.sum(1).tolist() == (int(prompts.max()) + 3 - prompts).tolist()
    assert not drawn.ended.any()
