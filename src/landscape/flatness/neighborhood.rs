//! Neighbourhoods of a point in which sharpness is looked for.

use crate::error::{Error, Result};
use crate::krylov::LeastSquares;
use crate::network::{Block, Role};
use crate::operator::Adjoint;
use crate::scalar::Scalar;

/// How a displacement is measured, entry by entry in units of its scales.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum NeighborhoodNorm {
    /// The root of the sum of squares: a ball, or an ellipsoid.
    Euclidean,
    /// The largest entry: a box.
    Maximum,
}

/// The displacements whose scaled norm is at most a radius.
///
/// ```text
///     { d :  |d / s| <= radius },     s the scales, entry by entry;  an entry of scale 0 stays where it is
/// ```
///
/// | constructor | scales | norm | used by |
/// | --- | --- | --- | --- |
/// | [`Neighborhood::ball`] | 1 | Euclid's | sharpness-aware minimisation |
/// | [`Neighborhood::keskar_box`] | \|theta_i\| + 1 | largest entry | Keskar et al. |
/// | [`Neighborhood::keskar_box_within`] | \|(A^+ theta)_i\| + 1, in a subspace | largest entry | the same |
/// | [`Neighborhood::adaptive`] | \|theta_i\| | Euclid's | adaptive sharpness, the same for rescaled relu networks |
/// | [`Neighborhood::new`] with [`filter_scales`] | the norm of the filter of i | Euclid's | adaptive sharpness by filters |
///
/// # References
/// Keskar, Mudigere, Nocedal, Smelyanskiy & Tang 2017, arXiv:1609.04836. Foret, Kleiner, Mobahi & Neyshabur 2021, arXiv:2010.01412. Kwon, Kim,
/// Park & Choi 2021, arXiv:2102.11600.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::Neighborhood"))]
pub struct Neighborhood {
    scales: Vec<f64>,
    norm: NeighborhoodNorm,
    radius: f64,
}

impl Neighborhood {
    /// The neighbourhood with these scales and this radius.
    ///
    /// # Errors
    /// If the radius is not finite and positive, a scale is negative or not finite, or all are zero.
    pub fn new(scales: Vec<f64>, norm: NeighborhoodNorm, radius: f64) -> Result<Self> {
        Error::positive("the radius of a neighbourhood", radius)?;
        require_scales(&scales)?;
        Ok(Neighborhood { scales, norm, radius })
    }

    /// |d| <= radius.
    ///
    /// # Errors
    /// If the radius is not finite and positive, or there are no dimensions.
    #[doc(alias = "SAM")]
    pub fn ball(dim: usize, radius: f64) -> Result<Self> {
        Neighborhood::new(vec![1.0; dim], NeighborhoodNorm::Euclidean, radius)
    }

    /// |d_i| <= epsilon (|theta_i| + 1).
    ///
    /// # Errors
    /// If epsilon is not finite and positive, or theta is not finite or empty.
    pub fn keskar_box<T: Scalar>(theta: &[T], epsilon: f64) -> Result<Self> {
        let scales = theta.iter().map(|x| x.f64().abs() + 1.0).collect();
        Neighborhood::new(scales, NeighborhoodNorm::Maximum, epsilon)
    }

    /// |y_i| <= epsilon (|(A^+ theta)_i| + 1) for the coordinates y of a subspace, d = A y, A^+ the pseudoinverse: Keskar's box for a few random
    /// directions. Run the search on the objective [`Restricted`](crate::subspace::Restricted) to theta + A y, at y = 0.
    ///
    /// Cost: a least-squares problem with A.
    ///
    /// # Errors
    /// If epsilon is not finite and positive, theta is not finite, or A has other rows than theta has entries.
    pub fn keskar_box_within<T: Scalar>(theta: &[T], basis: &impl Adjoint<T>, epsilon: f64) -> Result<Self> {
        let coordinates = LeastSquares::new().run(basis, theta)?.x;
        Neighborhood::keskar_box(&coordinates, epsilon)
    }

    /// |d / theta| <= radius, entry by entry: what is zero stays zero.
    ///
    /// # Errors
    /// If the radius is not finite and positive, or theta is not finite, or zero.
    #[doc(alias = "ASAM")]
    pub fn adaptive<T: Scalar>(theta: &[T], radius: f64) -> Result<Self> {
        let scales = theta.iter().map(|x| x.f64().abs()).collect();
        Neighborhood::new(scales, NeighborhoodNorm::Euclidean, radius)
    }

