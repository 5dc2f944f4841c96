"""The client of a server that speaks OpenAI's chat completions, whoever serves it; engines and judges ask through it.

`client` asks; `crew` has the threads, `transport` the connections, `flow` decides how many requests
are on the wire, `budget` what may be
spent, `wire` what the server's bytes mean.
"""

from .budget import Budget
from .client import Endpoint
from .crew import Result
from .wire import Completion, Fault

__all__ = ["Budget", "Completion", "Endpoint", "Fault", "Result"]
