"""The openai engine: any server that speaks OpenAI's chat completions (vLLM, SGLang, llama.cpp, a provider).

What a request does not say, the server decides: vLLM takes top_k, repetition_penalty and the like from the checkpoint's
generation_config.json, and so does SGLang. Their servers are therefore told neutral ones (`NEUTRAL`), so that answers come
from the distribution that the sampling states; `body.` options override them. Others are sent nothing that OpenAI does not
know.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DataError, EngineError, UsageError
from ..images import portable
from ..runs.checkpoints import Checkpoint
from ..runs.provenance import package_versions
from ..settings import option, read_options, require
from ..types import Image, Json, Prompt, Request, Response, Sampling
from .http_client import (
    DEFAULT_ATTEMPTS,
    DEFAULT_CONCURRENCY,
    DEFAULT_KEY_VARIABLE,
    DEFAULT_TIMEOUT,
    OPTIONAL_FIELDS,
    Budget,
    Completion,
    Endpoint,
    Fault,
)
from .http_servers import ask_servers
from .http_wire import NEUTRAL, neutral

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SEED_MASK = 2**63 - 1
"""Servers take a signed 64-bit seed."""

OWN_FIELDS = frozenset(
    {"model", "messages", "n", "seed", "stream", "temperature", "top_p", "max_tokens", "max_completion_tokens"}
)
SERVED = ("root", "parent")
"""What a server's list of models says of the weights behind a name: their path, and an adapter's base."""

OPENAIS = ("openai", "openai-internal", "system")
"""Who owns the models that OpenAI serves, by its list."""
_REASONING_NAME = re.compile(r"(?:^|[/.:])(?:o[1-9]|gpt-[5-9])(?![0-9])")
MOST_NOTED = 16
"""So many different models and fingerprints of one server are remembered."""

Question = tuple[tuple[str, int], Mapping[str, Json]]


@dataclass(frozen=True)
class OpenAIEngine:
    """A model behind one server or several. `extra` is put into the body of every request; `checkpoint` is what is served.

    `answered_by` is what the servers said of themselves while they answered: `model` and `fingerprint`, each once.
    """

    servers: tuple[Endpoint, ...]
    served: Mapping[str, Json]
    version: str | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)
    checkpoint: Mapping[str, str] = field(default_factory=dict)
    answered_by: dict[str, list[str]] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """What the servers call the model."""
        return self.servers[0].model

    @property
    def url(self) -> str:
        """The servers' addresses as they are shown, whose order does not matter."""
        return ",".join(sorted(one.shown_url for one in self.servers))

    def identity(self) -> Mapping[str, Json]:
        """Engine, model, extra fields, those not sent, and the digests of a named checkpoint, wherever it is served.

        Without one, where it is served, and what the server tells of its weights.
        """
        told = {key: self.served[key] for key in SERVED if isinstance(self.served.get(key), str)}
        known: Mapping[str, Json] = self.checkpoint or {"url": self.url, "served": told}
        unsent = sorted(self.servers[0].unsupported)
        unsupported = {"unsupported": unsent} if unsent else {}
        return {"engine": "openai", "model": self.name, **known, "body": dict(self.extra), **unsupported}

    def versions(self) -> Mapping[str, str]:
        """The HTTP client, where the model is served, and the server where it tells its version."""
        server = {} if self.version is None else {"server": self.version}
        return {**package_versions(("httpx",)), "url": self.url, **server}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """Each sample is one request; answers come in the order in which the server finishes them.

        Raises EngineError, after what was in flight is answered, if no further request can succeed.
        """
        for name, value in sampling.shaping.items():
            if self.extra.get(name, value) not in (value, NEUTRAL.get(name)):
                raise UsageError(f"{name} is set twice: leave out --engine-option body.{name}, or what else sets it")
        unreadable: deque[Response] = deque()
        fatal: Fault | None = None
        with closing(ask_servers(self.servers, self._questions(requests, sampling, unreadable))) as results:
            for (item_id, sample), result in results:
                while unreadable:
                    yield unreadable.popleft()
                if isinstance(result, Completion):
                    self._note("model", result.model)
                    self._note("fingerprint", result.fingerprint)
                yield _response(item_id, sample, result)
                if isinstance(result, Fault) and result.fatal:
                    fatal = fatal or result
        yield from unreadable
        if fatal:
            raise EngineError(f"{self.url}: {fatal.message}; what was answered is stored")

    def _note(self, what: str, said: str | None) -> None:
        """Remember what a server said of itself, if it is new, and not too much of it."""
        known = self.answered_by.setdefault(what, []) if said is not None else []
        if said is not None and said not in known and len(known) < MOST_NOTED:
            known.append(said)

    def _rendered(self, prompt: Prompt) -> dict[str, Json]:
        """What the server is to tell the template and the image processor, in the fields that vLLM has for them."""
        template, pixels = dict(prompt.rendering.template), prompt.rendering.pixels
        if pixels and not self._is_vllm:
            raise UsageError("min_pixels and max_pixels: only a vLLM server can be told; set them where it is started")
        return {
            **({"chat_template_kwargs": template} if template else {}),
            **({"mm_processor_kwargs": pixels} if pixels else {}),
        }

    @property
    def _is_vllm(self) -> bool:
        return self.served.get("owned_by") == "vllm"

    def _questions(
        self, requests: Iterable[Request], sampling: Sampling, unreadable: deque[Response]
    ) -> Iterator[Question]:
        """A body for each sample; the samples of an item whose picture cannot be sent go to `unreadable`."""
        for request in requests:
            try:
                messages = chat(request.prompt)
                rendered = self._rendered(request.prompt)
            except DataError as error:
                unreadable.extend(Response(request.item_id, k, None, str(error)) for k in request.samples)
                continue
            for sample, seed in zip(request.samples, request.seeds(sampling), strict=True):
                drawn = {} if sampling.greedy else {"seed": seed & SEED_MASK}
                yield (
                    (request.item_id, sample),
                    {
                        "messages": messages,
                        "temperature": sampling.temperature,
                        "top_p": sampling.top_p,
                        "max_tokens": sampling.max_tokens,
                        **drawn,
                        **rendered,
                        **self.extra,
                        **sampling.shaping,
                    },
                )


