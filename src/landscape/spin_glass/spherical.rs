//! The spherical p-spin model as an objective.

use std::fmt;

use crate::error::{Error, Result};
use crate::objective::{Objective, Recorded, RecordedPoint, Stochastic};
use crate::random::Key;
use crate::scalar::Scalar;
use crate::tape::Shape;

/// The most couplings: 4 GiB of doubles.
const LARGEST: usize = 1 << 29;

/// The spherical p-spin model: a random homogeneous polynomial of degree p, to be studied on a sphere.
///
/// ```text
///     H(s) = N^(-(p-1)/2) sum_{i_1..i_p} J_{i_1..i_p} s_{i_1} .. s_{i_p},   s in R^N,  |s|^2 = N,   J independent N(0, 1)
///     E H(s) H(s') = N (<s, s'> / N)^p
/// ```
///
/// Energies are of order N; H/N is the energy per spin, in which [`SpinGlassComplexity`](crate::landscape::SpinGlassComplexity) and
/// [`KacRice`](crate::landscape::KacRice) speak. The objective is H on all of R^N; on the sphere it is
/// [`Spherical::new`](crate::subspace::Spherical::new)`(&model, model.radius())`, whose Hessian has a zero along the radius besides those of the
/// sphere. At a point of energy H = N u the eigenvalues on the sphere are a semicircle on -p u -+ 2 sqrt(p (p - 1)): low means convex.
///
/// It is recorded on a tape as p contractions with the tensor of couplings. Cost: N^p numbers, drawn in parts from a key; a value
/// 2 N^p operations, a gradient three times that.
///
/// ```
/// use eigenscape::landscape::SphericalSpinGlass;
/// use eigenscape::objective::Objective;
/// use eigenscape::optimize::LimitedMemoryBfgs;
/// use eigenscape::random::Key;
/// use eigenscape::subspace::Spherical;
///
/// let model = SphericalSpinGlass::<f64>::new(3, 20, Key::new(0))?;
/// let start = model.start(Key::new(1));
/// let sphere = Spherical::new(&model, model.radius())?;
/// let end = LimitedMemoryBfgs::new().run(&sphere, &start)?;
/// // Some way below 0, and above what no state of a large model goes below.
/// let energy = end.value / 20.0;
/// assert!(-2.2 < energy && energy < -1.2);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Crisanti & Sommers 1992, doi:10.1007/BF01309287; Auffinger, Ben Arous, Cerny 2013, arXiv:1003.1129.
#[doc(alias = "p-spin")]
pub struct SphericalSpinGlass<T> {
    interactions: usize,
    spins: usize,
    energy: Recorded<T>,
}

impl<T> fmt::Debug for SphericalSpinGlass<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SphericalSpinGlass({}-spin, {} spins)", self.interactions, self.spins)
    }
}

/// p and N, if a model has them.
pub(super) fn checked(interactions: usize, spins: usize) -> Result<()> {
    Error::at_least("the number of spins that interact", interactions, 2, "must be at least 2")?;
    Error::at_least("the number of spins", spins, 2, "must be at least 2: with one the sphere is two points")
}

impl<T: Scalar> SphericalSpinGlass<T> {
    /// A model with p = `interactions` and N = `spins`, its couplings drawn from a key.
    ///
    /// # Errors
    /// If either is less than 2, or there are more than 2^29 couplings N^p.
    pub fn new(interactions: usize, spins: usize, key: Key) -> Result<Self> {
        checked(interactions, spins)?;
        let count =
            u32::try_from(interactions).ok().and_then(|p| spins.checked_pow(p)).filter(|&count| count <= LARGEST);
        let Some(count) = count else {
            return Err(Error::OutOfRange {
                what: "the number of couplings N^p of a spin glass",
                value: libm::pow(spins as f64, interactions as f64),
                limits: "must be at most 2^29: take fewer spins",
            });
        };
        let mut couplings = vec![T::zero(); count];
        key.normal(0, &mut couplings);
        let scale = libm::pow(spins as f64, -((interactions - 1) as f64) / 2.0);
        let energy = Recorded::new(spins, |s| {
            let column = s.reshape(Shape::matrix(spins, 1));
            let mut contracted = s.tape().constant(Shape::matrix(count / spins, spins), &couplings).matmul(column);
            for left in 1..interactions {
                let rows = spins.pow((interactions - 1 - left) as u32);
                contracted = contracted.reshape(Shape::matrix(rows, spins)).matmul(column);
            }
            contracted.sum() * T::of(scale)
        })?;
        Ok(SphericalSpinGlass { interactions, spins, energy })
    }

    /// p, the number of spins in each term.
    pub fn interactions(&self) -> usize {
        self.interactions
    }

    /// sqrt(N): the radius of the sphere.
    pub fn radius(&self) -> f64 {
        libm::sqrt(self.spins as f64)
    }

    /// A point of the sphere, of no preferred direction.
    pub fn start(&self, key: Key) -> Vec<T> {
        let mut point = vec![T::zero(); self.spins];
        key.sphere(&mut point);
        point.iter_mut().for_each(|s| *s *= T::of(self.radius()));
        point
    }
}

impl<T: Scalar> Stochastic<T> for SphericalSpinGlass<T> {
    fn dim(&self) -> usize {
        self.spins
    }

    #[track_caller]
    fn sample(&self, step: u64, theta: &[T], gradient: &mut [T]) -> Result<f64> {
        self.energy.sample(step, theta, gradient)
    }
}

impl<T: Scalar> Objective<T> for SphericalSpinGlass<T> {
    type Point<'a> = RecordedPoint<'a, T>;

    #[track_caller]
    fn value(&self, theta: &[T]) -> Result<f64> {
        self.energy.value(theta)
    }

    #[track_caller]
    fn at(&self, theta: &[T]) -> Result<RecordedPoint<'_, T>> {
        self.energy.at(theta)
    }
}
