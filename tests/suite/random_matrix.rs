//! Tests of `random_matrix`.
