//! A step along a descent direction that satisfies the strong Wolfe conditions.

use crate::error::{Error, Result};

/// Evaluations after which a search gives up.
const LIMIT: usize = 30;

/// An interval shorter than this part of its end is down to rounding.
const NARROW: f64 = 1e-14;

/// The constants of the strong Wolfe conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Wolfe {
    /// f(t) <= f(0) + decrease t f'(0)
    pub(super) decrease: f64,
    /// |f'(t)| <= curvature |f'(0)|
    pub(super) curvature: f64,
}

/// The function along the direction, at t.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) t: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
}

impl Sample {
    /// The same less the line of the decrease that is demanded.
    fn less(self, line: f64) -> Self {
        Sample { value: self.value - self.t * line, slope: self.slope - line, ..self }
    }
}

/// How a search ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Both conditions hold at the point that was evaluated last.
    Found(Sample),
    /// They do not hold anywhere that was seen, but the value is least here, and less than at the start.
    Improved(Sample),
    /// Nothing better was seen; the error says why, if points were not finite.
    Failed(Option<Error>),
}

impl Wolfe {
    /// Searches from a first t > 0, with `start` at t = 0 and a negative slope there. Where `noise`, a difference of values
    /// that rounding explains, hides the whole decrease, the first condition is one up to noise.
    ///
    /// More and Thuente 1994: cubic and quadratic interpolation within an interval that holds a point as wanted, once one is
    /// known, and extrapolation before. Points that are not finite are a wall: the search stays before it.
    pub(super) fn search(
        self,
        start: Sample,
        first: f64,
        noise: f64,
        evaluate: &mut dyn FnMut(f64) -> Result<Sample>,
    ) -> Outcome {
        let line = self.decrease * start.slope;
        let (mut best, mut other) = (start, start);
        let (mut bracketed, mut modified) = (false, true);
        let (mut width, mut width_before) = (f64::INFINITY, f64::INFINITY);
        let (mut low, mut high) = (0.0, 5.0 * first);
        let (mut wall, mut met) = (f64::INFINITY, None);
        let mut t = first;
        for _ in 0..LIMIT {
            let sample = match evaluate(t) {
                Ok(sample) => sample,
                Err(error) => {
                    met = Some(error);
                    wall = t.min(wall);
                    t = best.t + 0.25 * (t - best.t);
                    continue;
                }
            };
            let enough = sample.value <= start.value + t * line;
            let hidden = t * start.slope.abs() <= 4.0 * noise && sample.value <= start.value + noise;
            if (enough || hidden) && sample.slope.abs() <= self.curvature * start.slope.abs() {
                return Outcome::Found(sample);
            }
            if enough && sample.slope >= 0.0 {
                modified = false;
            }
            // Until the decrease is enough at a point, its excess is made small, which leads to such points.
            let line = if modified && sample.value <= best.value && !enough { line } else { 0.0 };
            let (a, b, c) = (best.less(line), other.less(line), sample.less(line));
            (t, bracketed) = interpolate(a, b, c, bracketed, (low, high));
            if c.value > a.value {
                other = sample;
            } else {
                if c.slope * a.slope.signum() < 0.0 {
                    other = best;
                }
                best = sample;
            }
            if bracketed {
                if (other.t - best.t).abs() >= 0.66 * width_before {
                    t = best.t + 0.5 * (other.t - best.t);
                }
                (width_before, width) = (width, (other.t - best.t).abs());
                (low, high) = (best.t.min(other.t), best.t.max(other.t));
                if t <= low || t >= high || high - low <= NARROW * high {
                    break;
                }
            } else {
                (low, high) = (t + 1.1 * (t - best.t), t + 4.0 * (t - best.t));
            }
            if t >= wall {
                t = 0.5 * (best.t + wall);
            }
            if !t.is_finite() {
                break;
            }
        }
        if best.t > 0.0 && best.value < start.value { Outcome::Improved(best) } else { Outcome::Failed(met) }
    }
}

/// The next t, from the best point `a`, the other end `b` of the interval if there is one, and the newest point `c`; and
/// whether there is an interval now.
fn interpolate(a: Sample, b: Sample, c: Sample, bracketed: bool, (low, high): (f64, f64)) -> (f64, bool) {
    let opposite = c.slope * a.slope.signum() < 0.0;
    // The minimizer of the cubic with values and slopes of two points, as a step from the second.
    let theta = 3.0 * (a.value - c.value) / (c.t - a.t) + a.slope + c.slope;
    let scale = theta.abs().max(a.slope.abs()).max(c.slope.abs());
    let root = |square: f64| if scale > 0.0 { scale * square.max(0.0).sqrt() } else { 0.0 };
    let gamma = root((theta / scale).powi(2) - (a.slope / scale) * (c.slope / scale));
    let secant = c.t + c.slope / (c.slope - a.slope) * (a.t - c.t);
    if c.value > a.value {
        let gamma = if c.t < a.t { -gamma } else { gamma };
        let ratio = (gamma - a.slope + theta) / (gamma - a.slope + gamma + c.slope);
        let cubic = a.t + ratio * (c.t - a.t);
        let quadratic = a.t + a.slope / ((a.value - c.value) / (c.t - a.t) + a.slope) / 2.0 * (c.t - a.t);
        // Where the values are of very different size the cubic cancels to the end itself.
        let within = (cubic - a.t) * (c.t - a.t) > 0.0;
        if !within {
            return (quadratic, true);
        }
        let nearer = (cubic - a.t).abs() < (quadratic - a.t).abs();
        return (if nearer { cubic } else { cubic + (quadratic - cubic) / 2.0 }, true);
    }
    let gamma = if c.t > a.t { -gamma } else { gamma };
    if opposite {
        let ratio = (gamma - c.slope + theta) / (gamma - c.slope + gamma + a.slope);
        let cubic = c.t + ratio * (a.t - c.t);
        return (if (cubic - c.t).abs() > (secant - c.t).abs() { cubic } else { secant }, true);
    }
    if c.slope.abs() < a.slope.abs() {
        let ratio = (gamma - c.slope + theta) / (gamma + (a.slope - c.slope) + gamma);
        let cubic = if ratio < 0.0 && gamma != 0.0 {
            c.t + ratio * (a.t - c.t)
        } else if c.t > a.t {
            high
        } else {
            low
        };
        let cubic_is_nearer = (cubic - c.t).abs() < (secant - c.t).abs();
        if !bracketed {
            return (if cubic_is_nearer { secant } else { cubic }.clamp(low.min(high), high.max(low)), false);
        }
        let t = if cubic_is_nearer { cubic } else { secant };
        let limit = c.t + 0.66 * (b.t - c.t);
        return (if c.t > a.t { t.min(limit) } else { t.max(limit) }, true);
    }
    if !bracketed {
        return (if c.t > a.t { high } else { low }, false);
    }
    let theta = 3.0 * (c.value - b.value) / (b.t - c.t) + b.slope + c.slope;
    let scale = theta.abs().max(b.slope.abs()).max(c.slope.abs());
    let gamma = scale * ((theta / scale).powi(2) - (b.slope / scale) * (c.slope / scale)).max(0.0).sqrt();
    let gamma = if c.t > b.t { -gamma } else { gamma };
    let ratio = (gamma - c.slope + theta) / (gamma - c.slope + gamma + b.slope);
    (c.t + ratio * (b.t - c.t), true)
}
