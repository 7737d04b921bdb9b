//! The Hastings-McLeod solution of Painlevé's second equation, and the integrals of it that the Tracy-Widom laws are made of.
//!
//! ```text
//!     q'' = s q + 2 q^3,  q ~ Ai(s) for s -> infinity
//!     E = (1/2) int_s^inf q,   P = int_s^inf q^2,   W = (1/2) int_s^inf (x - s) q^2,       E' = -q/2,  W' = -P/2
//! ```
//!
//! Chebyshev series, of the functions themselves on pieces of length 1 in the middle, and outside of it of what is left
//! when the leading terms at infinity are taken off, in the variable |s|^(-3/2): so the whole line is covered, each end
//! with its relative accuracy.

use super::painleve_table::{LEFT, MIDDLE, RIGHT};

/// Where the middle ends: the pieces of `MIDDLE` begin at the first.
const MIDDLE_FROM: f64 = -8.0;
const MIDDLE_TO: f64 = 3.0;

/// The four functions at one point, where the right tail is kept apart from its exponential decay.
#[derive(Clone, Copy, Debug)]
pub(in crate::random_matrix) struct Painleve {
    /// zeta = (2/3) s^(3/2) in the right tail, otherwise 0.
    pub(in crate::random_matrix) decay: f64,
    /// q exp(zeta).
    pub(in crate::random_matrix) solution: f64,
    /// E exp(zeta).
    pub(in crate::random_matrix) integral: f64,
    /// P exp(2 zeta).
    pub(in crate::random_matrix) square: f64,
    /// W exp(2 zeta).
    pub(in crate::random_matrix) moment: f64,
}

impl Painleve {
    /// At any s that is a number.
    pub(in crate::random_matrix) fn at(s: f64) -> Self {
        if s >= MIDDLE_TO {
            let root = s.sqrt();
            let power = s * root;
            let [q, e, p, w] = series(&RIGHT, scaled(power, MIDDLE_TO));
            let fourth = root.sqrt();
            Painleve {
                decay: power * (2.0 / 3.0),
                solution: q / fourth,
                integral: e / (root * fourth),
                square: p / s,
                moment: w / power,
            }
        } else if s >= MIDDLE_FROM {
            // s < 3, but the difference may be rounded up to 11.
            let offset = s - MIDDLE_FROM;
            let piece = (offset as usize).min(MIDDLE.len() - 1);
            let [solution, integral, square, moment] = series(&MIDDLE[piece], 2.0 * (offset - piece as f64) - 1.0);
            Painleve { decay: 0.0, solution, integral, square, moment }
        } else {
            let distance = -s;
            let power = distance * distance.sqrt();
            let [q, e, p, w] = series(&LEFT, scaled(power, -MIDDLE_FROM));
            Painleve {
                decay: 0.0,
                solution: q * distance.sqrt(),
                integral: e + power / (3.0 * std::f64::consts::SQRT_2),
                square: p * distance * distance,
                moment: w + distance * distance * distance / 24.0 + libm::log(distance) / 16.0,
            }
        }
    }
}

/// The variable |s|^(-3/2) of an end, from 0 to its value where the end begins, as a number between -1 and 1.
fn scaled(power: f64, begin: f64) -> f64 {
    2.0 * begin * begin.sqrt() / power - 1.0
}

/// Clenshaw's recurrence, for four series at a time.
fn series(terms: &[[f64; 4]], x: f64) -> [f64; 4] {
    let (mut above, mut next) = ([0.0; 4], [0.0; 4]);
    for term in terms[1..].iter().rev() {
        let mut here = [0.0; 4];
        for lane in 0..4 {
            here[lane] = 2.0 * x * next[lane] - above[lane] + term[lane];
        }
        (above, next) = (next, here);
    }
    std::array::from_fn(|lane| x * next[lane] - above[lane] + terms[0][lane])
}
