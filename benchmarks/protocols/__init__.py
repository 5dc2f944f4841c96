"""How items are asked and answers judged: what every suite has, and what the suites' own rules are made of."""
