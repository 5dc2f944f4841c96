"""Sections of a recipe: [judge], [guard], [openrlhf], [local], [rollouts], [lora], [track] and [synthesis].

[openrlhf] describes the machines; nothing in it changes what is learned, but for rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..harness.settings import added, require, to_stored
from ..harness.types import Json, Sampling
from ..harness.untrusted_text import check_template
from .text_file import SUFFIX

BASE_MODEL = "base"
TINY_MODEL = "tiny_judge"
ORACLE = "oracle"
PROMPTS = ("full", "short")
OVERALLS = ("weighted", "stated")


FAVOURED = ("long", "majority")


@dataclass(frozen=True)
class OracleSettings:
    """A judge that knows the labels (`oracle`): its verdict on a response is right with probability `accuracy`.

    A share `bias` of the verdicts is for what it `favours`, and against the rest: responses that are "long" (above the median
    of their group, in characters), or those that gave the answer of the "majority". With `alike` it errs alike on equal
    answers to one question, otherwise on each response by itself. It is as sure as `certainty` says: a response that it takes
    for right scores (1 + certainty) / 2, another (1 - certainty) / 2.
    """

    accuracy: float = 1.0
    favours: str = "long"
    bias: float = 0.0
    alike: bool = False
    certainty: float = 1.0

    def __post_init__(self) -> None:
        shares = {name: getattr(self, name) for name in ("accuracy", "bias", "certainty")}
        rules = {
            **{f"judge.oracle.{name} must be from 0 to 1": 0 <= value <= 1 for name, value in shares.items()},
            f"judge.oracle.favours must be one of: {', '.join(FAVOURED)}": self.favours in FAVOURED,
        }
        require(rules.items())


@dataclass(frozen=True)
class JudgeSettings:
    """Who judges, how its replies are drawn, and when a failing judge stops the training.

    `prompt` is "full", "short" (for a model that cannot read long ones), or a text file (`text_file`) with {question} and
    {response}; `system` is the text file of a system message. `overall` is the score that counts: "weighted", computed from
    the three scores that a judge gives, or "stated", the one that it states itself.

    `model` is "base" (a frozen copy of the starting model, as in Actor-Judge, arXiv 2603.21289), "tiny_judge" (the bundled
    one of the figures) or a checkpoint's folder; with a `url` it is the name under which a server has it, and the server's
    key is in the environment variable OPENAI_API_KEY. Each response is judged `repeats` times and the mean counts; a reply
    that cannot be had or read is asked for again up to `retries` times. The training stops when more than
    `max_failed_share` of what was judged in the last `window` steps got no score. `batch` is the number of replies that an
    in-process judge draws at once, `concurrency` that of requests to a served one.

    The `model` "oracle" is a control that knows the labels, as good as `oracle` says; nothing is asked, nothing else counts.
    """

    model: str = BASE_MODEL
    url: str | None = None
    prompt: str = "full"
    temperature: float = 1.0
    top_p: float = 0.9
    max_tokens: int = 1024
    repeats: int = 1
    retries: int = 2
    max_failed_share: float = 0.2
    window: int = 10
    batch: int = 32
    system: str | None = added(None)
    overall: str = added("weighted")
    concurrency: int = added(256)
    oracle: OracleSettings | None = added(None)  # noqa: RUF009

    def __post_init__(self) -> None:
        rules = {
            "model must be named": bool(self.model),
            f"prompt must be one of: {', '.join(PROMPTS)}, or a .txt file": self.prompt in PROMPTS
            or self.prompt.endswith(SUFFIX),
            "system must be a .txt file": self.system is None or self.system.endswith(SUFFIX),
            f"overall must be one of: {', '.join(OVERALLS)}": self.overall in OVERALLS,
            "temperature must be from 0 to 100": 0 <= self.temperature <= 100,
            "top_p must be above 0 and at most 1": 0 < self.top_p <= 1,
            "max_tokens, repeats, window, batch and concurrency must be at least 1": min(
                self.max_tokens, self.repeats, self.window, self.batch, self.concurrency
            )
            >= 1,
            "retries must not be negative": self.retries >= 0,
            "max_failed_share must be from 0 to 1": 0 <= self.max_failed_share <= 1,
            f"url needs model: the name that the server has for it, not {self.model!r}": self.url is None
            or self.model not in (BASE_MODEL, TINY_MODEL, ORACLE),
            f'[judge.oracle] needs model = "{ORACLE}"': self.oracle is None or self.model == ORACLE,
            "several repeats need a temperature above 0": self.repeats == 1 or self.temperature > 0,
        }
        require(rules.items())

    @property
    def needs_gold(self) -> bool:
        """Whether what it scores must hold the gold answer, as an oracle's must."""
        return self.model == ORACLE


