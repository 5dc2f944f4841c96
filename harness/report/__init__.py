"""Self-contained HTML pages without scripts: `document` is the whole page, `table` and `line_chart` are parts of it.

All that is handed over as text is escaped; `style` has the one style sheet, `svg` what all charts share.
"""
