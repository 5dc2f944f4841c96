"""The suites as tasks of EvolvingLMMs-Lab's lmms-eval: `folder` writes them, `task` is what lmms-eval calls then."""
