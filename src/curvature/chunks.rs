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

/// The rows that suit a network: few enough for a chunk's activations to stay in a cache, but not so few that calls cost
/// more than the work, or that products read and write P numbers for little.
///
/// 2^18 activations, up to 128 rows, do for the calls; P over the activations of a row for the products (measured on
/// perceptrons of 9 thousand and 670 thousand parameters and on a convolutional network, between 8 and 1024 rows).
pub(super) fn suitable_rows(parameters: usize, activations: usize) -> usize {
    const ENOUGH: usize = 1 << 18;
    let activations = activations.max(1);
    parameters.div_ceil(activations).max((ENOUGH / activations).clamp(8, 128)).min(1024)
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

/// Overwrites `out` with the sum of what `run` adds for each chunk, and returns that of its values, in an order that
/// depends on the number of chunks alone.
///
/// Chunks of a lane are added up where they are computed, one after the other; lanes in a tree. A lane costs a vector, so
/// there are fewer than chunks, but enough of them to occupy many threads.
pub(super) fn sum_over_chunks<T: Scalar>(
    chunks: usize,
    out: &mut [T],
    spare: &Pool<Vec<T>>,
    run: &(impl Fn(usize, &mut [T]) -> f64 + Sync),
) -> f64 {
    let lanes = chunks.div_ceil(LANE).clamp(FEW.min(chunks), MANY);
    sum_over_lanes((chunks, lanes), 0..lanes, out, spare, run)
}

/// Chunks of a lane, unless that makes fewer than `FEW` lanes or more than `MANY`.
const LANE: usize = 4;
const FEW: usize = 4;
const MANY: usize = 64;

fn sum_over_lanes<T: Scalar>(
    (chunks, all): (usize, usize),
    lanes: Range<usize>,
    out: &mut [T],
    spare: &Pool<Vec<T>>,
    run: &(impl Fn(usize, &mut [T]) -> f64 + Sync),
) -> f64 {
    if lanes.len() <= 1 {
        out.fill(T::zero());
        let start = |lane: usize| lane * chunks / all.max(1);
        return (start(lanes.start)..start(lanes.end)).map(|chunk| run(chunk, out)).sum();
    }
    let middle = lanes.start + lanes.len().div_ceil(2);
    let len = out.len();
    let (left, (other, right)) = rayon::join(
        || sum_over_lanes((chunks, all), lanes.start..middle, out, spare, run),
        || {
            let mut other = spare.take(Vec::new);
            // Sums of one vector and of blocks share their buffers.
            other.resize(len, T::zero());
            let right = sum_over_lanes((chunks, all), middle..lanes.end, &mut other, spare, run);
            (other, right)
        },
    );
    axpy(T::one(), &other, out);
    spare.give(other);
    left + right
}
