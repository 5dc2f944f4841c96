"""Other tools' outputs as runs: `recognise` tells the tool, a reader each reads, `attach` finds the items, `run` stores."""
