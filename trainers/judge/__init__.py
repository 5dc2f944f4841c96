"""A language model that scores a policy's responses in [0, 1] while it trains, without a label."""
