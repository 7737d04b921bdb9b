//! Fastfood: a dense random matrix in n log n.

use std::marker::PhantomData;

use super::blocks::{Blocked, RowBlocks, blocked_projection, flip, require_sizes};
use super::walsh_hadamard::walsh_hadamard;
use crate::error::Result;
use crate::random::Key;
use crate::scalar::Scalar;

/// Rows made together, at least.
const BLOCK_ROWS: usize = 4096;

/// A stack of transforms that acts like a dense Gaussian matrix, in ambient x log2(dim) additions.
///
/// ```text
///     x = [M_1; M_2; ...] psi / sqrt(ambient),     M_b = H G_b Pi_b H B_b / |G_b|,     n x n
///     H: Hadamard,  B: signs,  Pi: a permutation,  G: normal numbers on the diagonal,  n: the power of two at or above dim
///     |P e_j| = 1,     E P'P = I
/// ```
///
/// psi is padded with zeros to n entries, and the last transform is cut to what is left of the rows. Columns have length
/// 1, exactly where n divides ambient and nearly elsewhere. The spectrum of P'P is wider than that of a dense Gaussian matrix:
/// H on the left does not change lengths, so that P'P is a cut through a free sum of the squares on the diagonals, with
///
/// ```text
///     free cumulants  (dim / ambient)^(k-1) kappa_k,   kappa = 1, 2, 8, 52, ... of a squared normal number
///     variance  2 dim / ambient  where normal numbers and signs have dim / ambient
/// ```
///
/// The scaling of rows that makes their lengths those of Gaussian vectors in the paper is left out, as it is by Li et al.: what
/// matters here is that lengths of psi are kept. Where that has to be exact, [`SubsampledHadamard`](super::SubsampledHadamard)
/// costs less.
///
/// Cost of a product: 2 ambient log2 n additions. The normal numbers and permutations take size_of T + 2 bytes (4 for n above
/// 2^16) a row while they fit the memory budget; else they are made for each product, which then takes several times longer.
///
/// ```
/// use eigenscape::operator::{Adjoint, LinearOperator};
/// use eigenscape::projection::Fastfood;
/// use eigenscape::random::Key;
///
/// let p = Fastfood::<f64>::new(4096, 16, Key::new(0))?;
/// let mut x = vec![0.0; 4096];
/// p.apply(&[1.0; 16], &mut x);
/// let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
/// assert!((length / 4.0 - 1.0).abs() < 0.1);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Le, Sarlos, Smola 2013, arXiv:1408.3060. Li, Farkhoor, Liu, Yosinski 2018, arXiv:1804.08838 (for subspaces of parameters).
#[derive(Clone)]
pub struct Fastfood<T> {
    rows: Blocked<Rows, Factors<T>>,
    scalar: PhantomData<fn() -> T>,
}

#[derive(Clone)]
struct Rows {
    ambient: usize,
    dim: usize,
    /// The size of a transform.
    size: usize,
    signs: Key,
    permutations: Key,
    normals: Key,
}

/// The random parts of the transforms of a block, one after the other.
#[derive(Clone)]
struct Factors<T> {
    signs: Vec<u32>,
    permutation: Permutation,
    /// G_b / |G_b| with the scale of the map.
    diagonal: Vec<T>,
}

#[derive(Clone)]
enum Permutation {
    Short(Vec<u16>),
    Long(Vec<u32>),
}

impl<T: Scalar> Fastfood<T> {
    /// The map that belongs to a key.
    ///
    /// # Errors
    /// If `dim` is 0 or above `ambient`.
    pub fn new(ambient: usize, dim: usize, key: Key) -> Result<Self> {
        require_sizes(ambient, dim)?;
        let [signs, permutations, normals] = [0, 1, 2].map(|child| key.split(child));
        let map = Rows { ambient, dim, size: dim.next_power_of_two(), signs, permutations, normals };
        Ok(Fastfood { rows: Blocked::within::<T>(map, Self::MEMORY_BUDGET), scalar: PhantomData })
    }
}

impl Rows {
    /// Calls `shuffle` with places to shuffle for each transform.
    fn permutation<I: Copy>(&self, start: usize, rows: usize, of: impl Fn(usize) -> I) -> Vec<I> {
        let mut places: Vec<I> = (0..rows).map(|row| of(row % self.size)).collect();
        for (index, places) in places.chunks_exact_mut(self.size).enumerate() {
            self.permutations.shuffle((start + index * self.size) as u64, places);
        }
        places
    }
}

