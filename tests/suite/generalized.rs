//! Generalized eigenproblems.
