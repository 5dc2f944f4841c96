"""A board as a static site: a leaderboard, a page for each model, suite and comparison, the answers, a feed, and JSON.

contents    what the site shows of a board, and what its files are called
parts       tables, names, intervals and the frame of a page as HTML
pages       the pages
feed        the Atom feed and the JSON
build       the folder that is written
"""
