//! Ordinary differential equations: an adaptive Runge-Kutta method.

use crate::error::{Error, Result};

/// Dormand & Prince's nodes, rows, and the difference of the solutions of orders 5 and 4.
const NODES: [f64; 7] = [0.0, 0.2, 0.3, 0.8, 8.0 / 9.0, 1.0, 1.0];
const ROWS: [[f64; 6]; 7] = [
    [0.0; 6],
    [0.2, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0, 0.0, 0.0],
    [9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0, 0.0],
    [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
const DIFFERENCE: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0];

/// An adaptive Runge-Kutta method of order 5 with an error estimate of order 4.
///
/// ```text
///     dy/dt = f(t, y),    each step's error in each entry at most  absolute + relative |y|, in root mean square
/// ```
///
/// Cost: 6 values of f for a step, as many for a rejected one.
///
/// ```
/// use eigenscape::landscape::RungeKutta;
///
/// // A pendulum of small swings, once around.
/// let swing = |_: f64, y: &[f64], slope: &mut [f64]| {
///     (slope[0], slope[1]) = (y[1], -y[0]);
///     Ok(())
/// };
/// let path = RungeKutta::new(1e-10)?.run(&[1.0, 0.0], 0.0, std::f64::consts::TAU, swing, |_, _| true)?;
/// assert!(path.arrived && (path.end[0] - 1.0).abs() < 1e-8 && path.end[1].abs() < 1e-8);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Dormand & Prince 1980, doi:10.1016/0771-050X(80)90013-3; Hairer, Norsett & Wanner 1993, doi:10.1007/978-3-540-78862-1 (the first step).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[doc(alias = "RK45")]
#[doc(alias = "ODE")]
#[doc(alias = "Dormand-Prince")]
pub struct RungeKutta {
    relative: f64,
    absolute: f64,
    steps: usize,
}

/// Where an integration ended.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Integration {
    /// The last time.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub time: f64,
    /// y there.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub end: Vec<f64>,
    /// Whether that is the time that was asked for: otherwise the observer stopped it, or the steps were used up.
    pub arrived: bool,
    /// Accepted steps.
    pub steps: usize,
    /// Values of f.
    pub evaluations: usize,
}

impl RungeKutta {
    /// A relative tolerance, the same absolute one, and at most 100,000 steps.
    ///
    /// # Errors
    /// If the tolerance is not finite and positive.
    pub fn new(tolerance: f64) -> Result<Self> {
        Error::positive("the tolerance of an integration", tolerance)?;
        Ok(RungeKutta { relative: tolerance, absolute: tolerance, steps: 100_000 })
    }

    /// The absolute tolerance alone.
    ///
    /// # Errors
    /// If it is not finite and positive.
    pub fn absolute(mut self, tolerance: f64) -> Result<Self> {
        Error::positive("the absolute tolerance of an integration", tolerance)?;
        self.absolute = tolerance;
        Ok(self)
    }

    /// At most so many steps.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Integrates from a start at a time to another time, which may be earlier; `observe` sees the time and y after each accepted step,
    /// the start among them, and ends the run by `false`.
    ///
    /// # Errors
    /// If f does, or gives numbers that are not finite at the start, or no step is small enough: the solution may have a singularity there.
    /// Where f is not finite further on, a shorter step is tried; its error is returned when none is short enough.
    pub fn run(
        &self,
        start: &[f64],
        from: f64,
        to: f64,
        mut f: impl FnMut(f64, &[f64], &mut [f64]) -> Result<()>,
        mut observe: impl FnMut(f64, &[f64]) -> bool,
    ) -> Result<Integration> {
        Error::finite("the times of an integration", &[from, to], "integrate between finite times")?;
        Error::finite("the start of an integration", start, "start from finite numbers")?;
        let n = start.len();
        let mut y = start.to_vec();
        let mut slopes = vec![vec![0.0; n]; 7];
        let mut state = Integration { time: from, end: Vec::new(), arrived: from == to, steps: 0, evaluations: 1 };
        f(from, &y, &mut slopes[0])?;
        Error::finite("the slope of a solution", &slopes[0], "start where the equation is defined")?;
        let mut go_on = observe(from, &y);
        let scale = |a: f64, b: f64| self.absolute + self.relative * a.abs().max(b.abs());
        let mean =
            |values: &mut dyn Iterator<Item = f64>| libm::sqrt(values.map(|v| v * v).sum::<f64>() / n.max(1) as f64);
        let span = to - from;
        let (size, speed) = (
            mean(&mut y.iter().map(|&y| y / scale(y, y))),
            mean(&mut y.iter().zip(&slopes[0]).map(|(&y, s)| s / scale(y, y))),
        );
        let guess = if size < 1e-5 || speed < 1e-5 { 1e-3 * span.abs() } else { 0.01 * size / speed };
        let mut step = guess.min(span.abs()) * span.signum();
        let (mut trial, mut before) = (vec![0.0; n], 1.0f64);
        while go_on && !state.arrived && state.steps < self.steps {
            let left = to - state.time;
            let last = step.abs() >= left.abs() * (1.0 - 1e-12);
            if last {
                step = left;
            }
            let mut outside = None;
            for stage in 1..7 {
                for (i, trial) in trial.iter_mut().enumerate() {
                    let sum: f64 = (0..stage).map(|earlier| ROWS[stage][earlier] * slopes[earlier][i]).sum();
                    *trial = y[i] + step * sum;
                }
                state.evaluations += 1;
                match f(state.time + NODES[stage] * step, &trial, &mut slopes[stage]) {
                    Ok(()) => {}
                    // A trial went out of where f is finite; a shorter one may not.
                    Err(error @ (Error::NotFinite { .. } | Error::NotFiniteValue { .. })) => {
                        outside = Some(error);
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            let finite = outside.is_none() && trial.iter().all(|y| y.is_finite());
            let error = mean(&mut (0..n).map(|i| {
                let sum: f64 = (0..7).map(|stage| DIFFERENCE[stage] * slopes[stage][i]).sum();
                if finite { step * sum / scale(y[i], trial[i]) } else { f64::NAN }
            }));
            if error <= 1.0 {
                state.time = if last { to } else { state.time + step };
                state.arrived = last;
                state.steps += 1;
                std::mem::swap(&mut y, &mut trial);
                slopes.swap(0, 6);
                go_on = observe(state.time, &y);
                // Gustafsson's step: the error before has a say.
                let factor = 0.9 * libm::pow(error.max(1e-10), -0.7 / 5.0) * libm::pow(before, 0.4 / 5.0);
                step *= factor.clamp(0.2, 5.0);
                before = error.max(1e-4);
            } else {
                let factor = if error.is_finite() { 0.9 * libm::pow(error, -0.2) } else { 0.1 };
                step *= factor.clamp(0.1, 0.9);
            }
            if step.abs() < 16.0 * f64::EPSILON * state.time.abs().max(span.abs() * 1e-12) && !state.arrived {
                return Err(outside.unwrap_or(Error::NotFiniteValue {
                    what: "the solution of a differential equation beyond time",
                    value: state.time,
                    remedy: "it grows without bound there, or its slope is not smooth: integrate for a shorter time",
                }));
            }
        }
        state.end = y;
        Ok(state)
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(RungeKutta { relative: f64, absolute: f64, steps: usize } by |method| {
    Error::not_negative("the relative tolerance of an integration", method.relative)?;
    Error::not_negative("the absolute tolerance of an integration", method.absolute)?;
    Error::positive("the tolerance of an integration", method.relative + method.absolute)
});
