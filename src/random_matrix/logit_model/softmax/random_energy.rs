//! The random energy model: independent normal energies at a temperature.

use super::gaussian_logits::GaussianLogits;
use crate::error::{Error, Result};

/// Derrida's random energy model with finitely many states, and in the limit of infinitely many.
///
/// ```text
///     E_k ~ N(0, sigma^2), independent,  k = 1..C;   Z = sum_k exp(-E_k / T),   p_k = exp(-E_k / T) / Z
///     T_c = sigma / sqrt(2 ln C):   below it a few states hold all of the weight, as C grows
/// ```
///
/// The softmax of independent normal logits is its Gibbs measure, z_k = -E_k / T with sigma_z = sigma / T: see
/// [`GaussianLogits`]. Averages are quenched: E ln Z, not ln E Z.
///
/// ```
/// use eigenscape::random_matrix::RandomEnergyModel;
///
/// // Ten spins: 1024 states.
/// let model = RandomEnergyModel::spins(10)?;
/// let cold = model.at(0.5 * model.critical_temperature())?;
/// assert!(cold.entropy < 1.5 && cold.power_sum > 0.5);
/// // Infinitely many states: no entropy at all, and Y_2 = 1 - T / T_c.
/// let limit = model.limit(0.5 * model.critical_temperature())?;
/// assert_eq!((limit.entropy, limit.power_sum), (0.0, 0.5));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Derrida 1981, doi:10.1103/PhysRevB.24.2613; Derrida & Flyvbjerg 1987, doi:10.1088/0305-4470/20/15/039 (moments of weights).
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(alias = "REM")]
#[doc(alias = "Derrida")]
pub struct RandomEnergyModel {
    states: usize,
    deviation: f64,
}

/// Averages of a random energy model at a temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GibbsAverages {
    /// T.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub temperature: f64,
    /// E ln Z.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub log_partition: f64,
    /// -T E ln Z.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub free_energy: f64,
    /// E sum_k p_k E_k.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub energy: f64,
    /// -E sum_k p_k ln p_k, in nats: between 0 and ln C.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub entropy: f64,
    /// Y_2 = E sum_k p_k^2: between 1/C and 1.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub power_sum: f64,
}

impl GibbsAverages {
    /// 1 / Y_2, the number of states that hold the weight.
    pub fn participation_ratio(&self) -> f64 {
        1.0 / self.power_sum
    }
}

impl RandomEnergyModel {
    /// Energies of a standard deviation, of so many states.
    ///
    /// # Errors
    /// If there are fewer than two states, or the deviation is not finite and positive.
    pub fn new(states: usize, deviation: f64) -> Result<Self> {
        Error::at_least("the number of states", states, 2, "must be at least 2: one state has no disorder")?;
        Error::positive("the standard deviation of energies", deviation)?;
        Ok(RandomEnergyModel { states, deviation })
    }

    /// 2^n states with energies of variance n / 2, the form in which the model stands for n spins: T_c = 1 / (2 sqrt(ln 2)).
    ///
    /// # Errors
    /// If n is 0 or above 62.
    pub fn spins(n: u32) -> Result<Self> {
        if n > 62 {
            let because = "for the number of states to be counted";
            return Err(Error::AboveLimit { what: "the number of spins", value: n as usize, limit: 62, because });
        }
        Error::at_least("the number of spins", n as usize, 1, "must be at least 1")?;
        let states = usize::try_from(1u64 << n);
        let limit = usize::BITS as usize - 1;
        let because = "for the number of states to be counted";
        let states =
            states.map_err(|_| Error::AboveLimit { what: "the number of spins", value: n as usize, limit, because })?;
        RandomEnergyModel::new(states, (f64::from(n) / 2.0).sqrt())
    }

    /// C.
    pub fn states(&self) -> usize {
        self.states
    }

    /// T_c = sigma / sqrt(2 ln C), where the limit freezes.
    pub fn critical_temperature(&self) -> f64 {
        self.deviation / (2.0 * (self.states as f64).ln()).sqrt()
    }