    /// The scales s.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// The norm in which d / s is measured.
    pub fn norm(&self) -> NeighborhoodNorm {
        self.norm
    }

    /// The largest |d / s|.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// The unit vector u, in scaled coordinates, along which a function with this gradient there grows fastest, and how fast.
    pub(super) fn steepest(&self, gradient: &[f64]) -> (Vec<f64>, f64) {
        match self.norm {
            NeighborhoodNorm::Euclidean => {
                let norm = libm::sqrt(gradient.iter().map(|g| g * g).sum());
                let inverse = if norm > 0.0 { 1.0 / norm } else { 0.0 };
                (gradient.iter().map(|g| g * inverse).collect(), norm)
            }
            NeighborhoodNorm::Maximum => {
                let signs = gradient.iter().map(|&g| if g == 0.0 { 0.0 } else { g.signum() }).collect();
                (signs, gradient.iter().map(|g| g.abs()).sum())
            }
        }
    }

    /// Moves u, in scaled coordinates, to the nearest point of the neighbourhood.
    pub(super) fn project(&self, u: &mut [f64]) {
        match self.norm {
            NeighborhoodNorm::Euclidean => {
                let norm = self.length(u);
                if norm > self.radius {
                    u.iter_mut().for_each(|u| *u *= self.radius / norm);
                }
            }
            NeighborhoodNorm::Maximum => u.iter_mut().for_each(|u| *u = u.clamp(-self.radius, self.radius)),
        }
    }

    /// |u| in scaled coordinates.
    pub(super) fn length(&self, u: &[f64]) -> f64 {
        match self.norm {
            NeighborhoodNorm::Euclidean => libm::sqrt(u.iter().map(|u| u * u).sum()),
            NeighborhoodNorm::Maximum => u.iter().fold(0.0, |largest, u| u.abs().max(largest)),
        }
    }
}

/// Fails unless the scales are finite, at least 0, and one is positive.
pub(super) fn require_scales(scales: &[f64]) -> Result<()> {
    Error::finite("the scales of a displacement", scales, "give finite scales")?;
    if let Some(&value) = scales.iter().find(|&&scale| scale < 0.0) {
        return Err(Error::OutOfRange { what: "a scale of a displacement", value, limits: "must be at least 0" });
    }
    if scales.iter().all(|&scale| scale == 0.0) {
        let limits = "must be positive, or nothing may move: relative scales need parameters that are not all zero";
        return Err(Error::OutOfRange { what: "the largest scale of a displacement", value: 0.0, limits });
    }
    Ok(())
}

/// The norm of the filter that each parameter belongs to: of the weights into its unit, or its channel. Biases and gains stand alone, by their
/// absolute values.
///
/// ```
/// use eigenscape::landscape::filter_scales;
/// use eigenscape::network::{Activation, Network, Perceptron};
///
/// let network = Perceptron::new(&[2, 1], Activation::Identity)?; // one unit with two weights, and its bias
/// assert_eq!(filter_scales(&[3.0, 4.0, -2.0], network.blocks())?, [5.0, 5.0, 2.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the blocks do not fit theta, or a filter's norm is zero or not finite.
///
/// # References
/// Li, Xu, Taylor, Studer & Goldstein 2018, arXiv:1712.09913. Kwon et al. 2021, arXiv:2102.11600.
pub fn filter_scales<T: Scalar>(theta: &[T], blocks: &[Block]) -> Result<Vec<f64>> {
    let end = blocks.iter().map(|block| block.range().end).max().unwrap_or(0);
    Error::length("the parameters that blocks divide into filters", theta.len(), end)?;
    let mut scales: Vec<f64> = theta.iter().map(|x| x.f64().abs()).collect();
    for block in blocks.iter().filter(|block| block.role == Role::Weight && block.shape.axes() > 1) {
        let filters = block.shape.extents()[0];
        for filter in scales[block.range()].chunks_exact_mut(block.shape.size() / filters) {
            let norm = libm::sqrt(filter.iter().map(|x| x * x).sum());
            Error::positive("the norm of a filter", norm)?;
            filter.fill(norm);
        }
    }
    Ok(scales)
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, NeighborhoodNorm, Result};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct Neighborhood {
        scales: Vec<f64>,
        norm: NeighborhoodNorm,
        radius: f64,
    }

    impl TryFrom<Neighborhood> for super::Neighborhood {
        type Error = Error;

        fn try_from(saved: Neighborhood) -> Result<Self> {
            super::Neighborhood::new(saved.scales, saved.norm, saved.radius)
        }
    }
}
