"""The least certain token of a response decides, as a chain is as strong as its weakest link."""

from proctor.trainers.rewards.base import with_spec


@with_spec(needs_logprobs=True, equal_answers_alike=False)
def score(group):
    return [min(row, default=0.0) for row in group.logprobs]
