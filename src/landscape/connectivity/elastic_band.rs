//! Nudged elastic bands: paths of least energy between minima, and the saddles on them.

use super::barrier::ends;
use crate::error::{Error, Result};
use crate::objective::Objective;
use crate::scalar::Scalar;

/// Bends a chain of images between two minima into a path of least energy, with the saddle under its highest image.
///
/// ```text
///     F_i = -(g_i - (g_i't) t) + k (|R_(i+1) - R_i| - |R_i - R_(i-1)|) t      along the chain: springs; across it: the slope g_i
///     F_top = -(g - 2 (g't) t)                                               the highest image climbs, and slides on no spring
/// ```
///
/// The tangent t points to the higher neighbour, and mixes both at extrema of the chain. All images move by a damped dynamics (FIRE) whose step
/// adapts itself; the highest one climbs once the largest force has fallen to a tenth. Converged: each |F_i| without its springs is at
/// most the tolerance, so that at the climbing image the gradient itself is.
///
/// Cost: a gradient for each inner image a step.
///
/// ```
/// use eigenscape::landscape::ElasticBand;
/// use eigenscape::objective::Recorded;
///
/// // Minima at (-1, 0) and (1, 0); the saddle at (0, 1) on a bent path.
/// let bent = Recorded::<f64>::new(2, |x| {
///     let (x, y) = (x.at(0), x.at(1));
///     (x * x - 1.0).powi(2) + (y - (1.0 - x * x)).powi(2) * 4.0
/// })?;
/// let band = ElasticBand::new(9)?.run(&bent, &[-1.0, 0.0], &[1.0, 0.0])?;
/// assert!(band.converged && (band.values[band.top] - 1.0).abs() < 1e-6);
/// assert!(band.images[band.top][0].abs() < 1e-3 && (band.images[band.top][1] - 1.0).abs() < 1e-3);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Henkelman & Jonsson 2000, doi:10.1063/1.1323224 (tangents). Henkelman, Uberuaga & Jonsson 2000, doi:10.1063/1.1329672 (the climbing image). Bitzek,
/// Koskinen, Gahler, Moseler & Gumbsch 2006, doi:10.1103/PhysRevLett.97.170201 (FIRE).
#[doc(alias = "NEB")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::ElasticBand"))]
#[doc(alias = "AutoNEB")]
#[doc(alias = "nudged elastic band")]
#[doc(alias = "minimum energy path")]
pub struct ElasticBand {
    images: usize,
    spring: f64,
    climbing: bool,
    tolerance: f64,
    steps: usize,
}

/// A chain of images between two points.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a band may end before it has converged: look at `converged`"]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Band<T> {
    /// The images, ends among them.
    pub images: Vec<Vec<T>>,
    /// The objective at each.
    pub values: Vec<f64>,
    /// The number of the highest image: the saddle, if it has climbed and stands between the ends.
    pub top: usize,
    /// Its height over the first end: the barrier.
    pub barrier: f64,
    /// The largest force without springs.
    pub force: f64,
    /// Whether that is within the tolerance.
    pub converged: bool,
    /// Steps of all images.
    pub steps: usize,
    /// Gradients taken.
    pub gradients: u64,
}

impl ElasticBand {
    /// So many images, both ends among them; springs of 1, a climbing image, forces to 1e-4, at most 10,000 steps.
    ///
    /// # Errors
    /// If there are fewer than three images.
    pub fn new(images: usize) -> Result<Self> {
        Error::at_least(
            "the number of images of a band",
            images,
            3,
            "must be at least 3: two ends and one that moves",
        )?;
        Ok(ElasticBand { images, spring: 1.0, climbing: true, tolerance: 1e-4, steps: 10_000 })
    }

    /// Sets the constant of the springs: of the order of the objective's curvature along the path.
    ///
    /// # Errors
    /// If it is not finite and positive.
    pub fn spring(self, spring: f64) -> Result<Self> {
        Error::positive("the constant of springs", spring)?;
        Ok(ElasticBand { spring, ..self })
    }

    /// Leaves the highest image on its springs: then no image stands on the saddle itself.
    pub fn without_climbing(self) -> Self {
        ElasticBand { climbing: false, ..self }
    }

