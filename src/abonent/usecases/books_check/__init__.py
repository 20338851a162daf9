"""Re-add the books: everything that was posted, by SQL that shares nothing with what posted it.

All checks see one snapshot of the database and only the slots attached when it was taken, so a run posted
meanwhile disturbs nothing. Nothing is pulled into memory: PostgreSQL streams, and returns the rows that disagree.
"""

from abonent.usecases.books_check._check import Check
from abonent.usecases.books_check._run import Disagreement, Result, Results, all_checks, check_books

__all__ = ["Check", "Disagreement", "Result", "Results", "all_checks", "check_books"]
