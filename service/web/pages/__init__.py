"""The pages for people without a shell: one module a page, from a question to the plain data that the page renders.

The data is what review, knowledge and decision answer; a page computes nothing. It is also the page's ``.json`` twin.
"""