    /// Sets the largest force of a band that has converged.
    ///
    /// # Errors
    /// If it is not finite and positive.
    pub fn tolerance(self, tolerance: f64) -> Result<Self> {
        Error::positive("the tolerance of forces", tolerance)?;
        Ok(ElasticBand { tolerance, ..self })
    }

    /// Sets the largest number of steps.
    pub fn steps(self, steps: usize) -> Self {
        ElasticBand { steps, ..self }
    }

    /// Relaxes a band that starts as a straight line.
    ///
    /// # Errors
    /// As [`ElasticBand::run_from`].
    pub fn run<T: Scalar, O: Objective<T>>(&self, objective: &O, a: &[T], b: &[T]) -> Result<Band<T>> {
        let last = self.images - 1;
        let image = |i: usize| -> Vec<T> {
            let t = i as f64 / last as f64;
            a.iter().zip(b).map(|(x, y)| T::of((1.0 - t) * x.f64() + t * y.f64())).collect()
        };
        ends(a, b, objective.dim())?;
        let mut images: Vec<Vec<T>> = (0..self.images).map(image).collect();
        images[last] = b.to_vec();
        self.run_from(objective, images)
    }

    /// Relaxes a band from a chain of images, as many as were set.
    ///
    /// # Errors
    /// If their number or a size is another, the ends are equal, or the objective is not finite at an image, then or on the way: bend the chain
    /// around such places.
    pub fn run_from<T: Scalar, O: Objective<T>>(&self, objective: &O, mut images: Vec<Vec<T>>) -> Result<Band<T>> {
        Error::length("the chain of images", images.len(), self.images)?;
        let (dim, last) = (objective.dim(), self.images - 1);
        for image in &images {
            Error::length("an image of a band", image.len(), dim)?;
        }
        ends(&images[0], &images[last], dim)?;
        let mut gradients = vec![vec![T::zero(); dim]; self.images];
        let mut values = vec![0.0; self.images];
        for i in [0, last] {
            values[i] = objective.value(&images[i])?;
        }
        let mut velocity = vec![vec![0.0f64; dim]; self.images];
        let mut dynamics = Fire::default();
        let mut climbs = false;
        let (mut first_force, mut step, mut count) = (None, 0, 0);
        loop {
            for i in 1..last {
                values[i] = objective.value_and_gradient(&images[i], &mut gradients[i])?;
                count += 1;
            }
            let top = (1..last).fold(1, |top, i| if values[i] > values[top] { i } else { top });
            let mut forces = vec![vec![0.0; dim]; self.images];
            let mut largest = 0.0f64;
            let mut spacing = 0.0;
            for i in 1..last {
                let (tangent, [before, after]) = tangent(&images[i - 1..=i + 1], &values[i - 1..=i + 1]);
                spacing += before / (last - 1) as f64;
                let along: f64 = gradients[i].iter().zip(&tangent).map(|(g, t)| g.f64() * t).sum();
                let climbing = climbs && i == top;
                let part = if climbing { 2.0 * along } else { along };
                let mut square = 0.0;
                for ((force, g), t) in forces[i].iter_mut().zip(&gradients[i]).zip(&tangent) {
                    *force = part * t - g.f64();
                    square += *force * *force;
                    if !climbing {
                        *force += self.spring * (after - before) * t;
                    }
                }
                largest = largest.max(square.sqrt());
            }
            let first = *first_force.get_or_insert(largest);
            let converged = largest <= self.tolerance && (climbs || !self.climbing);
            if converged || step >= self.steps {
                let all = (0..=last).fold(0, |top, i| if values[i] > values[top] { i } else { top });
                let barrier = values[all] - values[0];
                let gradients = count;
                return Ok(Band {
                    images,
                    barrier,
                    values,
                    top: all,
                    force: largest,
                    converged,
                    steps: step,
                    gradients,
                });
            }
            climbs |= self.climbing && largest <= (0.1 * first).max(self.tolerance);
            dynamics.step(&forces, &mut velocity, 0.3 * spacing, |i, moves| {
                images[i].iter_mut().zip(moves).for_each(|(x, &d)| *x += T::of(d));
            });
            step += 1;
        }
    }
}

