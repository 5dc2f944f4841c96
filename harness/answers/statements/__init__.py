"""Statements in words: what a sentence asserts, how a response ends, which statement counts, and what is only thinking."""
