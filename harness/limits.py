"""The most that is read of files and replies which others may have written, in one place; a reader refuses more.

Each is far above what was ever seen of honest input, and far below what would fill a memory or wait for ever. What an answer
may cost to compare is limited in `answers.types`.
"""

KIB, MIB, GIB = 2**10, 2**20, 2**30

# Small files: manifests of folders, settings, profiles
JSON_OBJECT_BYTES = MIB
TOML_BYTES = MIB
TEMPLATE_CHARACTERS = 20_000
TEMPLATE_STEPS = 2_000_000
"""Lines of a chat template that one prompt may run; those of published models run some hundreds."""

# Runs: responses of any length, and what judges say of them
RUN_FILE_BYTES = GIB // 2
RUN_LINE_BYTES = 64 * MIB
JUDGE_LINE_BYTES = MIB
REPLY_CHARACTERS = 100_000
SCORES_CHARACTERS = 1000

# Trainings
METRICS_LINE_BYTES = MIB
FINGERPRINTS_BYTES = 256 * MIB
QUESTIONS_BYTES = GIB

# Checkpoints
SAFETENSORS_HEADER_BYTES = 100 * MIB
MODEL_LAYERS = 1000

# Data sets
DATA_LINE_BYTES = 16 * MIB
DATA_DOCUMENT_BYTES = 32 * MIB
"""The largest published table has 5 MiB; a parsed document can take thirty times its size."""
DECODED_PIXELS = 64 * MIB
CHECKED_PIXELS = 100_000_000
PICTURE_BYTES = 64 * MIB
PICTURE_ASPECT = 200
"""A longer side of more than so many shorter ones is refused by the image processors of the Qwen family."""

# Grading libraries of others: what one is asked about and may reply, and what one answer may cost it
LIBRARY_RESPONSE_CHARACTERS = 200_000
LIBRARY_REPLY_BYTES = 4 * MIB
LIBRARY_CPU_SECONDS = 5
LIBRARY_WALL_SECONDS = 60
LIBRARY_MEMORY_BYTES = 2 * GIB

# Rewards that are checked: what they may take, and how long one may be opened, called beyond its limit, and checked in all
REWARD_MEMORY_BYTES = 8 * GIB
REWARD_TASKS = 256
REWARD_OPEN_SECONDS = 300.0
REWARD_CALL_SECONDS = 10.0
REWARD_CHECK_SECONDS = 1800.0
REWARD_REPORT_BYTES = 64 * MIB

# Servers
HTTP_REPLY_BYTES = 16 * MIB
HTTP_WAIT_SECONDS = 120.0
REASONING_CHARACTERS = 200_000

# Boards
BOARD_BYTES = 256 * MIB
EVIDENCE_PART_BYTES = 2 * GIB
EVIDENCE_RECORD_BYTES = 64 * KIB
EVIDENCE_LINE_BYTES = 4 * MIB
MODEL_CARD_BYTES = 16 * MIB
