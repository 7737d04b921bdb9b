//! Tests of `random`.
