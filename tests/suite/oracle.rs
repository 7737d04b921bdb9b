//! Slow, dense, independent: what the tests compare with. Shares no code with the library.

use serde_json::Value;

/// The numbers in a JSON list.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

/// Panics unless `|actual - expected|` is at most `tolerance` times the largest `|expected|`, entry by entry.
#[track_caller]
pub fn assert_close<T: eigenscape::Scalar>(what: &str, actual: &[T], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    let largest = expected.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    for (i, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        let difference = (a.f64() - e).abs();
        assert!(difference <= tolerance * largest, "{what}: entry {i} is {a}, expected {e} (off by {difference:e})");
    }
}

/// All eigenvalues of a dense symmetric matrix, ascending.
pub fn symmetric_eigenvalues(entries: &[f64], size: usize) -> Vec<f64> {
    let matrix = faer::MatRef::from_row_major_slice(entries, size, size);
    matrix.self_adjoint_eigenvalues(faer::Side::Lower).expect("the oracle's eigenvalues converge")
}

#[test]
#[should_panic(expected = "entry 1 is 2.1")]
fn assert_close_can_fail() {
    assert_close("two numbers", &[1.0, 2.1], &[1.0, 2.0], 0.04);
}

/// Property tests at a fixed seed: a failure is found by whoever looks, not by whoever is lucky.
pub fn cases(cases: u32) -> proptest::test_runner::Config {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(0);
    proptest::test_runner::Config { cases, rng_seed, failure_persistence: None, ..Default::default() }
}