FLAG, STOP = "flag", "stop"
ACTIONS = (FLAG, STOP)
MOST_HELD_OUT = 100_000


@dataclass(frozen=True)
class GuardSettings:
    """What is looked at while a training goes on, without labels, and when that is an alarm (`guard`).

    Every `every` steps the policy answers `prompts` prompts greedily that are never trained on, and its answers are held
    against the base's. A `judge` of its own, which must have no part in the reward, compares the two where they differ.

    It is an alarm when at `checks` checks in a row the judged change is at least `z` standard errors below that of the best
    check before, the base's at first, or at one check `z_once`, and by `least` at least; or when at as many the responses are
    shorter than `shortest` times the base's without a judged change above 0. The `action` is "flag" (say and record it) or
    "stop" (end the training too).
    """

    prompts: int = 128
    every: int = 5
    judge: JudgeSettings | None = None
    action: str = FLAG
    z: float = 2.5
    checks: int = 2
    z_once: float = 3.0
    least: float = 0.02
    shortest: float = 0.5

    def __post_init__(self) -> None:
        rules = {
            f"guard.prompts must be from 2 to {MOST_HELD_OUT:,}": 2 <= self.prompts <= MOST_HELD_OUT,
            "guard.every and guard.checks must be at least 1": min(self.every, self.checks) >= 1,
            f"guard.action must be one of: {', '.join(ACTIONS)}": self.action in ACTIONS,
            "guard.z and guard.z_once must not be negative": self.z >= 0 and self.z_once >= 0,
            "guard.least must be from 0 to 1": 0 <= self.least <= 1,
            "guard.shortest must be from 0 to 1": 0 <= self.shortest <= 1,
        }
        require(rules.items())


STUDENTS = ("vllm", "transformers")


@dataclass(frozen=True)
class OpenRlhfSettings:
    """GPUs and memory.

    The actor has `nodes` x `gpus` GPUs, and the frozen reference as many; `engines` rollout engines of `tensor_parallel`
    GPUs each. With `colocate` all of them share the actor's GPUs, and the engines sleep while the actor learns. A judge
    that the recipe gives no URL for is served on `judge_gpus` further GPUs of the first node; `examine_gpus` more are left to
    examinations of the checkpoints (`proctor watch`), while the training runs.

    A staged method's student is asked on the engine `student`, "vllm" or "transformers": with vllm as many copies as there
    are `engines`, or one of `tensor_parallel` GPUs if that is more than one. Its SFT and DPO have the `gpus` of one node.

    With `correct_engine` each token weighs by the ratio of the learner's probability to the engine's, kept in [0.5, 5]: they
    compute in different ways. The metric vllm_kl, which shows whether new weights arrived, needs it: more than `most_vllm_kl`
    nats per token in a start's first step end the training, for then they do not see the same.

    `prompt_tokens` is the longest prompt; `micro_rollout` and `micro_train` are samples per GPU and pass. A training
    without a sign of life for `silence` seconds is ended.
    """

    nodes: int = 1
    gpus: int = 8
    engines: int = 8
    tensor_parallel: int = 1
    colocate: bool = True
    judge_gpus: int = 0
    prompt_tokens: int = 2048
    micro_rollout: int = 4
    micro_train: int = 1
    zero_stage: int = 3
    adam_offload: bool = False
    gradient_checkpointing: bool = True
    attention: str = "flash_attention_2"
    gpu_memory_utilization: float = 0.6
    enforce_eager: bool = False
    silence: int = 3600
    correct_engine: bool = True
    student: str = "vllm"
    most_vllm_kl: float = added(0.1)
    examine_gpus: int = added(0)

    def __post_init__(self) -> None:
        counts = (
            "nodes",
            "gpus",
            "engines",
            "tensor_parallel",
            "prompt_tokens",
            "micro_rollout",
            "micro_train",
            "silence",
        )
        shared = self.engines * self.tensor_parallel == self.nodes * self.gpus
        rules = {
            **{f"{name} must be at least 1": getattr(self, name) >= 1 for name in counts},
            "judge_gpus and examine_gpus must not be negative": min(self.judge_gpus, self.examine_gpus) >= 0,
            "examine_gpus are of one node: set nodes to 1": self.examine_gpus == 0 or self.nodes == 1,
            f"student must be one of: {', '.join(STUDENTS)}": self.student in STUDENTS,
            "most_vllm_kl must be positive": self.most_vllm_kl > 0,
            "zero_stage must be 0, 1, 2 or 3": self.zero_stage in range(4),
            "gpu_memory_utilization must be above 0 and at most 1": 0 < self.gpu_memory_utilization <= 1,
            "with colocate, engines x tensor_parallel must be nodes x gpus": not self.colocate or shared,
        }
        require(rules.items())

    def gpus_needed(self, *, reference: bool) -> int:
        """GPUs of the Ray cluster, without those of the judge and of examinations."""
        actor = self.nodes * self.gpus
        if self.colocate:
            return actor
        return actor * (2 if reference else 1) + self.engines * self.tensor_parallel


