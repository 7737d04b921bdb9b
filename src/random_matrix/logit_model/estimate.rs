//! Means over draws.

/// A mean over draws of a key, with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DrawMean {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of one draw; none for one draw.
    pub deviation: Option<f64>,
    /// The standard error of the mean; none for one draw.
    pub standard_error: Option<f64>,
    /// The number of draws.
    pub draws: usize,
}

impl DrawMean {
    pub(crate) fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let draws = values.clone().count();
        let mean = values.clone().sum::<f64>() / draws as f64;
        let squares: f64 = values.map(|x| (x - mean) * (x - mean)).sum();
        let deviation = (draws > 1).then(|| (squares / (draws - 1) as f64).sqrt());
        let standard_error = deviation.map(|deviation| deviation / (draws as f64).sqrt());
        DrawMean { mean, deviation, standard_error, draws }
    }
}
