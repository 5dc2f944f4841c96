"""Stored runs as one self-contained HTML page to look at: leaderboard, charts, training curves, and every answer.

    run_view    a stored run, reduced to what the page needs
    overview    what the first view shows: rows and columns, scores, paired differences, categories
    training    the curves of trainings, and which checkpoints were evaluated
    images      questions' pictures, made small, within a budget
    embed       values as data elements that no text can break out of
    document    the page itself; page.html, style.css and the scripts are its parts

Texts of models and files reach the page as embedded JSON, and the scripts show them as text alone.
"""
