//! The largest loss in a neighbourhood.

use super::neighborhood::Neighborhood;
use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::random::Key;
use crate::scalar::Scalar;

/// Looks for the largest value of an objective in a [`Neighborhood`] of a point, by projected ascent.
///
/// ```text
///     max over |d / s| <= radius of  L(theta + d) - L(theta)
/// ```
///
/// From the point itself, and from random ones on the border, steps go along the steepest direction in the neighbourhood's own norm and are
/// projected back; a step that gains is followed by one twice as long, another by one of a quarter. The maximum of a function that is not
/// concave cannot be had for sure: what comes out is a lower bound, attained at the displacement that is returned.
///
/// Cost: a gradient a step; 20 steps from the point and from 1 random place unless set. Within a subspace: run it on a
/// [`Restricted`](crate::subspace::Restricted) objective, with [`Neighborhood::keskar_box_within`].
///
/// ```
/// use eigenscape::landscape::{Neighborhood, WorstCase};
/// use eigenscape::objective::Recorded;
/// use eigenscape::random::Key;
///
/// // At the bottom of a bowl with curvatures 4 and 1: radius^2 4/2 along the first axis.
/// let bowl = Recorded::<f64>::new(2, |x| x.at(0).powi(2) * 2.0 + x.at(1).powi(2) * 0.5)?;
/// let sharpness = WorstCase::new(Key::new(0)).run(&bowl, &[0.0, 0.0], &Neighborhood::ball(2, 0.1)?)?;
/// assert!((sharpness.increase - 0.02).abs() < 1e-9);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Keskar, Mudigere, Nocedal, Smelyanskiy & Tang 2017, arXiv:1609.04836 (boxes). Foret et al. 2021, arXiv:2010.01412; Kwon et al. 2021,
/// arXiv:2102.11600 (balls).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "sharpness")]
#[doc(alias = "Keskar")]
pub struct WorstCase {
    steps: usize,
    starts: usize,
    key: Key,
}

/// The worst that was found in a neighbourhood.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WorstCaseSharpness<T> {
    /// L(theta).
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// L(theta + d) - L(theta), at least 0: a lower bound of the largest.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub increase: f64,
    /// The same by the gradient alone: radius times its dual norm.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub first_order: f64,
    /// The increase over 1 + L(theta): Keskar's sharpness, of which the paper prints percents. For losses that are at least 0.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub relative_increase: f64,
    /// d, by which the largest value found is away.
    pub displacement: Vec<T>,
    /// |d / s| over the radius: 1 on the border.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub reach: f64,
    /// Gradients taken.
    pub gradients: u64,
    /// Places among them where the objective was not finite: left out, though the increase there may be infinite.
    pub holes: u64,
}

impl WorstCase {
    /// 20 steps from the point, and as many from one random place.
    pub fn new(key: Key) -> Self {
        WorstCase { steps: 20, starts: 1, key }
    }

    /// Sets the number of steps from each start.
    pub fn steps(self, steps: usize) -> Self {
        WorstCase { steps, ..self }
    }

    /// Sets the number of random starts, beside the point itself.
    pub fn starts(self, starts: usize) -> Self {
        WorstCase { starts, ..self }
    }

    /// Looks for the largest value.
    ///
    /// # Errors
    /// If theta or the neighbourhood has another size than the objective, no step is allowed, or the objective is not finite at theta.
    pub fn run<T: Scalar, O: Objective<T>>(
        &self,
        objective: &O,
        theta: &[T],
        neighborhood: &Neighborhood,
    ) -> Result<WorstCaseSharpness<T>> {
        Error::length("the center of a neighbourhood", theta.len(), objective.dim())?;
        Error::length("the scales of a neighbourhood", neighborhood.scales().len(), objective.dim())?;
        Error::at_least("the number of steps of an ascent", self.steps, 1, "must be at least 1")?;
        let scales = neighborhood.scales();
        let mut gradient = vec![T::zero(); theta.len()];
        let value = objective.value_and_gradient(theta, &mut gradient)?;
        let scaled = |gradient: &[T]| -> Vec<f64> { gradient.iter().zip(scales).map(|(g, s)| g.f64() * s).collect() };
        let place = |u: &[f64]| -> Vec<T> {
            theta.iter().zip(u.iter().zip(scales)).map(|(&x, (u, s))| x + T::of(u * s)).collect()
        };
        let center = scaled(&gradient);
        let radius = neighborhood.radius();
        let first_order = radius * neighborhood.steepest(&center).1;
        let (mut gradients, mut holes) = (1, 0);
        let mut best = (value, vec![0.0; theta.len()]);
        for start in 0..=self.starts {
            let (mut u, mut height, mut slope) = (vec![0.0; theta.len()], value, center.clone());
            if start > 0 {
                self.key.split(start as u64).normal(0, &mut u);
                // What may not move has no share of the length.
                u.iter_mut().zip(scales).filter(|(_, scale)| **scale == 0.0).for_each(|(u, _)| *u = 0.0);
                u = neighborhood.steepest(&u).0.iter().map(|u| radius * u).collect();
                gradients += 1;
                match objective.value_and_gradient(&place(&u), &mut gradient) {
                    Ok(value) => (height, slope) = (value, scaled(&gradient)),
                    Err(_) => {
                        holes += 1;
                        continue;
                    }
                }
            }
            let mut length = 1.0;
            for _ in 0..self.steps {
                let (direction, speed) = neighborhood.steepest(&slope);
                if speed == 0.0 || length < 1e-9 {
                    break;
                }
                let mut trial: Vec<f64> = u.iter().zip(&direction).map(|(u, d)| u + length * radius * d).collect();
                neighborhood.project(&mut trial);
                gradients += 1;
                match objective.value_and_gradient(&place(&trial), &mut gradient) {
                    Ok(value) if value > height => {
                        (u, height, slope) = (trial, value, scaled(&gradient));
                        length *= 2.0;
                    }
                    Ok(_) => length *= 0.25,
                    Err(_) => {
                        holes += 1;
                        length *= 0.25;
                    }
                }
            }
            if height > best.0 {
                best = (height, u);
            }
        }
        let increase = best.0 - value;
        Ok(WorstCaseSharpness {
            value,
            increase,
            first_order,
            relative_increase: increase / (1.0 + value),
            displacement: place(&best.1).iter().zip(theta).map(|(&moved, &x)| moved - x).collect(),
            reach: neighborhood.length(&best.1) / radius,
            gradients,
            holes,
        })
    }
}
