//! A density given on a grid.

use crate::error::{Error, Result};
use crate::random_matrix::complex::Complex;
use crate::random_matrix::law::{self, Atom, Interval, Law};
use crate::random_matrix::transforms::{ends, size_of};

/// A density that is linear between the points of a grid, with atoms beside it: a measured spectrum as a law.
///
/// ```text
///     rho(x) = linear from (x_j, density_j) to (x_(j+1), density_(j+1)),    0 outside,    mass of grid and atoms scaled to 1
///     m(z) = sum_j slope_j (x_(j+1) - x_j) + rho_j(z) log((x_(j+1) - z) / (x_j - z))
/// ```
///
/// The density of a [`spectrum`](crate::spectrum) on a grid becomes one that can be convolved, cut and spiked like any
/// other. Questions cost O(number of points).
///
/// ```
/// use eigenscape::random_matrix::{FreeCompression, Law, PiecewiseLinear};
///
/// let triangle = PiecewiseLinear::new(&[0.0, 1.0, 2.0], &[0.0, 1.0, 0.0], &[])?;
/// assert_eq!(triangle.cumulative(1.0)?, 0.5);
/// let cut = FreeCompression::new(triangle, 0.25)?; // on a random quarter of the dimensions
/// assert!((cut.moment(1) - 1.0).abs() < 1e-14);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::PiecewiseLinear"))]
pub struct PiecewiseLinear {
    grid: Vec<f64>,
    density: Vec<f64>,
    /// The mass of the density up to each point.
    masses: Vec<f64>,
    atoms: Vec<Atom>,
    #[cfg_attr(feature = "serde", serde(skip))]
    moments: [f64; FAR_TERMS],
}

/// Terms of the series far away, beyond [`FAR`] times the farthest point of the law.
const FAR_TERMS: usize = 12;
const FAR: f64 = 30.0;

impl PiecewiseLinear {
    /// A grid, ascending, the density at its points, and atoms; all is divided by the whole mass.
    ///
    /// # Errors
    /// If the lengths differ, there are fewer than two points, the grid does not ascend, a density or weight is negative, a
    /// number is not finite, or there is no mass.
    pub fn new(grid: &[f64], density: &[f64], atoms: &[Atom]) -> Result<Self> {
        Error::length("the density on a grid", density.len(), grid.len())?;
        Error::at_least("the number of points of a density's grid", grid.len(), 2, "must be at least 2")?;
        Error::finite("the grid of a density", grid, "leave the point out")?;
        Error::finite("a density on a grid", density, "leave the point out")?;
        if let Some(pair) = grid.windows(2).find(|pair| pair[0] >= pair[1]) {
            let limits = "must be larger than the point before it: sort the grid, each point once";
            return Err(Error::OutOfRange { what: "a point of a density's grid", value: pair[1], limits });
        }
        let weights: Vec<f64> = atoms.iter().map(|atom| atom.weight).collect();
        let locations: Vec<f64> = atoms.iter().map(|atom| atom.location).collect();
        Error::finite("the weights of atoms", &weights, "leave the atom out")?;
        Error::finite("the locations of atoms", &locations, "leave the atom out")?;
        if let Some(&value) = density.iter().chain(&weights).find(|value| **value < 0.0) {
            return Err(Error::OutOfRange { what: "a density or weight", value, limits: "must be at least 0" });
        }
        let mut masses = vec![0.0];
        for j in 1..grid.len() {
            let piece = (grid[j] - grid[j - 1]) * (density[j] / 2.0 + density[j - 1] / 2.0);
            masses.push(masses[j - 1] + piece);
        }
        let bulk = masses[grid.len() - 1];
        let total = bulk + weights.iter().sum::<f64>();
        Error::positive("the mass of a density", total)?;
        if bulk == 0.0 {
            return Err(Error::OutOfRange {
                what: "the mass of a density on its grid",
                value: bulk,
                limits: "must be positive: atoms alone make a Discrete law",
            });
        }
        let mut atoms: Vec<Atom> = (atoms.iter().filter(|atom| atom.weight > 0.0))
            .map(|atom| Atom { weight: atom.weight / total, ..*atom })
            .collect();
        atoms.sort_by(|a, b| a.location.total_cmp(&b.location));
        atoms.dedup_by(|next, kept| {
            let same = next.location == kept.location;
            if same {
                kept.weight += next.weight;
            }
            same
        });
        let mut law = PiecewiseLinear {
            grid: grid.to_vec(),
            density: density.iter().map(|value| value / total).collect(),
            masses: masses.iter().map(|mass| mass / total).collect(),
            atoms,
            moments: [0.0; FAR_TERMS],
        };
        for order in 0..FAR_TERMS {
            law.moments[order] = law.moment(order as u32);
        }
        Ok(law)
    }

