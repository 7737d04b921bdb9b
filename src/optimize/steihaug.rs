//! The step of a trust region by truncated conjugate gradients.

use crate::error::{Error, Result};
use crate::krylov::length;
use crate::linalg::{axpy, dot, scale};
use crate::operator::LinearOperator;
use crate::scalar::Scalar;

/// Radii, as parts of the region's, for which the step is kept as well: it lies on the same path, since iterates grow.
const RUNGS: [f64; 3] = [1.0 / 64.0, 1.0 / 16.0, 1.0 / 4.0];

/// A step s with what the model promises of it.
#[derive(Clone, Debug)]
pub(super) struct Step<T> {
    pub(super) vector: Vec<T>,
    pub(super) length: f64,
    /// -(g's + s'Bs / 2), positive.
    pub(super) decrease: f64,
    /// |g + Bs|: how long the gradient will be if the model is right; not known along a single direction.
    pub(super) residual: Option<f64>,
    /// Whether it ends at the region's boundary.
    pub(super) boundary: bool,
}

/// What conjugate gradients found.
#[derive(Clone, Debug)]
pub(super) struct Steps<T> {
    pub(super) step: Step<T>,
    /// The steps of smaller regions that the path crossed, by their radii, ascending.
    pub(super) shorter: Vec<(f64, Step<T>)>,
    pub(super) matvecs: u64,
}

/// Minimizes g's + s'Bs / 2 over |s| <= radius along the path of conjugate gradients from 0: to where the residual g + Bs is
/// at most the tolerance, to the boundary, or along the first direction of negative curvature to the boundary.
///
/// Fails if the first product is not finite; at a later one the path ends.
pub(super) fn steihaug<T: Scalar>(
    operator: &dyn LinearOperator<T>,
    gradient: &[T],
    radius: f64,
    tolerance: f64,
    limit: usize,
) -> Result<Steps<T>> {
    // The model times a power of two near 1 / |g|, which rounds nothing: p'Bp goes as the third power of the objective's unit,
    // and would soon be beyond the range of numbers.
    let unit = unit::<T>(length(gradient));
    let tolerance = tolerance * unit;
    let mut z = vec![T::zero(); gradient.len()];
    let mut residual: Vec<T> = gradient.iter().map(|&g| T::of(unit) * g).collect();
    let mut p: Vec<T> = residual.iter().map(|&g| -g).collect();
    let mut product = vec![T::zero(); gradient.len()];
    let mut square = dot(&residual, &residual);
    let (mut decrease, mut boundary, mut matvecs, mut shorter) = (0.0, false, 0, Vec::new());
    while square.sqrt() > tolerance && matvecs < limit as u64 {
        operator.apply(&p, &mut product);
        scale(T::of(unit), &mut product);
        matvecs += 1;
        let curvature = dot(&p, &product);
        if !curvature.is_finite() {
            if matvecs > 1 {
                break;
            }
            let index = product.iter().position(|x| !x.is_finite()).unwrap_or(0);
            return Err(Error::Product { number: 1, index, value: product[index].f64() });
        }
        let (zz, zp, pp) = (dot(&z, &z), dot(&z, &p), dot(&p, &p));
        // Where z + t p leaves a ball about 0, t >= 0: by the form of the root that cancels nothing, as z'p >= 0.
        let leaves = |radius: f64| {
            let free = (radius * radius - zz).max(0.0);
            if free > 0.0 { free / (zp + (zp * zp + pp * free).max(0.0).sqrt()) } else { 0.0 }
        };
        let slope = dot(&residual, &p);
        let along = |t: f64| decrease - t * slope - 0.5 * t * t * curvature;
        let whole = square / curvature;
        boundary = curvature <= 0.0 || whole >= leaves(radius);
        let t = if boundary { leaves(radius) } else { whole };
        for rung in RUNGS.map(|part| part * radius) {
            let crossing = leaves(rung);
            if rung * rung > zz && crossing < t {
                let mut vector = z.clone();
                axpy(T::of(crossing), &p, &mut vector);
                let across = dot(&residual, &product);
                let after = square + crossing * (2.0 * across + crossing * dot(&product, &product));
                let (decrease, residual) = (along(crossing) / unit, Some(after.max(0.0).sqrt() / unit));
                shorter.push((rung, Step { vector, length: rung, decrease, residual, boundary: true }));
            }
        }
        decrease = along(t);
        axpy(T::of(t), &p, &mut z);
        axpy(T::of(t), &product, &mut residual);
        let before = std::mem::replace(&mut square, dot(&residual, &residual));
        if boundary {
            break;
        }
        let keep = T::of(square / before);
        p.iter_mut().zip(&residual).for_each(|(p, &r)| *p = keep * *p - r);
    }
    let (decrease, residual) = (decrease / unit, Some(square.sqrt() / unit));
    let step = Step { length: length(&z), vector: z, decrease, residual, boundary };
    Ok(Steps { step, shorter, matvecs })
}

/// The power of two next to 1 / norm, as far as numbers of the type reach.
fn unit<T: Scalar>(norm: f64) -> f64 {
    let limit = T::max_value().f64().log2().floor() - 1.0;
    if norm > 0.0 { (-norm.log2().floor()).clamp(-limit, limit).exp2() } else { 1.0 }
}
