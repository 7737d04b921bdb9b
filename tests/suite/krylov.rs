//! Tests of `krylov`.