/// H G Pi H B with the inner product in `work`.
fn transform<T: Scalar>(work: &mut [T], spread: &mut [T], diagonal: &[T], place: impl Fn(usize) -> usize) {
    walsh_hadamard(work);
    for (row, (out, &factor)) in spread.iter_mut().zip(diagonal).enumerate() {
        *out = factor * work[place(row)];
    }
    walsh_hadamard(spread);
}

/// Pi' G H, the transpose without its last steps.
fn transform_back<T: Scalar>(work: &mut [T], spread: &mut [T], diagonal: &[T], place: impl Fn(usize) -> usize) {
    walsh_hadamard(work);
    for (row, (&x, &factor)) in work.iter().zip(diagonal).enumerate() {
        spread[place(row)] = factor * x;
    }
    walsh_hadamard(spread);
}

impl<T: Scalar> RowBlocks<T> for Rows {
    type Block = Factors<T>;

    fn ambient(&self) -> usize {
        self.ambient
    }
    fn dim(&self) -> usize {
        self.dim
    }
    fn block_rows(&self) -> usize {
        self.size.max(BLOCK_ROWS)
    }
    fn bytes(&self) -> u128 {
        let place = if self.size <= 1 << 16 { 2 } else { 4 };
        let rows = self.ambient.next_multiple_of(self.size) as u128;
        rows * (size_of::<T>() + place) as u128 + rows.div_ceil(8)
    }

    fn draw(&self, block: usize) -> Factors<T> {
        let rows = RowBlocks::<T>::rows_of(self, block);
        let (start, len) = (rows.start, rows.len().next_multiple_of(self.size));
        let mut diagonal = vec![T::zero(); len];
        self.normals.normal(start as u64, &mut diagonal);
        for diagonal in diagonal.chunks_exact_mut(self.size) {
            // |H G Pi H e_j| = sqrt(n) |G|, of which a share sqrt(n / ambient) belongs to each transform.
            let squares: f64 = diagonal.iter().map(|x| x.f64() * x.f64()).sum();
            let scale = T::of(1.0 / (squares * self.ambient as f64).sqrt());
            diagonal.iter_mut().for_each(|x| *x *= scale);
        }
        let permutation = match self.size <= 1 << 16 {
            true => Permutation::Short(self.permutation(start, len, |place| place as u16)),
            false => Permutation::Long(self.permutation(start, len, |place| place as u32)),
        };
        Factors { signs: self.signs.sign_words(start as u64, len), permutation, diagonal }
    }

    fn multiply(&self, _block: usize, made: &Factors<T>, x: &[T], y: &mut [&mut [T]]) {
        let (mut work, mut spread) = (vec![T::zero(); self.size], vec![T::zero(); self.size]);
        for (x, y) in x.chunks_exact(self.dim).zip(y) {
            for (index, y) in y.chunks_mut(self.size).enumerate() {
                let start = index * self.size;
                for (place, (work, &x)) in work.iter_mut().zip(x).enumerate() {
                    *work = flip(&made.signs, start + place, x);
                }
                work[self.dim..].fill(T::zero());
                let diagonal = &made.diagonal[start..][..self.size];
                match &made.permutation {
                    Permutation::Short(places) => {
                        let places = &places[start..][..self.size];
                        transform(&mut work, &mut spread, diagonal, |row| usize::from(places[row]));
                    }
                    Permutation::Long(places) => {
                        let places = &places[start..][..self.size];
                        transform(&mut work, &mut spread, diagonal, |row| places[row] as usize);
                    }
                }
                y.copy_from_slice(&spread[..y.len()]);
            }
        }
    }

    fn add_adjoint(&self, _block: usize, made: &Factors<T>, y: &[&[T]], x: &mut [T]) {
        let (mut work, mut spread) = (vec![T::zero(); self.size], vec![T::zero(); self.size]);
        for (x, y) in x.chunks_exact_mut(self.dim).zip(y) {
            for (index, y) in y.chunks(self.size).enumerate() {
                let start = index * self.size;
                work[..y.len()].copy_from_slice(y);
                work[y.len()..].fill(T::zero());
                let diagonal = &made.diagonal[start..][..self.size];
                match &made.permutation {
                    Permutation::Short(places) => {
                        let places = &places[start..][..self.size];
                        transform_back(&mut work, &mut spread, diagonal, |row| usize::from(places[row]));
                    }
                    Permutation::Long(places) => {
                        let places = &places[start..][..self.size];
                        transform_back(&mut work, &mut spread, diagonal, |row| places[row] as usize);
                    }
                }
                for (place, (x, &spread)) in x.iter_mut().zip(&spread).enumerate() {
                    *x += flip(&made.signs, start + place, spread);
                }
            }
        }
    }
}

blocked_projection!(Fastfood);
