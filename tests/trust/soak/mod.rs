//! The main paths under random settings for as long as one likes, against oracles:
//!
//! ```text
//!     cargo test --release --all-features --test trust -- --ignored soak --nocapture
//! ```
//!
//! Ten minutes on one thread, or `EIGENSCAPE_SOAK_SECONDS`; cases are numbered from `EIGENSCAPE_SOAK_FIRST` (0). The number of a
//! case that fails is printed, and is all that it takes to run it again, alone: `EIGENSCAPE_SOAK_FIRST` with 1 second.

mod networks;
mod spectra;
mod theory;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use eigenscape::random::Key;

use crate::hostile::Choices;

type Case = fn(&mut Draw);

/// What a case draws from.
pub struct Draw {
    choices: Choices,
    key: Key,
    keys: u64,
}

impl Draw {
    fn new(number: u64) -> Self {
        let key = Key::new(number).split(0x736f_616b);
        Draw { choices: Choices::new(key.split(0)), key, keys: 0 }
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.choices.below(high - low + 1)
    }

    pub fn coin(&mut self) -> bool {
        self.between(0, 1) == 1
    }

    pub fn of<V: Clone>(&mut self, values: &[V]) -> V {
        values[self.between(0, values.len() - 1)].clone()
    }

    pub fn key(&mut self) -> Key {
        self.keys += 1;
        self.key.split(self.keys)
    }

    pub fn normal(&mut self, len: usize) -> Vec<f64> {
        crate::support::normal(len, self.key())
    }

    /// Uniform between two numbers.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        let mut share = [0.0];
        self.key().uniform(0, &mut share);
        low + (high - low) * share[0]
    }
}

/// Panics unless two vectors are as near as `tolerance` times the larger norm.
#[track_caller]
pub fn near(what: &str, actual: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let difference: Vec<f64> = actual.iter().zip(expected).map(|(a, e)| a - e).collect();
    let (off, size) = (norm(&difference), norm(expected).max(norm(actual)));
    assert!(off <= tolerance * size, "{what}: off by {off:e} of {size:e}, more than {tolerance:e} of it");
}

const CASES: &[(&str, Case)] = &[
    ("curvature of a network", networks::curvature),
    ("single precision and threads", networks::precision),
    ("descents", networks::descents),
    ("minima", networks::minima),
    ("subspaces", networks::subspaces),
    ("slices", networks::slices),
    ("eigenpairs", spectra::eigenpairs),
    ("generalized eigenpairs", spectra::generalized),
    ("linear systems", spectra::systems),
    ("spectral measures", spectra::measures),
    ("traces", spectra::traces),
    ("inertia", spectra::inertia),
    ("saved runs", spectra::saved),
    ("laws", theory::laws),
    ("samplers", theory::samplers),
    ("projections", theory::projections),
    ("programs", theory::programs),
];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is {text}, not a number")))
}

fn run(number: u64) -> &'static str {
    let (name, case) = CASES[(number % CASES.len() as u64) as usize];
    case(&mut Draw::new(number));
    name
}

#[test]
#[ignore = "ten minutes: cargo test --release --all-features --test trust -- --ignored soak --nocapture"]
fn soak() {
    let seconds = number("EIGENSCAPE_SOAK_SECONDS", 600);
    let first = number("EIGENSCAPE_SOAK_FIRST", 0);
    let start = Instant::now();
    let mut counts: BTreeMap<&str, (usize, Duration)> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut next = first;
    while start.elapsed() < Duration::from_secs(seconds) || next == first {
        let begin = Instant::now();
        match std::panic::catch_unwind(|| run(next)) {
            Ok(name) => {
                let entry = counts.entry(name).or_default();
                *entry = (entry.0 + 1, entry.1 + begin.elapsed());
            }
            Err(_) => {
                let name = CASES[(next % CASES.len() as u64) as usize].0;
                println!(
                    "case {next} ({name}) fails: EIGENSCAPE_SOAK_FIRST={next} EIGENSCAPE_SOAK_SECONDS=1 runs it again"
                );
                failures.push(next);
                assert!(failures.len() < 20, "cases {failures:?} fail");
            }
        }
        next += 1;
    }
    for (name, (count, time)) in &counts {
        println!("{name}: {count} cases, {:.1} s", time.as_secs_f64());
    }
    println!("{} cases from {first} in {:.0} s", next - first, start.elapsed().as_secs_f64());
    assert!(failures.is_empty(), "cases {failures:?} fail");
}

/// Each kind of case once or twice, in the usual run of tests.
#[test]
fn each_case_of_a_soak_holds() {
    for number in 0..2 * CASES.len() as u64 {
        if std::panic::catch_unwind(|| run(number)).is_err() {
            panic!("case {number} fails");
        }
    }
}

#[test]
#[should_panic(expected = "off by")]
fn near_can_fail() {
    near("two vectors", &[1.0, 2.0], &[1.0, 2.1], 0.01);
}