ATTENTION = ("sdpa", "flash_attention_2", "eager")


@dataclass(frozen=True)
class LocalSettings:
    """How the local trainer uses its device; nothing here changes what is learned, but for rounding.

    With `micro_tokens` what the policy and its reference are asked about given answers is asked in passes of at most so
    many tokens, padding counted; an answer with a longer prompt and itself is alone. With `draw_tokens` at most so many
    tokens are kept at a time while answers are drawn; a prompt's n answers are always drawn together.

    `gradient_checkpointing` computes activations again in the backward pass; `attention` is transformers' implementation.
    """

    micro_tokens: int | None = None
    draw_tokens: int | None = None
    gradient_checkpointing: bool = False
    attention: str = "sdpa"

    def __post_init__(self) -> None:
        rules = {
            "micro_tokens must be at least 1": self.micro_tokens is None or self.micro_tokens >= 1,
            "draw_tokens must be at least 1": self.draw_tokens is None or self.draw_tokens >= 1,
            f"attention must be one of: {', '.join(ATTENTION)}": self.attention in ATTENTION,
        }
        require(rules.items())


TENSORBOARD, WANDB, TRACKIO = "tensorboard", "wandb", "trackio"
TRACKERS = (TENSORBOARD, WANDB, TRACKIO)


@dataclass(frozen=True)
class TrackSettings:
    """Which trackers of experiments follow the training (`tracking`), as runs of `project`; nothing of what is learned.

    TensorBoard's events are written to the training's directory in any case. The others keep what they are told on this
    machine, whatever the environment says, unless `online`; then their own settings decide.
    """

    to: tuple[str, ...] = ()
    project: str = "proctor"
    online: bool = False

    def __post_init__(self) -> None:
        rules = {
            f"track.to must be some of: {', '.join(TRACKERS)}": {*self.to} <= {*TRACKERS},
            "track.project must not be empty": bool(self.project.strip()),
        }
        require(rules.items())


TRANSFORMERS, VLLM = "transformers", "vllm"
ROLLOUT_ENGINES = (TRANSFORMERS, VLLM)


@dataclass(frozen=True)
class RolloutSettings:
    """What draws the local trainer's answers, for methods that draw at every step.

    The `engine` "transformers" is the policy itself; "vllm" is an engine of vLLM's on the same device, in a process of its
    own, that is handed the policy's weights after each step. Of a GPU's memory it takes the share `gpu_memory_utilization`,
    its weights included; the learner has the rest. `enforce_eager` starts it sooner, without CUDA graphs and compilation.

    What the two make of the same tokens is compared at each draw (metric vllm_kl): a mean difference of more than
    `most_vllm_kl` nats per token in a start's first step ends the training, for then they do not see the same.
    """

    engine: str = TRANSFORMERS
    gpu_memory_utilization: float = 0.4
    enforce_eager: bool = False
    most_vllm_kl: float = 0.1

    def __post_init__(self) -> None:
        rules = {
            f"rollouts.engine must be one of: {', '.join(ROLLOUT_ENGINES)}": self.engine in ROLLOUT_ENGINES,
            "rollouts.gpu_memory_utilization must be above 0 and below 1": 0 < self.gpu_memory_utilization < 1,
            "rollouts.most_vllm_kl must be positive": self.most_vllm_kl > 0,
        }
        require(rules.items())


