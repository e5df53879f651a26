"""Citations of an answer: what it claims where, and whether the cited lines say so."""