def chat(prompt: Prompt) -> list[Json]:
    """The messages of a prompt: texts and pictures in order, pictures as data: URLs.

    Raises DataError for a picture that cannot be read.
    """
    content = [
        {"type": "image_url", "image_url": {"url": data_url(part)}}
        if isinstance(part, Image)
        else {"type": "text", "text": part}
        for part in prompt.parts
    ]
    user = {"role": "user", "content": content}
    return [user] if prompt.system is None else [{"role": "system", "content": prompt.system}, user]


def data_url(image: Image) -> str:
    """A picture for a server: its bytes, unchanged where every decoder reads them alike (`portable`). Raises DataError."""
    data = portable(image).read()
    return f"data:{media_type(data)};base64,{base64.b64encode(data).decode()}"


def media_type(data: bytes) -> str:
    """The media type of a picture by its first bytes; names of files are often wrong."""
    for start, kind in ((b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"), (b"BM", "bmp"), (b"RIFF", "webp")):
        if data.startswith(start):
            return f"image/{kind}"
    return "image/png"


def _response(item_id: str, sample: int, result: Completion | Fault) -> Response:
    if isinstance(result, Fault):
        if result.refusal is not None:
            return Response(item_id, sample, "", None, None, *result.tokens, refusal=result.refusal)
        return Response(item_id, sample, None, result.message)
    counts = result.prompt_tokens, result.completion_tokens
    return Response(item_id, sample, result.text, None, result.finish_reason, *counts, reasoning=result.reasoning)


@dataclass(frozen=True)
class OpenAIOptions:
    """The server's `url` (default: the environment variable OPENAI_BASE_URL), how it is asked, and what may be spent.

    `url` may name several servers of the model, with commas between them. `timeout` is in seconds of one request;
    `checkpoint` is the local folder that is served, by whose digests the model is then known, wherever it is served; prices
    are per million tokens; `unsupported` names fields that the model does not take, with commas between them.
    """

    url: str | None = None
    key_variable: str = DEFAULT_KEY_VARIABLE
    checkpoint: Path | None = None
    unsupported: str | None = None
    concurrency: int = option(DEFAULT_CONCURRENCY, least=1, most=4096)
    attempts: int = option(DEFAULT_ATTEMPTS, least=1, most=100)
    timeout: float = option(DEFAULT_TIMEOUT, least=0.1, most=86_400)
    max_requests: int | None = option(None, least=1)
    max_tokens_total: int | None = option(None, least=1)
    max_cost: float | None = option(None, least=0, most=1e12)
    prompt_price: float | None = option(None, least=0, most=1e9)
    completion_price: float | None = option(None, least=0, most=1e9)

    def __post_init__(self) -> None:
        prices = self.prompt_price is not None or self.completion_price is not None
        rules = {  # what stands in the place of a variable's name is not shown: it may be the key itself
            "option key_variable must be the name of an environment variable": _VARIABLE.fullmatch(self.key_variable)
            is not None,
            f"option unsupported takes {', '.join(OPTIONAL_FIELDS)}, with commas between them": self.unsupported is None
            or set(self.unsupported.split(",")) <= {"", *OPTIONAL_FIELDS},
            "option max_cost needs prompt_price and completion_price (per million tokens), and they it": prices
            == (self.max_cost is not None),
        }
        require(rules.items())


def open_engine(target: str, options: Mapping[str, str]) -> OpenAIEngine:
    """Open the model that a server calls `target`, and look whether it is there.

    Options: `OpenAIOptions`, and body.KEY=JSON for any further field of a request's body. Raises UsageError, CheckpointError
    and EngineError.
    """
    named = {name: text for name, text in options.items() if not name.startswith("body.")}
    chosen = read_options(OpenAIOptions, named, "engine openai", more=["body.KEY"])
    url = chosen.url or os.environ.get("OPENAI_BASE_URL")
    if not url:
        raise UsageError("engine openai needs --engine-option url=http://host:8000/v1 (or OPENAI_BASE_URL)")
    extra = dict(_body_field(name, text) for name, text in options.items() if name.startswith("body."))
    checkpoint = {} if chosen.checkpoint is None else Checkpoint.read(chosen.checkpoint).identity()
    budget = Budget(
        chosen.max_requests,
        chosen.max_tokens_total,
        chosen.max_cost,
        chosen.prompt_price or 0.0,
        chosen.completion_price or 0.0,
    )
    urls = [one.strip() for one in url.split(",")]

    def endpoint(one: str, unsupported: Iterable[str] | None) -> Endpoint:
        return Endpoint(
            one,
            target,
            key_variable=chosen.key_variable,
            timeout=chosen.timeout,
            attempts=chosen.attempts,
            concurrency=chosen.concurrency,
            budget=budget,
            unsupported=unsupported,
        )

    unsupported = [one for one in (chosen.unsupported or "").split(",") if one]
    servers = tuple(endpoint(one, unsupported) for one in urls)
    served, version = _alike(servers)
    if chosen.unsupported is None and _may_reason(served, target):
        unsupported = _refused_fields(endpoint(urls[0], None))
        servers = tuple(endpoint(one, unsupported) for one in urls)
    return OpenAIEngine(servers, served, version, {**neutral(served), **extra}, checkpoint)


def _may_reason(served: Mapping[str, Json], model: str) -> bool:
    """True for OpenAI's models and those called like them, which may refuse some of OPTIONAL_FIELDS."""
    return served.get("owned_by") in OPENAIS or _REASONING_NAME.search(model) is not None


def _refused_fields(server: Endpoint) -> list[str]:
    """Those of OPTIONAL_FIELDS that the model refuses in a short question."""
    body = {"messages": [{"role": "user", "content": "1+1="}], "temperature": 0.5, "top_p": 0.5, "max_tokens": 16}
    for _ in server.ask_all([("short", body)]):
        pass
    return sorted(server.unsupported)


def _alike(servers: tuple[Endpoint, ...]) -> tuple[Mapping[str, Json], str | None]:
    """What all servers say of the model, and their version. Raises EngineError if they differ, UsageError for one twice."""
    if len({one.url for one in servers}) < len(servers):
        raise UsageError("option url names a server twice")
    said = [(one.served(), one.version()) for one in servers]
    for server, (served, version) in zip(servers, said, strict=True):
        first = {key: said[0][0].get(key) for key in (*SERVED, "owned_by")}
        if {key: served.get(key) for key in first} != first or version != said[0][1]:
            raise EngineError(
                f"{server.shown_url} does not serve what {servers[0].shown_url} serves, or by another version"
            )
    return said[0]


def _body_field(name: str, text: str) -> tuple[str, Json]:
    key = name.removeprefix("body.")
    if not key or key in OWN_FIELDS:
        raise UsageError(f"option {name:.60} is not free: {', '.join(sorted(OWN_FIELDS))} are set by the harness")
    try:
        return key, json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise UsageError(
            f"option {name:.60} must be JSON, like body.top_k=1 or body.user='\"me\"', not {text!r:.40}"
        ) from None


def _no_constant(name: str) -> Json:
    raise ValueError(name)
