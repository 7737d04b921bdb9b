//! Times of calls that run in turns, so that what else the machine does falls on each of them alike.

use std::time::Instant;

/// The first number among the arguments: how often to repeat. `cargo bench` and `cargo test --benches` pass flags too.
pub fn repetitions(default: usize) -> usize {
    std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(default)
}

/// For each call its times in milliseconds, one for each round, after a call that warms up.
pub fn alternate<const N: usize>(rounds: usize, mut calls: [&mut dyn FnMut(); N]) -> [Vec<f64>; N] {
    let mut times = [const { Vec::new() }; N];
    calls.iter_mut().for_each(|call| call());
    for _ in 0..rounds.max(1) {
        for (times, call) in times.iter_mut().zip(&mut calls) {
            times.push(milliseconds(call));
        }
    }
    times
}

/// The time of one call in milliseconds.
pub fn milliseconds(call: impl FnOnce()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_secs_f64() * 1e3
}

/// The median.
pub fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The least: what the call takes when nothing disturbs it.
pub fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The median of the ratios round by round, which a slow moment of the machine moves less than a ratio of medians.
pub fn ratio(times: &[f64], to: &[f64]) -> f64 {
    median(&times.iter().zip(to).map(|(x, y)| x / y).collect::<Vec<_>>())
}
