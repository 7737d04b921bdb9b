//! Loops over the thread pool that are compiled once for a type of results, not once for each closure: a loop of `rayon` is
//! a hundred functions, and the closures of generic code are many.

use std::ops::Range;

use rayon::prelude::*;

/// The results for all numbers of a range, in their order.
pub(crate) fn map<R: Send>(range: Range<usize>, run: &(dyn Fn(usize) -> R + Sync)) -> Vec<R> {
    range.into_par_iter().with_max_len(1).map(run).collect()
}

/// Runs for each piece of `size` entries, and the rest if there is one, with the number of the piece.
pub(crate) fn each_piece<T: Send>(entries: &mut [T], size: usize, run: &(dyn Fn(usize, &mut [T]) + Sync)) {
    entries.par_chunks_mut(size.max(1)).enumerate().for_each(|(number, piece)| run(number, piece));
}

/// Both results; the second may be computed by another thread.
pub(crate) fn both<R: Send>(left: &(dyn Fn() -> R + Sync), right: &(dyn Fn() -> R + Sync)) -> (R, R) {
    rayon::join(left, right)
}
