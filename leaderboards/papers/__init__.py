"""The papers' tables: as printed, checked, filled by stored runs, planned and run. The CSV files hold what was printed."""
