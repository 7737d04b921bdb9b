//! Two laws bound by one unknown: free sums, free products and separable covariances.
//!
//! Each law is asked at a point of its own, and both answer with the same **level**:
//!
//! ```text
//!     sum           G1(w1) = G2(w2) = l             z = w1 + w2 - 1/l              w2 = z - k1(w1),  k(w) = w - 1/G(w)
//!     product       T1(w1) = T2(w2) = l             z = w1 w2 l / (1 + l)          w2 = z / k1(w1)
//!     separable     c T1(w1) = T2(w2) = l           z = w1 w2 l                    w2 = z / (c w1 T1(w1)), and w1 = z / (w2 T2(w2))
//!
//!     G(w) = int mu(dx) / (w - x),      T(w) = int x mu(dx) / (w - x)
//! ```
//!
//! In the upper half plane the two maps of the last column, one after the other, have one fixed point, found by Newton's
//! method continued from far above down to the real axis. On the real line both points lie in gaps of their laws, where
//! levels fall monotonically, and z is outside of the support exactly where it falls with the level: the edges are
//! where dz/dl = 0, found as roots for every pair of gaps.
//!
//! Belinschi & Bercovici 2007 (doi:10.1007/s11854-007-0006-1); Paul & Silverstein 2009 (doi:10.1016/j.jmva.2008.03.006);
//! Couillet & Hachem 2014 (doi:10.1142/S2010326314500166).

use super::base::Base;
use super::pair_real::Run;
use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Interval};

/// A fixed point that pulls less than this is one of many, to rounding; so is one this near to an edge squared.
const NEUTRAL: f64 = 1e-7;
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Sum,
    Product,
    Separable { ratio: f64 },
}

#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) first: Base,
    pub(super) second: Base,
    pub(super) kind: Kind,
    pub(super) support: Vec<Interval>,
    /// The stretches of the real line outside of the support.
    pub(super) runs: Vec<Run>,
}

/// Both points, with the derivative of the first with respect to z.
#[derive(Clone, Copy, Debug)]
pub(super) struct Points {
    pub(super) first: Complex,
    pub(super) second: Complex,
    pub(super) slope: Complex,
    /// Whether the fixed point is one of many, to rounding.
    neutral: bool,
}

impl Pair {
    pub(super) fn new(first: Base, second: Base, kind: Kind) -> Result<Self> {
        let mut pair = Pair { first, second, kind, support: Vec::new(), runs: Vec::new() };
        pair.find_support()?;
        Ok(pair)
    }

    // -----------------------------------------------------------------------------------------------------------------
    // The upper half plane.

    /// k1 or k2 and its derivative.
    fn link(&self, base: &Base, factor: f64, w: Complex) -> Result<[Complex; 2]> {
        if let Kind::Separable { .. } = self.kind {
            let [t, slope] = base.transform(w)?;
            return Ok([w * t * factor, (t + w * slope) * factor]);
        }
        let [m, slope] = base.stieltjes(w)?;
        Ok([w + Complex::from(1.0) / m, -(slope / m / m) + 1.0])
    }

    pub(super) fn ratio(&self) -> f64 {
        if let Kind::Separable { ratio } = self.kind { ratio } else { 1.0 }
    }

    /// Where the fixed point is for a z far away.
    fn far_guess(&self, z: Complex) -> Complex {
        match self.kind {
            Kind::Sum => z,
            _ => z / self.second.law().moment(1),
        }
    }

    /// The second point, the image of the first under both maps, and that image's derivatives by the first and by z.
    fn image(&self, z: Complex, w: Complex) -> Result<[Complex; 4]> {
        let [k, slope] = self.link(&self.first, self.ratio(), w)?;
        if let Kind::Sum = self.kind {
            let second = z - k;
            let [other, other_slope] = self.link(&self.second, 1.0, second)?;
            return Ok([second, z - other, other_slope * slope, -other_slope + 1.0]);
        }
        let second = z / k;
        let [other, other_slope] = self.link(&self.second, 1.0, second)?;
        let image = z / other;
        // d image / d second.
        let outer = -(image * other_slope / other);
        Ok([second, image, -(outer * second * slope / k), Complex::from(1.0) / other + outer / k])
    }

