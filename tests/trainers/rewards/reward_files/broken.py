"""Rewards that break their contract, each in one way that the check of the same name finds."""

import random
import time


def wrong_length(group):
    return [1.0] * (len(group.responses) + 1)


def no_sequence(group):
    return 1.0


def no_numbers(group):
    return [None if answer is None else 1.0 for answer in group.answers]


def not_finite(group):
    lengths = [len(response) for response in group.responses]
    mean = sum(lengths) / max(1, len(lengths))
    return [0.0 if length != mean else float("nan") for length in lengths]


def first_is_best(group):
    return [1.0 / (1 + index) for index in range(len(group.responses))]


def reads_gold(group):
    gold = group.gold
    return [0.0 if gold is None else float(answer == gold.answer) for answer in group.answers]


def digs_for_gold(group):
    gold = vars(group)["gold"]
    return [0.0 if gold is None else float(answer == gold.answer) for answer in group.answers]


def needs_gold_silently(group):
    return [float(answer == group.gold.answer) for answer in group.answers]


def unbounded(group):
    return [float(sum(answer == other for other in group.answers)) for answer in group.answers]


unbounded.bounds = (0, 1)
unbounded.equal_answers_alike = False


def draws_without_the_seed(group, seed):
    return [random.random() for _ in group.responses]


draws_without_the_seed.random = True


def draws_silently(group, seed):
    return [random.Random(seed).random()] * len(group.responses)


_seen = []


def remembers(group):
    _seen.append(group.item_id)
    return [float(len(_seen))] * len(group.responses)


def sorts_in_place(group):
    object.__setattr__(group, "responses", tuple(sorted(group.responses)))
    return [0.0] * len(group.responses)


def rewrites_answers(group):
    vars(group)["answers"] = tuple("3" for _ in group.responses)
    return [0.0] * len(group.responses)


def likes_length(group):
    return [
        0.0 if answer is None else float(len(text)) for answer, text in zip(group.answers, group.responses, strict=True)
    ]


def forgets_absent_answers(group):
    return [float(len(answer)) for answer in group.answers]


def divides_by_the_group(group):
    return [sum(map(len, group.responses)) / len(group.responses)] + [0.0] * (len(group.responses) - 1)


def reads_logprobs(group):
    return [0.0 if group.logprobs is None else sum(row) for row in group.logprobs or [()] * len(group.responses)]


def reads_lengths(group):
    return [float(group.lengths[0] > 3)] * len(group.responses) if group.lengths else [0.0] * len(group.responses)


reads_lengths.needs_logprobs = True


def too_slow(group):
    time.sleep(0.01)
    return [0.0] * len(group.responses)
