//! The omega recurrence: how orthogonal the vectors of a Lanczos process are, estimated without looking at them.

/// Estimates of v_j'v_k from T alone.
///
/// ```text
///     b_j w_(j+1,k) = b_k w_(j,k+1) + (a_k - a_j) w_(j,k) + b_(k-1) w_(j,k-1) - b_(j-1) w_(j-1,k)  +-  rounding
/// ```
///
/// with a the diagonal and b the subdiagonal of T: what the three-term recurrence does to inner products (Paige). Rounding
/// is added in the direction that makes the estimate larger. Cost: O(j) a step.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Omega {
    /// Of the newest vector of the basis with each before it.
    newest: Vec<f64>,
    /// Of the residual, divided by its length, with each vector of the basis.
    next: Vec<f64>,
    /// The same after the step at hand.
    #[cfg_attr(feature = "serde", serde(skip))]
    fresh: Vec<f64>,
    largest: f64,
    /// Whether the next step is orthogonalized because this one was.
    forced: bool,
}

/// Rounding errors of the norm of T that a step adds to each inner product of the new vector.
const ROUNDING: f64 = 4.0;

/// A step of the recurrence: the new numbers of T beside those before.
pub(super) struct Step<'a> {
    pub(super) diagonal: &'a [f64],
    pub(super) subdiagonal: &'a [f64],
    pub(super) center: f64,
    pub(super) coupling: f64,
    pub(super) residual_norm: f64,
    /// A rounding error of the norm of T.
    pub(super) rounding: f64,
    /// What is left of the newest vector in the residual.
    pub(super) own: f64,
}

impl Omega {
    pub(super) fn new() -> Self {
        Omega { newest: Vec::new(), next: Vec::new(), fresh: Vec::new(), largest: 0.0, forced: false }
    }

    /// The largest estimate for vectors of the basis.
    pub(super) fn largest(&self) -> f64 {
        self.largest
    }

    /// Estimates for the residual of a step, which counts once it is [accepted](Omega::accept). Returns the largest.
    pub(super) fn estimate(&mut self, step: &Step<'_>) -> f64 {
        let last = step.diagonal.len();
        let coupled = |k: usize| if k + 1 == last { step.coupling } else { step.subdiagonal[k] };
        let current = |k: usize| if k == last { 1.0 } else { self.next[k] };
        let before = |k: usize| if k + 1 == last { 1.0 } else { self.newest[k] };
        let divided = |value: f64| {
            let divided = value / step.residual_norm;
            if divided.is_nan() { 1.0 } else { divided.clamp(-1.0, 1.0) }
        };
        self.fresh.clear();
        for k in 0..last {
            let mut sum = coupled(k) * current(k + 1) + (step.diagonal[k] - step.center) * current(k);
            if k > 0 {
                sum += step.subdiagonal[k - 1] * current(k - 1);
            }
            sum -= step.coupling * before(k);
            self.fresh.push(divided(sum + (ROUNDING * step.rounding).copysign(sum)));
        }
        self.fresh.push(divided(ROUNDING * step.own));
        self.fresh.iter().fold(0.0, |largest, omega| largest.max(omega.abs()))
    }

    /// Whether the step whose largest estimate is given must be orthogonalized against the whole basis: when orthogonality
    /// is lost to half of the digits, and once more after that, since the recurrence has two terms.
    pub(super) fn wants(&mut self, largest: f64, threshold: f64) -> bool {
        let forced = std::mem::take(&mut self.forced);
        let lost = largest > threshold;
        self.forced = lost && !forced;
        lost || forced
    }

    /// The residual has been orthogonalized.
    pub(super) fn reset(&mut self, level: f64) {
        self.fresh.iter_mut().for_each(|omega| *omega = level.copysign(*omega));
    }

    /// The step is done: what was next is the newest.
    pub(super) fn accept(&mut self) {
        std::mem::swap(&mut self.newest, &mut self.next);
        std::mem::swap(&mut self.next, &mut self.fresh);
        self.largest = self.newest.iter().fold(self.largest, |largest, omega| largest.max(omega.abs()));
    }

    /// Whether these can be the estimates for a number of vectors.
    #[cfg(feature = "serde")]
    pub(super) fn fits(&self, steps: usize) -> bool {
        let omegas = self.newest.iter().chain(&self.next).chain(std::iter::once(&self.largest));
        let bounded = omegas.into_iter().all(|omega| omega.abs() <= 1.0);
        self.next.len() == steps && self.newest.len() == steps.saturating_sub(1) && bounded
    }
}
