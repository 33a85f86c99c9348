"""Replaying a recorded graph on other numbers: Program, and the engines that run it.

program, descent    what a user calls; rows checks its data
failure             the eager pass where an engine comes to no number: its error, or its numbers
engine              what a program asks of an engine
listing, generated  an engine: the record as generated Python
machine             an engine: the record in machine code
  planning            the record as few steps, most of them sums of products
  straight, single    a small plan on one row: straight-line code
  schedule, loop      any other: what is done at once, and the steps as a list of numbers
  kernel, driver      the loop over the steps, and those over blocks of rows and over rounds
  blocks, compiled    the arrays that they work on
  sharing, turns      two cores
terms, reading, translation  a row of the table, and a function of one's own, as code
"""
