"""What is asked, and what counts as right: one file per suite."""