    /// m and m' far away, where the pieces cancel: -sum_k moment_k / z^(k + 1).
    fn far(&self, z: Complex) -> [Complex; 2] {
        let inverse = Complex::from(1.0) / z;
        let mut sums = [Complex::default(); 2];
        for (order, moment) in self.moments.iter().enumerate().rev() {
            sums[0] = (sums[0] + *moment) * inverse;
            sums[1] = (sums[1] + *moment * (order as f64 + 1.0)) * inverse;
        }
        [-sums[0], sums[1] * inverse]
    }

    /// The piece that holds x, and the density's slope there.
    fn piece(&self, x: f64) -> (usize, f64) {
        let j = self.grid.partition_point(|point| *point <= x).clamp(1, self.grid.len() - 1) - 1;
        (j, (self.density[j + 1] - self.density[j]) / (self.grid[j + 1] - self.grid[j]))
    }

    fn on_the_cut(&self, z: Complex) -> Result<()> {
        law::finite(z)?;
        if z.im != 0.0 {
            return Ok(());
        }
        let inside = self.support().iter().any(|part| part.contains(z.re));
        if inside || self.atoms.iter().any(|atom| atom.location == z.re) {
            return Err(law::on_the_cut(z.re));
        }
        Ok(())
    }

    /// The sums of m and m', piece by piece.
    fn transforms(&self, z: Complex) -> [Complex; 2] {
        let size =
            size_of(ends(&[Interval { lower: self.grid[0], upper: self.grid[self.grid.len() - 1] }], &self.atoms));
        if z.modulus() > FAR * size {
            return self.far(z);
        }
        let mut sums = [Complex::default(); 2];
        for j in 0..self.grid.len() - 1 {
            let (low, high) = (self.grid[j], self.grid[j + 1]);
            let (first, last) = (self.density[j], self.density[j + 1]);
            if first == 0.0 && last == 0.0 {
                continue;
            }
            let slope = (last - first) / (high - low);
            let (near, far) = (Complex::from(low) - z, Complex::from(high) - z);
            let logarithm = Complex::log_ratio(low, high, z);
            let value = -(near * slope) + first;
            sums[0] = sums[0] + value * logarithm + slope * (high - low);
            sums[1] = sums[1] + logarithm * slope + value * (Complex::from(1.0) / near - Complex::from(1.0) / far);
        }
        for atom in &self.atoms {
            let inverse = Complex::from(1.0) / (Complex::from(atom.location) - z);
            sums[0] = sums[0] + inverse * atom.weight;
            sums[1] = sums[1] + inverse * inverse * atom.weight;
        }
        sums
    }

    fn atoms_up_to(&self, x: f64) -> f64 {
        self.atoms.iter().filter(|atom| atom.location <= x).map(|atom| atom.weight).sum()
    }
}

impl Law for PiecewiseLinear {
    fn support(&self) -> Vec<Interval> {
        let mut parts: Vec<Interval> = Vec::new();
        for j in 0..self.grid.len() - 1 {
            if self.density[j] == 0.0 && self.density[j + 1] == 0.0 {
                continue;
            }
            match parts.last_mut() {
                Some(last) if last.upper == self.grid[j] => last.upper = self.grid[j + 1],
                _ => parts.push(Interval { lower: self.grid[j], upper: self.grid[j + 1] }),
            }
        }
        parts
    }

    fn atoms(&self) -> Vec<Atom> {
        self.atoms.clone()
    }

    fn density(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        if x < self.grid[0] || x > self.grid[self.grid.len() - 1] {
            return Ok(0.0);
        }
        let (j, slope) = self.piece(x);
        Ok((self.density[j] + slope * (x - self.grid[j])).max(0.0))
    }

    fn cumulative(&self, x: f64) -> Result<f64> {
        law::number(x)?;
        let x_inside = x.clamp(self.grid[0], self.grid[self.grid.len() - 1]);
        let (j, slope) = self.piece(x_inside);
        let step = x_inside - self.grid[j];
        let bulk = self.masses[j] + step * (self.density[j] + slope * step / 2.0);
        Ok((bulk + self.atoms_up_to(x)).clamp(0.0, 1.0))
    }

