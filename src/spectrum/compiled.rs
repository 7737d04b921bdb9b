//! What is compiled once for each number: runs of many probes, and products of tall matrices.

use std::ops::Range;

use super::spectral_measure::SpectralMeasure;
use super::spectral_run::SpectralRun;
use super::tall::{Tall, sums_body};
use crate::error::Result;
use crate::operator::LinearOperator;
use crate::scalar::compiled_once;

compiled_once! {
    advance_core: fn(&mut SpectralRun<T>, &dyn LinearOperator<T>) -> Result<()> = SpectralRun::advance_core_body,
    measure: fn(&SpectralRun<T>) -> Result<SpectralMeasure> = SpectralRun::measure_body,
    remove: fn(&mut Tall<T>, Range<usize>, Range<usize>) -> Vec<f64> = Tall::remove_body,
    sums: fn(usize, usize, &(dyn Fn(usize, &mut [T]) + Sync)) -> Vec<f64> = sums_body,
}
