//! Where a rule's steps stop being stable.

use super::{Adam, GradientDescent, Rated, Rule};
use crate::scalar::Scalar;

/// A rule whose steps on a quadratic are stable up to a sharpness that it knows.
///
/// On L = theta' H theta / 2, steps with the whole gradient stay bounded as long as the eigenvalues of P^-1/2 H P^-1/2 stay below a threshold:
///
/// | rule | P | threshold |
/// | --- | --- | --- |
/// | [`GradientDescent`] | I | 2 / rate |
/// | with momentum b | I | (2 + 2b) / rate |
/// | with Nesterov's | I | (2 + 2b) / (rate (1 + 2b)) |
/// | [`Adam`], held at its moments | [`Adam::preconditioner`] | (2 + 2 b1) / ((1 - b1) rate): 38 / rate for b1 = 0.9 |
///
/// That of Adam leaves weight decay out, and its corrections of the first steps.
///
/// ```
/// use eigenscape::optimize::{Adam, GradientDescent, StabilityThreshold};
///
/// assert_eq!(StabilityThreshold::<f64>::threshold(&GradientDescent::new(0.1)?.momentum(0.5)?), 30.0);
/// assert!((StabilityThreshold::<f64>::threshold(&Adam::new(0.01)?) - 3800.0).abs() < 1e-9);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Cohen, Kaur, Li, Kolter & Talwalkar 2021, arXiv:2103.00065. Cohen et al. 2022, arXiv:2207.14484 (adaptive rules).
#[doc(alias = "edge of stability")]
pub trait StabilityThreshold<T: Scalar>: Rule<T> {
    /// The largest stable eigenvalue of P^-1/2 H P^-1/2.
    fn threshold(&self) -> f64;

    /// The diagonal of P as it is now; none for the identity, empty where no step was made that it would come from.
    fn preconditioner(&self) -> Option<Vec<T>> {
        None
    }
}

impl<T: Scalar> StabilityThreshold<T> for GradientDescent<T> {
    fn threshold(&self) -> f64 {
        let (momentum, nesterov) = self.inertia();
        let ahead = if nesterov { 1.0 + 2.0 * momentum } else { 1.0 };
        2.0 * (1.0 + momentum) / (self.rate() * ahead)
    }
}

impl<T: Scalar> StabilityThreshold<T> for Adam<T> {
    fn threshold(&self) -> f64 {
        let kept = self.first_decay();
        2.0 * (1.0 + kept) / ((1.0 - kept) * self.rate())
    }

    fn preconditioner(&self) -> Option<Vec<T>> {
        Some(Adam::preconditioner(self))
    }
}
