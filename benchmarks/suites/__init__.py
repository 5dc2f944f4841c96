"""One file a suite, with all that is known of it."""