    /// Newton's method for the fixed point at z.
    fn newton(&self, z: Complex, guess: Complex) -> Result<Option<Points>> {
        let mut w = guess;
        for _ in 0..32 {
            let [second, image, by_point, _] = self.image(z, w)?;
            if !(second.im > 0.0 && second.is_finite()) {
                return Ok(None);
            }
            let (excess, pull) = (w - image, -by_point + 1.0);
            let next = w - excess / pull;
            if !(next.im > 0.0 && next.is_finite()) {
                return Ok(None);
            }
            // Quadratic: the step after this one would be its square. Near an edge, where little pulls, the excess drowns in
            // the rounding of its terms first.
            let terms = match self.kind {
                Kind::Sum => w.modulus() + second.modulus() + z.modulus(),
                _ => w.modulus() * (1.0 + 2.0 * w.modulus() * second.modulus() / z.modulus()),
            };
            let settled = (next - w).modulus() <= 1e-9 * w.im || excess.modulus() <= 16.0 * f64::EPSILON * terms;
            w = next;
            if settled {
                let [second, image, by_point, by_z] = self.image(z, w)?;
                let pull = -by_point + 1.0;
                let polished = w - (w - image) / pull;
                let first = if polished.im > 0.0 { polished } else { w };
                let neutral = pull.modulus() < NEUTRAL;
                return Ok((second.im > 0.0).then_some(Points { first, second, slope: by_z / pull, neutral }));
            }
        }
        Ok(None)
    }

    /// The points for z, beside a place where every point is a fixed point (the middle of the sum of two fair coins): the mean
    /// of those on both sides.
    pub(super) fn solve(&self, z: Complex, guess: Option<Complex>) -> Result<Points> {
        // A part of the law asked where it has no value means that what was asked here is not solved.
        let points = self.solve_once(z, guess).map_err(|error| match error {
            Error::OutOfRange { .. } => self.unsolved(z, f64::NAN),
            error => error,
        })?;
        let Some(part) = self.support.iter().find(|part| part.contains(z.re)) else { return Ok(points) };
        let shift = 3e-6 * (part.upper - part.lower);
        if !points.neutral || z.im != 0.0 || (z.re - part.lower).min(part.upper - z.re) < 30.0 * shift {
            return Ok(points);
        }
        let [left, right] = [self.solve_once(z - shift, guess)?, self.solve_once(z + shift, guess)?];
        let mean = |left: Complex, right: Complex| (left + right) * 0.5;
        Ok(Points {
            first: mean(left.first, right.first),
            second: mean(left.second, right.second),
            slope: mean(left.slope, right.slope),
            neutral: false,
        })
    }

