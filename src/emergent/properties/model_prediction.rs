//! What the random model says of each property.

use super::comparison::{Comparison, Prediction, Property};
use crate::emergent::gradients::calibration::Calibration;
use crate::error::{Error, Result};
use crate::random::Key;
use crate::random_matrix::{FullPopulation, LogitLabels, LogitSpectrum, Validity};

/// Draws of the fluctuations of outliers that are too near to each other for their mean repulsion to be known.
const DRAWS: usize = 200;

/// What one spectrum says of the properties, none of what it does not know. Outliers that mix, such as all of those that means of
/// equal size make, are taken from draws of the key: the largest of nine that are expected in one place lies far above it.
pub(crate) fn of_spectrum(
    spectrum: &LogitSpectrum,
    labels: &LogitLabels,
    properties: &[Property],
    key: Key,
) -> Result<Vec<Option<Prediction>>> {
    let (moments, gradient) = (spectrum.moments(), spectrum.gradient(labels)?);
    let outliers = spectrum.outliers();
    let full = full_population(spectrum)?;
    let mixed = outliers.iter().any(|outlier| outlier.repulsion.is_none());
    let drawn = if mixed { spectrum.repelled(DRAWS, key)? } else { Vec::new() };
    let of = |property: &Property| -> Result<Option<Prediction>> {
        let mut prediction = Prediction::new(Comparison::GIVEN_MEANS, 0.0);
        match *property {
            Property::Eigenvalue(index) => match outliers.get(index) {
                Some(outlier) => {
                    (prediction.value, prediction.deviation) = match outlier.repulsion {
                        Some(shift) => (outlier.position + shift, Some(outlier.standard_deviation)),
                        None => (drawn[index].mean, drawn[index].deviation),
                    };
                    prediction.overlap = Some(outlier.overlap);
                    prediction.validity = Some(outlier.validity);
                }
                None => {
                    let (value, deviation) = bulk_eigenvalue(spectrum, full.as_ref(), index)?;
                    (prediction.value, prediction.deviation) = (value, deviation);
                    prediction.validity = Some(spectrum.edge_validity());
                }
            },
            Property::Outliers => {
                // As measured: overlaps above one half.
                prediction.value = outliers.iter().filter(|outlier| outlier.overlap > 0.5).count() as f64;
                prediction.validity = Some(spectrum.edge_validity());
            }
            Property::BulkEdge => {
                let largest = spectrum.of_bulk(0)?;
                (prediction.value, prediction.deviation) = (largest.mean, largest.standard_deviation);
                prediction.validity = Some(spectrum.edge_validity());
            }
            Property::Trace => {
                prediction.value = moments.trace;
                prediction.deviation = Some(moments.trace_variance.max(0.0).sqrt());
            }
            Property::Norm => prediction.value = moments.squared_norm.max(0.0).sqrt(),
            Property::Ratio => match moments.ratio {
                Some(ratio) => prediction.value = ratio,
                None => return Ok(None),
            },
            Property::Overlap(index) => {
                let Some(outlier) = outliers.get(index) else { return Ok(None) };
                prediction.value = outlier.overlap;
                prediction.validity = Some(outlier.validity);
            }
            Property::GradientNorm => prediction.value = gradient.squared_norm().max(0.0).sqrt(),
            Property::GradientShare(count) => match gradient.share(count)? {
                Some(share) => {
                    prediction.value = share;
                    let near = outliers.iter().take(count).any(|outlier| !outlier.validity.is_trusted());
                    prediction.validity = Some(if near { Validity::CriticalWindow } else { Validity::Good });
                }
                None => return Ok(None),
            },
        }
        Ok(Some(prediction))
    };
    properties.iter().map(of).collect()
}

/// The law that is right near the threshold, where it is needed and affordable.
fn full_population(spectrum: &LogitSpectrum) -> Result<Option<FullPopulation>> {
    // A jackknife solves many of these: minutes each at their limit.
    const LARGEST: f64 = 1000.0;
    let rows = spectrum.blocks().examples() * spectrum.blocks().classes().saturating_sub(1);
    if spectrum.edge_validity().is_trusted() || rows as f64 > LARGEST {
        return Ok(None);
    }
    spectrum.full_population().map(Some)
}

/// An eigenvalue after the outliers, with its deviation where known.
fn bulk_eigenvalue(
    spectrum: &LogitSpectrum,
    full: Option<&FullPopulation>,
    index: usize,
) -> Result<(f64, Option<f64>)> {
    if let Some(full) = full {
        return Ok((full.eigenvalue(index)?, None));
    }
    let predicted = spectrum.of_bulk(index - spectrum.outliers().len())?;
    Ok((predicted.mean, predicted.standard_deviation))
}

/// The largest eigenvalue by P, N, C and three deviations alone.
pub(crate) fn ensemble_largest(calibration: &Calibration, draws: usize, key: Key) -> Result<Prediction> {
    Error::at_least("the number of draws of the ensemble", draws, 1, "must be at least 1")?;
    let ensemble = calibration.ensemble()?;
    let largest = ensemble.largest(draws, key)?;
    Ok(Prediction { deviation: largest.deviation, ..Prediction::new(Comparison::ENSEMBLE, largest.mean) })
}
