"""Pictures of pages, as SVG written on the server: each of plain data that stands in a table beside it too.

Colours come from the stylesheet by class, so that dark, print and forced colours hold for pictures as for text.
"""