    /// The points for z: above the axis, on it from above inside of the support (`guess` may be near), real outside.
    fn solve_once(&self, z: Complex, guess: Option<Complex>) -> Result<Points> {
        law::finite(z)?;
        if z.im < 0.0 {
            let points = self.solve_once(z.conjugate(), guess.map(Complex::conjugate))?;
            let [first, second, slope] = [points.first, points.second, points.slope].map(Complex::conjugate);
            return Ok(Points { first, second, slope, ..points });
        }
        let inside = self.support.iter().any(|part| part.lower < z.re && z.re < part.upper);
        if z.im == 0.0
            && !inside
            && let Some(first) = self.real_point(z.re)?
        {
            let [second, _, by_point, by_z] = self.image(z, first.into())?;
            return Ok(Points { first: first.into(), second, slope: by_z / (-by_point + 1.0), neutral: false });
        }
        let lowest = self.support.first().map_or(0.0, |part| part.lower);
        if z.im == 0.0
            && let Kind::Product = self.kind
            && z.re.abs() < 1e-3 * lowest
            && !self.second.carriers().iter().any(|part| part.contains(0.0))
        {
            // Nearer to 0 than levels resolve: w1 = z int nu(dx) / x + O(z^2).
            let guess = z.re * self.second.stieltjes(Complex::default())?[0].re;
            return self.real(z.re, guess);
        }
        if let Some(guess) = guess
            && let Some(points) = self.newton(z, guess)?
        {
            return Ok(points);
        }
        let size = self.support.iter().fold(z.modulus(), |size, part| size.max(part.upper.abs()).max(part.lower.abs()));
        // Outside of the support the points end on the real axis, where Newton's method is left to real numbers.
        let end = if z.im > 0.0 || inside { z.im } else { 1e-3 * self.distance(z.re) };
        let mut height = 4.0 * size;
        let mut w = self.far_guess(Complex::new(z.re, height));
        for _ in 0..64 {
            let image = self.image(Complex::new(z.re, height), w)?[1];
            w = (w + image) * 0.5;
        }
        let mut share: f64 = 0.5;
        loop {
            // The last step may go all the way to the axis.
            let level = if height <= end.max(1e-12 * size) { end } else { height };
            match self.newton(Complex::new(z.re, level), w)? {
                Some(points) => {
                    if level == end {
                        return if z.im == end { Ok(points) } else { self.real(z.re, points.first.re) };
                    }
                    w = points.first;
                    // There is one solution in the half plane: if the last step can be made already, it is right.
                    if let Some(points) = self.newton(Complex::new(z.re, end), w)? {
                        return if z.im == end { Ok(points) } else { self.real(z.re, points.first.re) };
                    }
                    share = share.min(0.5);
                    height *= share;
                }
                None if share < 0.9999 => {
                    height /= share;
                    share = share.sqrt();
                    height *= share;
                }
                None => {
                    let residual = (w - self.image(z, w)?[1]).modulus() / w.modulus();
                    return Err(self.unsolved(z, residual));
                }
            }
        }
    }

    fn unsolved(&self, z: Complex, residual: f64) -> Error {
        Error::Unsolved { equation: self.equation(), re: z.re, im: z.im, residual }
    }

    pub(super) fn equation(&self) -> &'static str {
        match self.kind {
            Kind::Sum => "the equation of a free sum",
            Kind::Product => "the equation of a free product",
            Kind::Separable { .. } => "the equation of a separable covariance",
        }
    }

    fn distance(&self, x: f64) -> f64 {
        (self.support.iter())
            .map(|part| (part.lower - x).max(x - part.upper).max(0.0))
            .fold(f64::INFINITY, f64::min)
            .min(x.abs().max(f64::MIN_POSITIVE))
    }

    /// Newton's method on the real line.
    fn real(&self, x: f64, guess: f64) -> Result<Points> {
        let z = Complex::from(x);
        let mut w = Complex::from(guess);
        for _ in 0..32 {
            let [second, image, by_point, by_z] = self.image(z, w)?;
            let step = (w - image) / (-by_point + 1.0);
            if step.modulus() <= 8.0 * f64::EPSILON * w.modulus() {
                return Ok(Points { first: w, second, slope: by_z / (-by_point + 1.0), neutral: false });
            }
            w = w - step;
        }
        let [second, image, by_point, by_z] = self.image(z, w)?;
        let residual = (w - image).modulus() / w.modulus();
        // Far away a transform is a small difference of its terms.
        let size =
            self.support.iter().fold(f64::MIN_POSITIVE, |size, part| size.max(part.upper.abs()).max(part.lower.abs()));
        if residual > 1e-10 * (1.0 + x.abs() / size) {
            return Err(self.unsolved(z, residual));
        }
        Ok(Points { first: w, second, slope: by_z / (-by_point + 1.0), neutral: false })
    }

    /// m(z) and m'(z) from the points.
    pub(super) fn stieltjes(&self, z: Complex, points: Points) -> Result<[Complex; 2]> {
        let [m, slope] = self.first.stieltjes(points.first)?;
        if let Kind::Sum = self.kind {
            return Ok([m, slope * points.slope]);
        }
        let w = points.first;
        let outer = w * m / z;
        Ok([outer, ((m + w * slope) * points.slope - outer) / z])
    }
}
