"""Stored runs as one self-contained HTML page to look at: leaderboard, charts, training curves, and every answer.

    exam        a stored run, reduced to what the page needs
    seats       which model is a row, which suite a column
    overview    scores, paired differences, categories: what the first view shows
    training    the curves of trainings, and which checkpoints were examined
    pictures    questions' pictures, made small, within a budget
    pack        values as data elements that no text can break out of
    document    the page itself; page.html, style.css and the scripts are its parts

Texts of models and files reach the page as packed JSON, and the scripts show them as text alone.
"""