/// The unit tangent at the middle of three images, and the distances before and after it.
fn tangent<T: Scalar>(images: &[Vec<T>], values: &[f64]) -> (Vec<f64>, [f64; 2]) {
    let way = |a: &[T], b: &[T]| -> Vec<f64> { a.iter().zip(b).map(|(x, y)| y.f64() - x.f64()).collect() };
    let length = |v: &[f64]| libm::sqrt(v.iter().map(|x| x * x).sum());
    let (back, forth) = (way(&images[0], &images[1]), way(&images[1], &images[2]));
    let distances = [length(&back), length(&forth)];
    let (rise, fall) = (values[2] - values[1], values[0] - values[1]);
    let weights = match (rise > 0.0, fall > 0.0) {
        (true, false) => [0.0, 1.0],
        (false, true) => [1.0, 0.0],
        // At extrema both, by the heights of the neighbours.
        _ => {
            let (more, less) = (rise.abs().max(fall.abs()), rise.abs().min(fall.abs()));
            if values[2] > values[0] { [less, more] } else { [more, less] }
        }
    };
    let mut tangent: Vec<f64> = back.iter().zip(&forth).map(|(b, f)| weights[0] * b + weights[1] * f).collect();
    let mut norm = length(&tangent);
    if norm == 0.0 {
        // On a plateau: from neighbour to neighbour.
        tangent = back.iter().zip(&forth).map(|(b, f)| b + f).collect();
        norm = length(&tangent);
    }
    if norm > 0.0 {
        tangent.iter_mut().for_each(|t| *t /= norm);
    }
    (tangent, distances)
}

/// The state of FIRE: dynamics of unit mass that turns its velocity to the force, speeds up downhill, and stops uphill.
struct Fire {
    time: Option<f64>,
    mixing: f64,
    downhill: u32,
}

impl Default for Fire {
    fn default() -> Self {
        Fire { time: None, mixing: 0.1, downhill: 0 }
    }
}

impl Fire {
    /// Moves all images; none by more than `most`.
    fn step(
        &mut self,
        forces: &[Vec<f64>],
        velocity: &mut [Vec<f64>],
        most: f64,
        mut shift: impl FnMut(usize, &[f64]),
    ) {
        let sum = |a: &[Vec<f64>], b: &[Vec<f64>]| -> f64 {
            a.iter().flatten().zip(b.iter().flatten()).map(|(x, y)| x * y).sum()
        };
        let force = sum(forces, forces).sqrt();
        if force == 0.0 {
            return;
        }
        // The first move is a hundredth of what is allowed.
        let mut time = self.time.unwrap_or((0.01 * most / force).sqrt());
        if sum(forces, velocity) > 0.0 {
            let speed = sum(velocity, velocity).sqrt();
            for (v, f) in velocity.iter_mut().flatten().zip(forces.iter().flatten()) {
                *v = (1.0 - self.mixing) * *v + self.mixing * speed * f / force;
            }
            self.downhill += 1;
            if self.downhill > 5 {
                time *= 1.1;
                self.mixing *= 0.99;
            }
        } else {
            velocity.iter_mut().flatten().for_each(|v| *v = 0.0);
            if self.time.is_some() {
                time *= 0.5;
            }
            (self.mixing, self.downhill) = (0.1, 0);
        }
        self.time = Some(time);
        for (i, (velocity, forces)) in velocity.iter_mut().zip(forces).enumerate() {
            velocity.iter_mut().zip(forces).for_each(|(v, f)| *v += time * f);
            let length = time * libm::sqrt(velocity.iter().map(|v| v * v).sum());
            let part = if length > most { most / length } else { 1.0 };
            let moves: Vec<f64> = velocity.iter().map(|v| v * time * part).collect();
            velocity.iter_mut().for_each(|v| *v *= part);
            shift(i, &moves);
        }
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Result};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(super) struct ElasticBand {
        images: usize,
        spring: f64,
        climbing: bool,
        tolerance: f64,
        steps: usize,
    }

    impl TryFrom<ElasticBand> for super::ElasticBand {
        type Error = Error;

        fn try_from(saved: ElasticBand) -> Result<Self> {
            let band = super::ElasticBand::new(saved.images)?.spring(saved.spring)?.tolerance(saved.tolerance)?;
            Ok(super::ElasticBand { climbing: saved.climbing, steps: saved.steps, ..band })
        }
    }
}
