//! Both classical bulks in one angle: a half circle, seen from one of its ends.
//!
//! With q = sqrt(ratio) <= 1, the Marchenko-Pastur bulk is x = 1 + q^2 + 2 q cos(t), the semicircle x = 2 cos(t), and
//! the mass within an angle of an edge is, for both,
//!
//! ```text
//!     T(angle) = (2/pi) int_0^angle sin(t)^2 / |1 + r exp(it)|^2 dt,     r = +q (upper edge), -q (lower edge), 0 (semicircle)
//!     pi T     = angle - psi + (psi - r sin(angle)) / r^2,               psi = arg(1 + r exp(i angle))
//! ```
//!
//! The mass is measured from the nearer edge, since 1 minus a small number would forget the number; and in angles,
//! since x itself is blind near an edge, where F grows with the power 3/2 (or 1/2, at a hard one).

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, PI};

use crate::random_matrix::complex::Complex;

/// The mass near one edge.
#[derive(Clone, Copy, Debug)]
pub(in crate::random_matrix) struct Tail {
    /// r, in [-1, 1].
    root: f64,
    /// 1 - r^2: given, because near |r| = 1 it cannot be had from r.
    gap: f64,
}

/// Below this |r| the closed form, which loses 1/|r| in accuracy, gives way to its power series in r.
const SERIES_BELOW: f64 = 0.1;
/// Enough for 0.1^TERMS / TERMS to vanish beside 1.
const TERMS: u32 = 17;

impl Tail {
    /// The tail with signed root r and 1 - r^2.
    pub(in crate::random_matrix) fn new(root: f64, gap: f64) -> Self {
        Tail { root, gap }
    }

    /// T(angle), for an angle in [0, pi]: increasing from 0 to 1.
    pub(in crate::random_matrix) fn mass(&self, angle: f64) -> f64 {
        let (half_sine, half_cosine) = libm::sincos(angle / 2.0);
        let sine = 2.0 * half_sine * half_cosine;
        let near = self.near(half_sine, half_cosine);
        let phase = libm::atan2(self.root * sine, near);
        let total = if self.root.abs() < SERIES_BELOW {
            angle - phase + self.series(angle)
        } else {
            // The same three terms, ordered so that nothing cancels at a hard edge (r = -1).
            angle - sine / self.root + phase * self.gap / (self.root * self.root)
        };
        (total / PI).clamp(0.0, 1.0)
    }

    /// The angle in [0, pi] with T(angle) = mass, by Newton's method within a shrinking bracket.
    pub(in crate::random_matrix) fn angle(&self, mass: f64) -> f64 {
        if mass <= 0.0 {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, PI);
        let mut angle = FRAC_PI_2;
        // About ten steps, forty for a mass of 1e-15; bisection alone would end within the limit.
        for _ in 0..128 {
            let excess = self.mass(angle) - mass;
            // Terms as large as the angle cancel in the mass: beyond this it says no more.
            if excess.abs() <= f64::EPSILON / 4.0 * angle {
                break;
            }
            if excess < 0.0 {
                low = angle
            } else {
                high = angle
            }
            let newton = angle - excess / self.slope(angle);
            let next = if low < newton && newton < high { newton } else { low + (high - low) / 2.0 };
            let step = (next - angle).abs();
            angle = next;
            if step <= f64::EPSILON * angle {
                break;
            }
        }
        angle
    }

    /// T'(angle).
    fn slope(&self, angle: f64) -> f64 {
        let (half_sine, half_cosine) = libm::sincos(angle / 2.0);
        let sine = 2.0 * half_sine * half_cosine;
        let distance = Complex::new(self.near(half_sine, half_cosine), self.root * sine).modulus();
        FRAC_2_PI * (sine / distance) * (sine / distance)
    }

    /// Re(1 + r exp(i angle)) as a sum of positive numbers.
    fn near(&self, half_sine: f64, half_cosine: f64) -> f64 {
        let size = self.root.abs();
        let half = if self.root > 0.0 { half_cosine } else { half_sine };
        self.gap / (1.0 + size) + 2.0 * size * half * half
    }

    /// (psi - r sin(angle)) / r^2 = Im exp(2 i angle) (-1/2 + w/3 - w^2/4 + ...), w = r exp(i angle).
    fn series(&self, angle: f64) -> f64 {
        let (sine, cosine) = libm::sincos(angle);
        let rotation = Complex::new(cosine, sine);
        let step = -(rotation * self.root);
        let sum = (2..2 + TERMS).rev().fold(Complex::default(), |sum, k| sum * step - 1.0 / f64::from(k));
        (rotation * rotation * sum).im
    }
}
