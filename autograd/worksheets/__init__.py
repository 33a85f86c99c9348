"""Worksheets: for each student other numbers, and answers marked line by line.

variants, screens      the numbers of each student, and which will do
steps                  what is asked, as data
worksheet              Worksheet and Sheet
scoring                the points of an answer
text, page, latex, notebook   a sheet as a person gets it
questions, tolerance   its numbers as questions, and how far from them an answer may be
moodle, qti, prairielearn   these for learning platforms
"""
