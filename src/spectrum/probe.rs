//! Random vectors whose second moments are the identity.

use crate::random::Key;
use crate::scalar::Scalar;

/// The distribution of a probe z: each has E z z' = I, so that E z'A z = tr A.
///
/// | probe | variance of z'A z, for symmetric A | when |
/// | --- | --- | --- |
/// | [`Signs`](Probe::Signs) | 2 (sum of the squared off-diagonal entries) | the default for traces: exact for diagonal matrices |
/// | [`Normal`](Probe::Normal) | 2 (sum of all squared entries) | for theory |
/// | [`Sphere`](Probe::Sphere) | 2 n/(n+2) (that sum less (tr A)^2 / n) | depends on the spectrum alone, at most the normal one's |
///
/// ```
/// use eigenscape::operator::Diagonal;
/// use eigenscape::random::Key;
/// use eigenscape::spectrum::{Hutchinson, Probe};
///
/// // A diagonal matrix: signs have no variance at all, normal probes have 2 (1 + 4 + 9) each.
/// let operator = Diagonal::new(vec![1.0, 2.0, 3.0]);
/// let signs = Hutchinson::new(100, Key::new(0)).run(&operator)?;
/// assert_eq!((signs.mean, signs.standard_error), (6.0, Some(0.0)));
/// let normal = Hutchinson::new(100, Key::new(0)).probe(Probe::Normal).run(&operator)?;
/// assert!((normal.standard_error.unwrap() / (28f64 / 100.0).sqrt() - 1.0).abs() < 0.3);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Hutchinson 1989 (doi:10.1080/03610919008812866); Girard 1989; Epperly, Tropp & Webber 2024 (arXiv:2301.07825).
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Probe {
    /// Independent entries -1 or +1.
    #[default]
    Signs,
    /// Independent standard normal entries.
    Normal,
    /// Uniform on the sphere of radius sqrt(n).
    Sphere,
}

impl Probe {
    /// Fills `probe` with the probe that belongs to `key`.
    pub(crate) fn fill<T: Scalar>(self, key: Key, probe: &mut [T]) {
        match self {
            Probe::Signs => key.signs(0, probe),
            Probe::Normal => key.normal(0, probe),
            Probe::Sphere => {
                key.sphere(probe);
                let radius = T::of((probe.len() as f64).sqrt());
                probe.iter_mut().for_each(|x| *x *= radius);
            }
        }
    }
}
