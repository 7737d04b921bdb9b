//! The fast Walsh-Hadamard transform.

use crate::elementary::vectorized;
use crate::scalar::Scalar;

/// Entries that are transformed in registers.
const LANES: usize = 16;
/// Entries that fit the cache nearest to the processor.
const CACHED: usize = 1 << 12;

/// x <- H x, entry (i, j) of H being (-1)^(number of ones that i and j share in binary): n log2 n additions, in place.
///
/// H is symmetric and H H = n I. `x` must have a power of two of entries.
pub(super) fn walsh_hadamard<T: Scalar>(x: &mut [T]) {
    debug_assert!(x.len().is_power_of_two());
    if x.len() > CACHED {
        let (low, high) = x.split_at_mut(x.len() / 2);
        vectorized(
            #[inline(always)]
            || butterfly(low, high),
        );
        walsh_hadamard(low);
        return walsh_hadamard(high);
    }
    vectorized(
        #[inline(always)]
        || {
            let mut half = x.len() / 2;
            while half >= LANES {
                for pair in x.chunks_exact_mut(2 * half) {
                    let (low, high) = pair.split_at_mut(half);
                    butterfly(low, high);
                }
                half /= 2;
            }
            let (lanes, rest) = x.as_chunks_mut::<LANES>();
            for lanes in lanes {
                stage::<T, 8>(lanes);
                stage::<T, 4>(lanes);
                stage::<T, 2>(lanes);
                stage::<T, 1>(lanes);
            }
            let mut half = rest.len() / 2;
            while half >= 1 {
                for pair in rest.chunks_exact_mut(2 * half) {
                    let (low, high) = pair.split_at_mut(half);
                    butterfly(low, high);
                }
                half /= 2;
            }
        },
    );
}

#[inline(always)]
fn butterfly<T: Scalar>(low: &mut [T], high: &mut [T]) {
    for (a, b) in low.iter_mut().zip(high) {
        (*a, *b) = (*a + *b, *a - *b);
    }
}

/// One stage within a register: a shuffle, a change of signs and an addition.
#[inline(always)]
fn stage<T: Scalar, const HALF: usize>(lanes: &mut [T; LANES]) {
    let old = *lanes;
    for i in 0..LANES {
        let own = if i & HALF == 0 { old[i] } else { -old[i] };
        lanes[i] = old[i ^ HALF] + own;
    }
}