MOST_RANK = 4096


@dataclass(frozen=True)
class LoraSettings:
    """LoRA (arXiv 2106.09685): adapters of `rank`, whose product counts `alpha` / `rank` times; alpha is 2 x rank by default.

    Adapted are the language model's linear layers, and the vision tower's with policy.train_vision; `targets` (q_proj, ...)
    are the only ones if there are any. With `four_bit` the frozen weights have 4 bits (QLoRA, arXiv 2305.14314).
    """

    rank: int = 32
    alpha: int | None = None
    dropout: float = 0.0
    targets: tuple[str, ...] = ()
    four_bit: bool = False

    def __post_init__(self) -> None:
        rules = {
            f"rank must be from 1 to {MOST_RANK}": 1 <= self.rank <= MOST_RANK,
            "alpha must be at least 1": self.alpha is None or self.alpha >= 1,
            "dropout must be at least 0 and below 1": 0 <= self.dropout < 1,
        }
        require(rules.items())

    @property
    def scale(self) -> int:
        """Alpha."""
        return 2 * self.rank if self.alpha is None else self.alpha


DIRECT, IN_CONTEXT = "direct", "in_context"
WAYS = (DIRECT, IN_CONTEXT)

DIRECT_TEXT = (
    "Look at the picture and write one mathematical question that can be answered from it. The question must say all that "
    "is needed beside the picture, and have exactly one short answer. Do not answer it. Write it between <question> and "
    "</question>."
)
IN_CONTEXT_TEXT = (
    "Here is a question about the picture, with an answer.\nQuestion: {question}\nAnswer: {answer}\n"
    "Write another mathematical question about the same picture, one that asks for something else. It must say all that is "
    "needed beside the picture, and have exactly one short answer. Do not answer it. Write it between <question> and "
    "</question>."
)
_MOST = 10_000


@dataclass(frozen=True)
class SynthesisSettings:
    """How questions are made, and which are kept.

    `how` is "direct" (the model sees the picture alone) or "in_context" (also the question that the set has, and the answer
    that most of its own `samples` answers state; never a label). `images` items are taken (None: all), and `per_image`
    questions drawn for each. The texts `direct` and `in_context` ask for a question; the latter holds {question} and {answer}
    once.

    Kept is a question of `shortest` to `longest` characters that repeats no other on its picture: the Jaccard similarity of
    its words to theirs is at most `near`. Of the model's `samples` answers to it a share of `answered` must have a box,
    and the commonest of them a share of `agreed` of all; with `drop_easy` not all. Fewer than `least` questions are an error.

    `temperature`, `top_p` and `max_tokens` hold for everything that is drawn.
    """

    how: str = IN_CONTEXT
    images: int | None = None
    per_image: int = 1
    samples: int = 5
    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int = 2048
    direct: str = DIRECT_TEXT
    in_context: str = IN_CONTEXT_TEXT
    shortest: int = 8
    longest: int = 1000
    near: float = 0.9
    answered: float = 0.5
    agreed: float = 0.3
    drop_easy: bool = False
    least: int = 1

    def __post_init__(self) -> None:
        require(self._rules())
        check_template("direct", self.direct)
        check_template("in_context", self.in_context, ("question", "answer"))
        self.sampling(1, 0)

    def _rules(self) -> Iterator[tuple[str, bool]]:
        yield f"how must be one of: {', '.join(WAYS)}", self.how in WAYS
        yield "images must be at least 1", self.images is None or self.images >= 1
        yield "per_image must be from 1 to 100", 1 <= self.per_image <= 100
        yield "samples must be from 2 to 1000: one answer agrees with itself", 2 <= self.samples <= 1000
        yield "temperature must be above 0: greedy answers do not differ", self.temperature > 0
        yield f"1 <= shortest <= longest <= {_MOST} must hold", 1 <= self.shortest <= self.longest <= _MOST
        shares = (self.near, self.answered, self.agreed)
        yield "near, answered and agreed must be in [0, 1]", all(0 <= share <= 1 for share in shares)
        yield "least must be at least 1", self.least >= 1

    def sampling(self, n: int, seed: int) -> Sampling:
        """How n replies are drawn. Raises DataError for a value out of range."""
        return Sampling(n, self.temperature, self.top_p, self.max_tokens, seed)

    def to_json(self) -> Json:
        """All fields, as a training stores them."""
        return to_stored(self)