    fn quantile(&self, probability: f64) -> Result<f64> {
        law::probability(probability)?;
        let supports = self.support();
        let lowest = self.atoms.first().map_or(f64::INFINITY, |atom| atom.location).min(supports[0].lower);
        let highest =
            self.atoms.last().map_or(f64::NEG_INFINITY, |a| a.location).max(supports[supports.len() - 1].upper);
        if probability <= 0.0 {
            return Ok(lowest);
        }
        // The ends of all pieces and the atoms, with the mass at or below each.
        for atom in &self.atoms {
            let at = self.cumulative(atom.location)?;
            if at - atom.weight < probability && probability <= at {
                return Ok(atom.location);
            }
        }
        let mass = |j: usize| self.masses[j] + self.atoms_up_to(self.grid[j]);
        let next = (1..self.grid.len()).find(|&j| mass(j) >= probability).unwrap_or(self.grid.len() - 1);
        let j = next - 1;
        // Atoms inside of the piece lie on one side of the quantile, which is not at one of them.
        let f = |x: f64| Ok(self.cumulative(x)? - probability);
        Ok(crate::random_matrix::root::root(self.grid[j], self.grid[next], f)?.clamp(lowest, highest))
    }

    fn stieltjes(&self, z: Complex) -> Result<Complex> {
        self.on_the_cut(z)?;
        Ok(self.transforms(z)[0])
    }

    fn stieltjes_derivative(&self, z: Complex) -> Result<Complex> {
        self.on_the_cut(z)?;
        Ok(self.transforms(z)[1])
    }

    fn moment(&self, order: u32) -> f64 {
        // int x^k (a + b x) over a piece: b (high^(k + 2) - low^(k + 2)) / (k + 2) + ..., written as means of products of the
        // ends, which do not cancel.
        let mean = |low: f64, high: f64, order: u32| -> f64 {
            let terms = (0..=order).map(|i| libm::pow(low, f64::from(i)) * libm::pow(high, f64::from(order - i)));
            terms.sum::<f64>() / f64::from(order + 1)
        };
        let bulk: f64 = (0..self.grid.len() - 1)
            .map(|j| {
                let (low, high) = (self.grid[j], self.grid[j + 1]);
                let slope = (self.density[j + 1] - self.density[j]) / (high - low);
                let value = self.density[j] - slope * low;
                (high - low) * (value * mean(low, high, order) + slope * mean(low, high, order + 1))
            })
            .sum();
        let atoms = self.atoms.iter().map(|atom| atom.weight * libm::pow(atom.location, f64::from(order)));
        bulk + atoms.sum::<f64>()
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Atom, Error, FAR_TERMS, Law, Result};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct PiecewiseLinear {
        grid: Vec<f64>,
        density: Vec<f64>,
        masses: Vec<f64>,
        atoms: Vec<Atom>,
    }

    impl TryFrom<PiecewiseLinear> for super::PiecewiseLinear {
        type Error = Error;

        fn try_from(saved: PiecewiseLinear) -> Result<Self> {
            let PiecewiseLinear { grid, density, masses, atoms } = saved;
            let sound = super::PiecewiseLinear::new(&grid, &density, &atoms)?;
            Error::length("the masses of a saved density", masses.len(), grid.len())?;
            Error::length("the atoms of a saved density", atoms.len(), sound.atoms.len())?;
            let limits = "must be those of its density and atoms, which sum to 1 and ascend";
            // What was saved is scaled already: made again it is the same up to rounding.
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1.0);
            let same = density.iter().zip(&sound.density).all(|(a, b)| near(*a, *b))
                && masses.iter().zip(&sound.masses).all(|(a, b)| near(*a, *b))
                && masses.windows(2).all(|pair| pair[0] <= pair[1])
                && atoms.iter().zip(&sound.atoms).all(|(a, b)| a.location == b.location && near(a.weight, b.weight));
            Error::require(same, "a mass of a saved density", masses.last().copied().unwrap_or(0.0), limits)?;
            let mut law = super::PiecewiseLinear { grid, density, masses, atoms, moments: [0.0; FAR_TERMS] };
            for order in 0..FAR_TERMS {
                law.moments[order] = law.moment(order as u32);
            }
            Ok(law)
        }
    }
}
