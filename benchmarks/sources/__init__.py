"""Where items come from, one file per reader: JSONL, parquet, VLMEvalKit's TSV, repositories, and data sets of the hub."""
