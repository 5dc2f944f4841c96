"""Questions that a model writes itself about pictures, to be trained on without labels (MM-UPT, arXiv 2505.22453)."""
