//! Examples cut into chunks of equal size, and sums over chunks in a fixed order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

use rayon::prelude::*;

use super::Examples;
use crate::linalg::axpy_sequential;
use crate::scalar::{Scalar, compiled_once};
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

/// Examples in chunks: each a stretch of them, but for the last, which is a copy if it had to be filled up.
#[derive(Clone, Debug)]
pub(super) struct ChunkedExamples<T> {
    pub(super) partition: Partition,
    pub(super) examples: Examples<T>,
    /// Inputs, targets and weights of the last chunk, if it is not full.
    filled_up: Option<[Vec<T>; 3]>,
}

impl<T: Scalar> ChunkedExamples<T> {
    pub(super) fn new(examples: Examples<T>, partition: Partition) -> Self {
        let Partition { rows, chunks } = partition;
        let first = (chunks - 1) * rows;
        let padded = |entries: &[T], len: usize| {
            let mut padded = entries[first * len..].to_vec();
            fill_up(&mut padded, rows, len);
            padded
        };
        let filled_up = (examples.count() < chunks * rows).then(|| {
            let mut weights = examples.weights()[first..].to_vec();
            weights.resize(rows, T::zero());
            let inputs = padded(examples.inputs(), examples.input_len());
            [inputs, padded(examples.targets(), examples.target_len()), weights]
        });
        ChunkedExamples { partition, examples, filled_up }
    }

    /// The arguments of the recorded risk for one chunk: theta, inputs, targets, weights.
    pub(super) fn arguments<'a>(&'a self, theta: &'a [T], chunk: usize) -> [&'a [T]; 4] {
        let Partition { rows, chunks } = self.partition;
        if let (Some([inputs, targets, weights]), true) = (&self.filled_up, chunk + 1 == chunks) {
            return [theta, inputs, targets, weights];
        }
        let of = |entries: &'a [T], len: usize| &entries[chunk * rows * len..][..rows * len];
        let examples = &self.examples;
        let (inputs, targets) =
            (of(examples.inputs(), examples.input_len()), of(examples.targets(), examples.target_len()));
        [theta, inputs, targets, of(examples.weights(), 1)]
    }
}

/// Chunks of a lane, unless that makes fewer than `FEW` lanes or more than `MANY`.
const LANE: usize = 4;
const FEW: usize = 4;
const MANY: usize = 64;

/// The number of lanes of so many chunks.
pub(super) fn lanes(chunks: usize) -> usize {
    chunks.div_ceil(LANE).clamp(FEW.min(chunks), MANY)
}

compiled_once! {
    sum_over_chunks: fn(usize, &mut [T], &Pool<Vec<T>>, &(dyn Fn(usize, &mut [T]) -> f64 + Sync)) -> f64 = sum_over_chunks_body,
}

/// Overwrites `out` with the sum of what `run` adds for each chunk, and returns that of its values, in an order that
/// depends on the number of chunks alone. `run` must not use the thread pool: a lane that is computed must not wait.
///
/// Chunks of a lane are added up where they are computed, one after the other, and lanes in their order: a thread that is
/// done with a lane waits for those before, which other threads are at. So there is one vector to a thread, and no more.
pub(super) fn sum_over_chunks<T: Scalar>(
    chunks: usize,
    out: &mut [T],
    spare: &Pool<Vec<T>>,
    run: &(dyn Fn(usize, &mut [T]) -> f64 + Sync),
) -> f64 {
    (Compiled::sum_over_chunks())(chunks, out, spare, run)
}

