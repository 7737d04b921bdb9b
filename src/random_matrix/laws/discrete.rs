//! A law of finitely many points: a population, or an observed spectrum.

use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Atom, Interval, Law};

/// Weights may miss 1 by this, for rounding.
const SLACK: f64 = 1e-9;

/// Finitely many points with weights: the population of a covariance, or the spectrum of one matrix as it is.
///
/// ```text
///     mu = sum_j weight_j delta(x - location_j)
/// ```
///
/// It has no density; what makes one of it is a free convolution or a smoothing. Questions cost O(number of points).
///
/// ```
/// use eigenscape::random_matrix::{Discrete, Law};
///
/// let population = Discrete::new(&[1.0, 10.0], &[0.75, 0.25])?;
/// assert_eq!(population.moment(1), 3.25);
/// assert_eq!(population.cumulative(5.0)?, 0.75);
/// let spectrum = Discrete::uniform(&[0.5, 2.0, 2.0, 3.5])?; // eigenvalues, each with weight 1/4
/// assert_eq!(spectrum.atoms()[1].weight, 0.5);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Discrete {
    /// Ascending, distinct.
    atoms: Vec<Atom>,
    /// The mass up to and with each.
    cumulative: Vec<f64>,
}

impl Discrete {
    /// Points and their weights, in any order; equal points become one, points without weight none.
    ///
    /// # Errors
    /// If there is no point, the lengths differ, a number is not finite, a weight is negative, or the weights do not sum to
    /// 1 within 1e-9.
    pub fn new(locations: &[f64], weights: &[f64]) -> Result<Self> {
        Error::length("the weights of a discrete law", weights.len(), locations.len())?;
        if locations.is_empty() {
            return Err(Error::Empty { what: "a discrete law", remedy: "give it at least one point" });
        }
        Error::finite("the locations of a discrete law", locations, "leave that point out")?;
        Error::finite("the weights of a discrete law", weights, "give each point a number from 0 to 1")?;
        if let Some(&value) = weights.iter().find(|weight| **weight < 0.0) {
            return Err(Error::OutOfRange { what: "a weight of a discrete law", value, limits: "must be at least 0" });
        }
        let total: f64 = weights.iter().sum();
        if (total - 1.0).abs() > SLACK {
            let limits = "must be 1 within 1e-9: divide the weights by it";
            return Err(Error::OutOfRange { what: "the sum of the weights of a discrete law", value: total, limits });
        }
        let pairs = locations.iter().zip(weights).filter(|pair| *pair.1 > 0.0);
        Ok(Discrete::sorted(pairs.map(|(&location, &weight)| Atom { location, weight: weight / total }).collect()))
    }

    /// Points of equal weight: the eigenvalues of a matrix.
    ///
    /// # Errors
    /// If there is none or one is not finite.
    pub fn uniform(locations: &[f64]) -> Result<Self> {
        let weight = 1.0 / locations.len().max(1) as f64;
        Discrete::new(locations, &vec![weight; locations.len()])
    }

    fn sorted(mut atoms: Vec<Atom>) -> Self {
        atoms.sort_by(|a, b| a.location.total_cmp(&b.location));
        atoms.dedup_by(|next, kept| {
            let same = next.location == kept.location;
            if same {
                kept.weight += next.weight;
            }
            same
        });
        let mut sum = 0.0;
        let cumulative = atoms
            .iter()
            .map(|atom| {
                sum += atom.weight;
                sum
            })
            .collect();
        Discrete { atoms, cumulative }
    }
}

impl Law for Discrete {
    fn support(&self) -> Vec<Interval> {
        Vec::new()
    }

    fn atoms(&self) -> Vec<Atom> {
        self.atoms.clone()
    }

    fn density(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        Ok(0.0)
    }

    fn cumulative(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let below = self.atoms.partition_point(|atom| atom.location <= x);
        Ok(if below == self.atoms.len() { 1.0 } else { below.checked_sub(1).map_or(0.0, |i| self.cumulative[i]) })
    }

    fn quantile(&self, probability: f64) -> Result<f64> {
        law::probability(probability)?;
        let index = self.cumulative.partition_point(|mass| *mass < probability);
        Ok(self.atoms[index.min(self.atoms.len() - 1)].location)
    }

    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        let mut sum = Complex::default();
        for atom in &self.atoms {
            let difference = Complex::from(atom.location) - z;
            if difference == Complex::default() {
                return Err(law::on_the_cut(z.re));
            }
            sum = sum + Complex::from(atom.weight) / difference;
        }
        Ok(sum)
    }

    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        law::finite(z)?;
        let mut sum = Complex::default();
        for atom in &self.atoms {
            let difference = Complex::from(atom.location) - z;
            if difference == Complex::default() {
                return Err(law::on_the_cut(z.re));
            }
            sum = sum + Complex::from(atom.weight) / difference / difference;
        }
        Ok(sum)
    }

    fn moment(&self, order: u32) -> f64 {
        self.atoms.iter().map(|atom| atom.weight * libm::pow(atom.location, f64::from(order))).sum()
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(Discrete { atoms: Vec<Atom>, cumulative: Vec<f64> } by |law| {
    let (locations, weights): (Vec<f64>, Vec<f64>) =
        law.atoms.iter().map(|atom| (atom.location, atom.weight)).unzip();
    let sound = Discrete::new(&locations, &weights)?;
    Error::length("the points of a saved discrete law", law.atoms.len(), sound.atoms.len())?;
    Error::length("the sums of a saved discrete law", law.cumulative.len(), sound.atoms.len())?;
    let ascending = locations.windows(2).find(|pair| pair[0] >= pair[1]);
    Error::require(ascending.is_none(), "a point of a saved discrete law", ascending.map_or(0.0, |pair| pair[1]), "must ascend")?;
    let off = law.cumulative.iter().zip(&sound.cumulative).find(|(sum, sound)| (*sum - *sound).abs() > SLACK || sum.is_nan());
    Error::require(off.is_none(), "a sum of a saved discrete law", off.map_or(0.0, |(sum, _)| *sum), "must be that of the weights")
});
