"""One for each response whose answer more of the group gave than any other; nothing where the first place is shared."""

from proctor.harness.answers.vote import vote
from proctor.trainers.rewards.base import with_spec


@with_spec(bounds=(0, 1))
def score(group):
    counted = vote(group.item_id, group.ballots, group.choices)
    winner = () if counted.tied or counted.winner is None else counted.winner
    return [float(index in winner) for index in range(counted.size)]
