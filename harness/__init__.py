"""How an examination is held: types, store, run, score, statistics, engines, command line."""