fn sum_over_chunks_body<T: Scalar>(
    chunks: usize,
    out: &mut [T],
    spare: &Pool<Vec<T>>,
    run: &(dyn Fn(usize, &mut [T]) -> f64 + Sync),
) -> f64 {
    let (lanes, len) = (lanes(chunks), out.len());
    let lane = |number: usize, sum: &mut [T]| -> f64 {
        sum.fill(T::zero());
        (number * chunks / lanes..(number + 1) * chunks / lanes).map(|chunk| run(chunk, sum)).sum()
    };
    out.fill(T::zero());
    if lanes <= 1 {
        return (0..chunks).map(|chunk| run(chunk, out)).sum();
    }
    let taken = AtomicUsize::new(0);
    let order = Order { total: Mutex::new(Total { next: 0, sum: out, value: 0.0 }), changed: Condvar::new() };
    let threads = rayon::current_num_threads().min(lanes);
    (0..threads).into_par_iter().with_max_len(1).for_each(|_| {
        let guard = Abandon(&order);
        let mut own = spare.take(Vec::new);
        // Sums of one vector and of blocks share their buffers.
        own.resize(len, T::zero());
        loop {
            // Lanes are taken in their order, so that the one before is added already or being computed.
            let number = taken.fetch_add(1, Ordering::Relaxed);
            if number >= lanes {
                break;
            }
            let value = lane(number, &mut own);
            if !order.add(number, &own, value) {
                break;
            }
        }
        spare.give(own);
        std::mem::forget(guard);
    });
    order.total.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()).value
}

/// What lanes are added to, one after the other.
struct Order<'a, T> {
    total: Mutex<Total<'a, T>>,
    changed: Condvar,
}

struct Total<'a, T> {
    /// The lane whose turn it is.
    next: usize,
    sum: &'a mut [T],
    value: f64,
}

impl<T: Scalar> Order<'_, T> {
    /// Adds a lane when its turn has come; false if a lane before it was abandoned.
    fn add(&self, number: usize, sum: &[T], value: f64) -> bool {
        let mut total = self.lock();
        while total.next < number {
            total = self.changed.wait(total).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        if total.next != number {
            return false;
        }
        axpy_sequential(T::one(), sum, total.sum);
        total.value += value;
        total.next += 1;
        self.changed.notify_all();
        true
    }
}

impl<'a, T> Order<'a, T> {
    fn lock(&self) -> MutexGuard<'_, Total<'a, T>> {
        self.total.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Dropped when a lane panics: nobody must wait for it.
struct Abandon<'a, 'b, T>(&'a Order<'b, T>);

impl<T> Drop for Abandon<'_, '_, T> {
    fn drop(&mut self) {
        self.0.lock().next = usize::MAX;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::{Pool, sum_over_chunks};

    /// Long vectors, more threads than cores, and several sums at once in one pool: nobody waits for himself.
    #[test]
    fn sums_at_once_in_one_pool_end() {
        use rayon::prelude::*;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(6).build().unwrap();
        let run = |chunk: usize, sum: &mut [f64]| {
            sum.iter_mut().for_each(|sum| *sum += chunk as f64);
            1.0
        };
        pool.install(|| {
            (0..30).into_par_iter().with_max_len(1).for_each(|_| {
                let mut sum = vec![0.0; 100_000];
                let value = sum_over_chunks(50, &mut sum, &Pool::default(), &run);
                assert!(value == 50.0 && sum.iter().all(|&sum| sum == 1225.0));
            });
        });
    }

    /// A panic in one chunk reaches the caller, and leaves nobody waiting.
    #[test]
    fn a_chunk_may_panic() {
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for bad in [0, 7, 63] {
                let run = |chunk: usize, sum: &mut [f64]| {
                    assert!(chunk != bad, "chunk {bad} is bad");
                    sum[0] += 1.0;
                    1.0
                };
                let sum = || pool.install(|| sum_over_chunks(64, &mut [0.0], &Pool::default(), &run));
                let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(sum));
                assert!(caught.is_err());
            }
            let run = |chunk: usize, sum: &mut [f64]| {
                sum[0] += chunk as f64;
                1.0
            };
            let mut sum = [f64::NAN];
            let value = pool.install(|| sum_over_chunks(1000, &mut sum, &Pool::default(), &run));
            assert_eq!((sum, value), ([499_500.0], 1000.0));
        }
    }
}
