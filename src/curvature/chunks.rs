//! Examples cut into chunks of equal size, and sums over chunks in a fixed tree.

use std::ops::Range;

use super::Examples;
use crate::linalg::axpy;
use crate::scalar::Scalar;
pub(super) use crate::tape::{Pool, run_pooled};

/// The partition of N examples into chunks of `rows` rows; the last is filled up with copies of the last example at
/// weight zero, so that one recorded program fits all. Copies and not zeros: a network that is fine on the data may
/// not be defined at zero, and zero times NaN is NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Partition {
    pub(super) rows: usize,
    pub(super) chunks: usize,
}

impl Partition {
    /// Chunks as equal as can be, of at most `target` rows; three and more are a multiple of four, so that two or four
    /// threads have the same to do.
    pub(super) fn new(count: usize, target: usize) -> Self {
        let chunks = match count.div_ceil(target) {
            few @ 0..=2 => few,
            many => many.next_multiple_of(4),
        };
        let rows = count.div_ceil(chunks);
        Partition { rows, chunks: count.div_ceil(rows) }
    }
}

/// Repeats the last row until there are `rows` of them.
pub(super) fn fill_up<T: Scalar>(entries: &mut Vec<T>, rows: usize, len: usize) {
    while entries.len() < rows * len {
        entries.extend_from_within(entries.len() - len..);
    }
}

/// The rows that suit a network: a chunk writes and adds one vector of P numbers, so its rows must give enough work to
/// pay for that, and its activations should stay in a cache.
///
/// Four times P over the activations of a row puts the vector at some percent of the work (measured on perceptrons of
/// 9 thousand and 670 thousand parameters, between 128 and 1024 rows).
pub(super) fn suitable_rows(parameters: usize, activations: usize) -> usize {
    (4 * parameters).div_ceil(activations.max(1)).clamp(128, 1024)
}

/// The data of all chunks, with the last filled up.
#[derive(Clone, Debug)]
pub(super) struct ChunkedExamples<T> {
    pub(super) partition: Partition,
    inputs: Vec<T>,
    targets: Vec<T>,
    weights: Vec<T>,
    input_len: usize,
    target_len: usize,
}

impl<T: Scalar> ChunkedExamples<T> {
    pub(super) fn new(examples: &Examples<T>, partition: Partition) -> Self {
        let rows = partition.rows * partition.chunks;
        let padded = |entries: &[T], len: usize| {
            let mut padded = entries.to_vec();
            fill_up(&mut padded, rows, len);
            padded
        };
        let mut weights = examples.weights().to_vec();
        weights.resize(rows, T::zero());
        ChunkedExamples {
            partition,
            inputs: padded(examples.inputs(), examples.input_len()),
            targets: padded(examples.targets(), examples.target_len()),
            weights,
            input_len: examples.input_len(),
            target_len: examples.target_len(),
        }
    }

    /// The arguments of the recorded risk for one chunk: theta, inputs, targets, weights.
    pub(super) fn arguments<'a>(&'a self, theta: &'a [T], chunk: usize) -> [&'a [T]; 4] {
        let of = |entries: &'a [T], len: usize| {
            let width = self.partition.rows * len;
            &entries[chunk * width..][..width]
        };
        [theta, of(&self.inputs, self.input_len), of(&self.targets, self.target_len), of(&self.weights, 1)]
    }
}

/// Adds what `run` writes for each chunk into `out`, and its values, in a tree that depends on the number of chunks
/// alone. `run` overwrites what it is given.
pub(super) fn sum_over_chunks<T: Scalar>(
    chunks: Range<usize>,
    out: &mut [T],
    spare: &Pool<Vec<T>>,
    run: &(impl Fn(usize, &mut [T]) -> f64 + Sync),
) -> f64 {
    if chunks.len() == 1 {
        return run(chunks.start, out);
    }
    let middle = chunks.start + chunks.len().div_ceil(2);
    let mut other = spare.take(Vec::new);
    // Sums of one vector and of blocks share their buffers.
    other.resize(out.len(), T::zero());
    let (left, right) = rayon::join(
        || sum_over_chunks(chunks.start..middle, out, spare, run),
        || sum_over_chunks(middle..chunks.end, &mut other, spare, run),
    );
    axpy(T::one(), &other, out);
    spare.give(other);
    left + right
}
