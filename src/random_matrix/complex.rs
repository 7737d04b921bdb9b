//! The complex numbers that a Stieltjes transform needs, and no more.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A complex number re + i im, in double precision.
///
/// ```
/// use eigenscape::random_matrix::Complex;
///
/// let z = Complex::new(-4.0, 0.0);
/// assert_eq!(z.sqrt(), Complex::new(0.0, 2.0));
/// assert_eq!(z / Complex::new(0.0, 2.0), Complex::new(0.0, 2.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Complex {
    /// The real part.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub re: f64,
    /// The imaginary part.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub im: f64,
}

impl Complex {
    /// re + i im.
    pub fn new(re: f64, im: f64) -> Self {
        Complex { re, im }
    }

    /// re - i im.
    pub fn conjugate(self) -> Self {
        Complex::new(self.re, -self.im)
    }

    /// The distance from 0, without overflow in between.
    pub fn modulus(self) -> f64 {
        libm::hypot(self.re, self.im)
    }

    /// Whether both parts are finite.
    pub fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }

    /// log((end - z) / (start - z)) for a stretch of the real line that z is not on: its imaginary part is the angle under
    /// which z sees the stretch.
    pub(in crate::random_matrix) fn log_ratio(start: f64, end: f64, z: Self) -> Self {
        let (near, far) = (Complex::from(start) - z, Complex::from(end) - z);
        let step = Complex::from(end - start) / near;
        if step.modulus() < 0.5 {
            // log(1 + step), of which nothing is lost far away.
            let square = 2.0 * step.re + step.re * step.re + step.im * step.im;
            return Complex::new(libm::log1p(square) / 2.0, libm::atan2(step.im, 1.0 + step.re));
        }
        let ratio = far / near;
        Complex::new(libm::log(far.modulus() / near.modulus()), libm::atan2(ratio.im, ratio.re))
    }

    /// The principal square root: real part >= 0, and imaginary part >= 0 on the negative real axis, which is the cut.
    pub fn sqrt(self) -> Self {
        // Halved before the sum, so that no finite number overflows; the other part follows by division, which keeps
        // its relative accuracy where a difference would cancel.
        let large = (self.re.abs() / 2.0 + Complex::new(self.re / 2.0, self.im / 2.0).modulus()).sqrt();
        if large == 0.0 {
            return Complex::default();
        }
        let small = self.im.abs() / (2.0 * large);
        let (re, im) = if self.re >= 0.0 { (large, small) } else { (small, large) };
        Complex::new(re, if self.im < 0.0 { -im } else { im })
    }
}

impl From<f64> for Complex {
    fn from(re: f64) -> Self {
        Complex::new(re, 0.0)
    }
}

impl Neg for Complex {
    type Output = Self;
    fn neg(self) -> Self {
        Complex::new(-self.re, -self.im)
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Complex::new(self.re + other.re, self.im + other.im)
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Complex::new(self.re - other.re, self.im - other.im)
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Complex::new(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)
    }
}

impl Div for Complex {
    type Output = Self;
    /// Smith 1962 (doi:10.1145/368637.368661): no square that could overflow.
    fn div(self, other: Self) -> Self {
        if other.re.abs() >= other.im.abs() {
            let tangent = other.im / other.re;
            let length = other.re + other.im * tangent;
            Complex::new((self.re + self.im * tangent) / length, (self.im - self.re * tangent) / length)
        } else {
            let tangent = other.re / other.im;
            let length = other.re * tangent + other.im;
            Complex::new((self.re * tangent + self.im) / length, (self.im * tangent - self.re) / length)
        }
    }
}

impl Add<f64> for Complex {
    type Output = Self;
    fn add(self, other: f64) -> Self {
        Complex::new(self.re + other, self.im)
    }
}

impl Sub<f64> for Complex {
    type Output = Self;
    fn sub(self, other: f64) -> Self {
        Complex::new(self.re - other, self.im)
    }
}

impl Mul<f64> for Complex {
    type Output = Self;
    fn mul(self, other: f64) -> Self {
        Complex::new(self.re * other, self.im * other)
    }
}

impl Div<f64> for Complex {
    type Output = Self;
    fn div(self, other: f64) -> Self {
        Complex::new(self.re / other, self.im / other)
    }
}
