"""Which folders are checkpoints, and whether they are whole: unfinished, forged and incomplete ones are refused by name."""

import json
import os
import shutil
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.harness.errors import CheckpointError
from proctor.harness.runs.checkpoints import FolderState, check_whole, find_checkpoints, label
from proctor.harness.runs.provenance import configuration_digest, weights_digest

HEADER = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def tensors(header, data):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.fixture
def checkpoint(tmp_path):
    """A minimal folder that looks whole."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "qwen2_5_vl"}')
    (folder / "model.safetensors").write_bytes(tensors(HEADER, b"x" * 8))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "preprocessor_config.json").write_text("{}")
    check_whole(folder)
    return folder


def refused(folder, match):
    with pytest.raises(CheckpointError, match=match) as caught:
        check_whole(folder)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def shard(folder, index):
    (folder / "model.safetensors").unlink()
    for name in ("one.safetensors", "two.safetensors"):
        (folder / name).write_bytes(tensors(HEADER, b"x" * 8))
    (folder / "model.safetensors.index.json").write_text(index if isinstance(index, str) else json.dumps(index))


def test_the_bundled_checkpoint_is_whole(tiny):
    check_whole(tiny)


def test_a_missing_folder(tmp_path):
    refused(tmp_path / "nowhere", "no such checkpoint folder")
    (tmp_path / "file").write_text("x")
    refused(tmp_path / "file", "no such checkpoint folder")


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 9, 40, -1, -8])
def test_truncated_weights(checkpoint, cut):
    file = checkpoint / "model.safetensors"
    file.write_bytes(file.read_bytes()[:cut])
    refused(checkpoint, r"model\.safetensors: unfinished")


def test_weights_with_something_after_them(checkpoint):
    with (checkpoint / "model.safetensors").open("ab") as file:
        file.write(b"x")
    refused(checkpoint, "unfinished")


@pytest.mark.parametrize(
    "content",
    [
        (2**63).to_bytes(8, "little") + b"{}",
        (2**64 - 1).to_bytes(8, "little"),
        (10**9).to_bytes(8, "little") + b"{}" * 100,
        tensors([], b""),
        tensors(None, b""),
        tensors({"a": {}}, b""),
        tensors({"a": {"data_offsets": [0]}}, b""),
        tensors({"a": {"data_offsets": ["0", "8"]}}, b"x" * 8),
        tensors({"a": {"data_offsets": [0, 10**30]}}, b"x" * 8),
        tensors({"a": {"data_offsets": [0, -8]}}, b"x" * 8),
        tensors({"a": {"data_offsets": [0, 9]}}, b"x" * 8),
        tensors({"__metadata__": {}}, b"x" * 8),
        (4).to_bytes(8, "little") + b"\xff\xfe{}",
        (100_000).to_bytes(8, "little") + b"[" * 100_000,
    ],
)
def test_a_header_that_lies(checkpoint, content):
    (checkpoint / "model.safetensors").write_bytes(content)
    refused(checkpoint, r"model\.safetensors: unfinished")


@given(st.binary(max_size=200))
@settings(max_examples=60)
def test_any_bytes_are_refused_or_fine_never_a_crash(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("checkpoint")
    (folder / "config.json").write_text("{}")
    for name in ("tokenizer.json", "preprocessor_config.json"):
        (folder / name).write_text("{}")
    (folder / "model.safetensors").write_bytes(data)
    try:
        check_whole(folder)
    except CheckpointError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way is fine


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '"x"'])
def test_a_config_that_is_no_json_object(checkpoint, text):
    (checkpoint / "config.json").write_text(text)
    refused(checkpoint, r"config\.json")
    (checkpoint / "config.json").unlink()
    refused(checkpoint, r"config\.json")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("tokenizer.json", r"no tokenizer .*copy it from the base model"),
        ("preprocessor_config.json", "no image processor"),
    ],
)
def test_a_checkpoint_without_its_processor_says_what_to_do(checkpoint, name, match):
    (checkpoint / name).unlink()
    refused(checkpoint, match)


def test_weights_that_engines_would_choose_differently_are_refused(checkpoint):
    (checkpoint / "model-00001-of-00001.safetensors").write_bytes(tensors(HEADER, b"y" * 8))
    refused(checkpoint, r"holds model\.safetensors and model-00001-of-00001\.safetensors, and no index")
    index = {"weight_map": {"a": "model-00001-of-00001.safetensors"}}
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps(index))
    refused(checkpoint, r"holds model\.safetensors beside the 1 files of model\.safetensors\.index\.json")
    (checkpoint / "model.safetensors").unlink()
    check_whole(checkpoint)


def tied(checkpoint, head, **config):
    header = {
        "model.embed_tokens.weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "lm_head.weight": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]},
    }
    (checkpoint / "model.safetensors").write_bytes(tensors(header, b"embedded" + head))
    (checkpoint / "config.json").write_text(json.dumps({"model_type": "qwen2_5_vl", **config}))


@pytest.mark.parametrize("config", [{"tie_word_embeddings": True}, {"text_config": {"tie_word_embeddings": True}}])
def test_a_last_layer_beside_the_embeddings_it_is_tied_to(checkpoint, config):
    tied(checkpoint, b"embedded", **config)
    check_whole(checkpoint)
    tied(checkpoint, b"another!", **config)
    refused(checkpoint, r"ties lm_head to the embeddings, but model\.safetensors holds another lm_head: set")
    tied(checkpoint, b"another!", **{**config, "tie_word_embeddings": False})
    check_whole(checkpoint)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(checkpoint, name):
    (checkpoint / name).unlink()
    os.mkfifo(checkpoint / name)
    refused(checkpoint, f"{name}.* is no file")


def test_pickled_weights_are_not_a_checkpoint(checkpoint):
    (checkpoint / "model.safetensors").rename(checkpoint / "pytorch_model.bin")
    refused(checkpoint, r"no \*\.safetensors")
    with pytest.raises(CheckpointError, match=r"no \*\.safetensors"):
        weights_digest(checkpoint)


def test_a_shard_that_is_missing_or_unfinished(checkpoint):
    shard(checkpoint, {"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})
    check_whole(checkpoint)
    whole = (checkpoint / "two.safetensors").read_bytes()
    (checkpoint / "two.safetensors").write_bytes(whole[:-1])
    refused(checkpoint, r"two\.safetensors: unfinished")
    (checkpoint / "two.safetensors").unlink()
    refused(checkpoint, r"two\.safetensors: missing, though the index names it")


@pytest.mark.parametrize(
    "name", ["../outside.safetensors", "/tmp/outside.safetensors", "sub/one.safetensors", "two.bin", ".."]
)
def test_an_index_can_not_point_at_weights_that_are_not_in_the_digest(checkpoint, name):
    """The engine would load them, and the run would carry the digest of others."""
    shard(checkpoint, {"weight_map": {"a": "one.safetensors", "b": name}})
    for place in (checkpoint.parent, checkpoint):
        for decoy in ("outside.safetensors", "two.bin"):
            (place / decoy).write_bytes(tensors(HEADER, b"x" * 8))
    refused(checkpoint, "not a .*safetensors file of this folder")


def test_a_config_can_not_redirect_the_weights(checkpoint):
    (checkpoint / "config.json").write_text('{"transformers_weights": "sub/model.safetensors"}')
    refused(checkpoint, "transformers_weights")


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"weight_map": []}', '{"weight_map": {"a": 1}}', "{" * 10_000])
def test_an_index_that_is_none(checkpoint, index):
    shard(checkpoint, index)
    refused(checkpoint, r"index\.json")


def test_a_state_is_marked_while_nothing_is_newer_than_its_mark(checkpoint):
    assert not FolderState.of(checkpoint).marked
    (checkpoint / "COMPLETE").touch()
    state = FolderState.of(checkpoint)
    assert state.marked
    later = time.time() + 10
    (checkpoint / "sub").mkdir()
    (checkpoint / "sub" / "part").touch()
    os.utime(checkpoint / "sub" / "part", (later, later))
    assert not FolderState.of(checkpoint).marked  # a file deep inside counts
    assert FolderState.of(checkpoint) != state


def test_checkpoints_are_found_in_either_layout_but_not_unfinished_ones(tmp_path):
    for name in ("step-2", "checkpoints/step-1", "checkpoints/.step-3", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").write_text("{}")
    (tmp_path / "logs").mkdir()
    (tmp_path / "file").write_text("")
    assert find_checkpoints(tmp_path) == [tmp_path / "checkpoints" / "step-1", tmp_path / "step-2"]
    assert find_checkpoints(tmp_path / "nowhere") == []


def test_a_label_names_the_training_too(tmp_path):
    assert label(tmp_path / "run" / "checkpoints" / "step-1") == "run/step-1"
    assert label(tmp_path / "base") == "base"


def test_the_digest_follows_contents_and_names_not_the_place(checkpoint, tmp_path):
    first = weights_digest(checkpoint), configuration_digest(checkpoint)
    copy = tmp_path / "copy"
    shutil.copytree(checkpoint, copy)
    assert (weights_digest(copy), configuration_digest(copy)) == first
    (copy / "README.md").write_text("notes")
    (copy / "COMPLETE").touch()
    assert (weights_digest(copy), configuration_digest(copy)) == first

    (copy / "model.safetensors").write_bytes(tensors(HEADER, b"x" * 7 + b"y"))
    assert weights_digest(copy) != first[0]
    assert configuration_digest(copy) == first[1]


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "tokenizer.json",
        "tokenizer.model",
        "preprocessor_config.json",
        "chat_template.jinja",
        "generation_config.json",
        "adapter_config.json",
        "model.safetensors.index.json",
    ],
)
def test_every_file_that_changes_answers_is_in_the_configuration_digest(checkpoint, name):
    before = configuration_digest(checkpoint)
    (checkpoint / name).write_text('{"changed": 1}')
    assert configuration_digest(checkpoint) != before