    /// The Gibbs measure at a temperature, as the softmax of normal logits.
    ///
    /// # Errors
    /// If the temperature is not finite and positive, or below sigma / 1000.
    pub fn logits(&self, temperature: f64) -> Result<GaussianLogits> {
        Error::positive("the temperature", temperature)?;
        GaussianLogits::new(self.states, self.deviation / temperature)
    }

    /// Averages at a temperature, for this number of states: by quadrature, to 1e-12.
    ///
    /// ```text
    ///     E ln Z = int dx (exp(-e^x) - L(x)^C),   L(x) = E exp(-e^(x - E/T))
    ///     energy = -sigma^2 (1 - Y_2) / T,   entropy = E ln Z + energy / T
    /// ```
    ///
    /// # Errors
    /// As [`RandomEnergyModel::logits`].
    pub fn at(&self, temperature: f64) -> Result<GibbsAverages> {
        let logits = self.logits(temperature)?;
        let (log_partition, power_sum) = (logits.log_partition(), logits.power_sum(2));
        // In an order that neither overflows nor vanishes.
        let energy = -self.deviation * (logits.deviation() * logits.trace());
        Ok(GibbsAverages {
            temperature,
            log_partition,
            free_energy: -temperature * log_partition,
            energy,
            entropy: (log_partition - logits.deviation() * (logits.deviation() * logits.trace())).max(0.0),
            power_sum,
        })
    }

    /// The limit of infinitely many states at the same T / T_c: leading terms, with the number of states in ln C alone.
    ///
    /// ```text
    ///     T >= T_c:   E ln Z = ln C + sigma^2 / 2 T^2,   energy = -sigma^2 / T,   entropy = ln C - sigma^2 / 2 T^2,   Y_2 = 0
    ///     T <= T_c:   E ln Z = sigma sqrt(2 ln C) / T,   energy = -sigma sqrt(2 ln C),   entropy = 0,   Y_2 = 1 - T / T_c
    /// ```
    ///
    /// Corrections fall like 1 / ln C: at T_c / 2 and C = 10, Y_2 is 0.66 in place of 0.5. Not for the classes of a network.
    ///
    /// # Errors
    /// If the temperature is not finite and positive.
    pub fn limit(&self, temperature: f64) -> Result<GibbsAverages> {
        Error::positive("the temperature", temperature)?;
        let (log_states, scaled) = ((self.states as f64).ln(), self.deviation / temperature);
        let x = temperature / self.critical_temperature();
        let (log_partition, energy, entropy, power_sum) = if x < 1.0 {
            let ground = self.deviation * (2.0 * log_states).sqrt();
            (ground / temperature, -ground, 0.0, 1.0 - x)
        } else {
            let half = scaled * scaled / 2.0;
            (log_states + half, -self.deviation * scaled, log_states - half, 0.0)
        };
        let free_energy = -temperature * log_partition;
        Ok(GibbsAverages { temperature, log_partition, free_energy, energy, entropy, power_sum })
    }

    /// The temperature, in units of T_c, at which C states are as frozen as a network's probabilities are: where Y_2 is
    /// `power_sum`, the mean of sum_k p_k^2 over examples. Below 1 a few classes hold the weight.
    ///
    /// # Errors
    /// As [`GaussianLogits::with_power_sum`]; of one class nothing can freeze.
    pub fn reduced_temperature(classes: usize, power_sum: f64) -> Result<f64> {
        Error::at_least("the number of classes", classes, 2, "must be at least 2: nothing freezes in one class")?;
        let logits = GaussianLogits::with_power_sum(classes, power_sum)?;
        Ok((2.0 * (classes as f64).ln()).sqrt() / logits.deviation())
    }
}

#[cfg(feature = "serde")]
crate::saved::rebuilt!(RandomEnergyModel {
    states: usize = |model| model.states,
    deviation: f64 = |model| model.deviation,
} by RandomEnergyModel::new(states, deviation));
