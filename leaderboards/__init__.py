"""What is published: tables made from scored runs."""
