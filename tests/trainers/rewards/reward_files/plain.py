"""Rewards without any import or decorator: one declares by its attributes, one draws from its seed."""

import random


def score(group, seed):
    return [0.0 if answer is None else 1.0 for answer in group.answers]


score.bounds = (0, 1)


def coin(group, seed):
    coins = random.Random(seed)
    return [coins.random() for _ in group.responses]


coin.random = True


def graded(group):
    return [float(score or 0.0) for score in group.judge_scores]


graded.needs_judge = True
graded.equal_answers_alike = False


def supervised(group):
    return [float(answer == group.gold.answer) for answer in group.answers]


supervised.needs_gold = True
supervised.equal_answers_alike = False


def sure(group):
    return [
        sum(row) / max(1, len(row)) - 0.01 * length for row, length in zip(group.logprobs, group.lengths, strict=True)
    ]


sure.needs_logprobs = True
sure.needs_lengths = True
sure.equal_answers_alike = False
