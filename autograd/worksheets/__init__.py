"""Worksheets: for each student other numbers, and answers marked line by line.

variants, screens             the numbers of each student, and which will do
steps                         what is asked, as data
worksheet                     Worksheet and Sheet
scoring                       the points of an answer
answers, folder, result       a folder of answers, marked
feedback, overview, finals    pages for a student, and for the teacher
text, page, latex, notebook   a sheet as a person gets it
questions, tolerance          a sheet's numbers as questions for a learning platform
moodle, qti, prairielearn     the questions as these platforms read them
"""

from autograd.worksheets.folder import mark_folder as mark_folder
from autograd.worksheets.moodle import moodle as moodle
from autograd.worksheets.prairielearn import prairielearn as prairielearn
from autograd.worksheets.qti import qti as qti
from autograd.worksheets.worksheet import Sheet as Sheet
from autograd.worksheets.worksheet import Worksheet as Worksheet
