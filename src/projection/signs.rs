//! Random signs.

use std::marker::PhantomData;

use super::blocks::{Blocked, RowBlocks, blocked_projection, require_sizes};
use crate::error::Result;
use crate::random::Key;
use crate::scalar::Scalar;

/// Bytes of signs that a block may take, and its largest number of rows.
const BLOCK_BYTES: usize = 1 << 20;
const BLOCK_ROWS: usize = 4096;
/// Columns whose signs make up one byte.
const GROUP: usize = 8;
/// Groups that are multiplied together: their tables stay in the cache.
const TILE: usize = 16;

/// Independent random signs: x = (1/sqrt(ambient)) S psi, one bit to an entry.
///
/// ```text
///     S_ij = -1 or +1 with probability 1/2,     |P e_j| = 1,     E P'P = I
///     singular values of P within 1 - sqrt(c) .. 1 + sqrt(c), nearly,     c = dim / ambient
/// ```
///
/// Columns have length 1 exactly; inner products of different ones have mean 0 and variance 1 / ambient, so that the
/// spectrum of P'P is that of Marchenko and Pastur.
///
/// Eight signs are a byte, and a byte chooses one of 256 sums that are made once for a block of rows: a product takes
/// ambient x dim / 8 additions, and as many bytes of the key's stream unless they are kept. Memory for a block: 1 MiB.
///
/// ```
/// use eigenscape::operator::{Adjoint, LinearOperator};
/// use eigenscape::projection::Signs;
/// use eigenscape::random::Key;
///
/// let p = Signs::<f64>::new(100, 3, Key::new(0))?;
/// let mut x = vec![0.0; 100];
/// p.apply(&[0.0, 1.0, 0.0], &mut x);
/// assert!(x.iter().all(|x| x.abs() == 0.1));
/// let mut psi = [0.0; 3];
/// p.apply_adjoint(&x, &mut psi);
/// assert!((psi[1] - 1.0).abs() < 1e-12 && psi[0].abs() < 0.5);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Achlioptas 2003, doi:10.1016/S0022-0000(03)00025-4 (projections of signs). Arlazarov, Dinic, Kronrod, Faradzhev 1970
/// (tables of sums).
#[derive(Clone)]
pub struct Signs<T> {
    rows: Blocked<Rows, Vec<u8>>,
    scalar: PhantomData<fn() -> T>,
}

#[derive(Clone)]
struct Rows {
    ambient: usize,
    dim: usize,
    key: Key,
}

impl<T: Scalar> Signs<T> {
    /// The signs that belong to a key.
    ///
    /// # Errors
    /// If `dim` is 0 or above `ambient`.
    pub fn new(ambient: usize, dim: usize, key: Key) -> Result<Self> {
        require_sizes(ambient, dim)?;
        let rows = Blocked::within::<T>(Rows { ambient, dim, key }, Self::MEMORY_BUDGET);
        Ok(Signs { rows, scalar: PhantomData })
    }
}

impl Rows {
    /// Bytes to a row: whole words of the stream, so that any row can be had without those before it.
    fn stride(&self) -> usize {
        self.dim.div_ceil(32) * 4
    }

    /// Tiles of groups: the first byte and the columns of each.
    fn tiles(&self) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
        let dim = self.dim;
        (0..dim.div_ceil(GROUP)).step_by(TILE).map(move |first| {
            let start = first * GROUP;
            (first, start..dim.min(start + TILE * GROUP))
        })
    }
}

/// The 256 sums of eight numbers with signs: bit k of the index set takes number k away. Fewer numbers are followed by zeros.
fn tabulate<T: Scalar>(x: &[T], table: &mut [T; 256]) {
    table[0] = x.iter().copied().sum();
    for bit in 0..GROUP {
        let twice = x.get(bit).map_or(T::zero(), |&x| x + x);
        let (known, next) = table[..2 << bit].split_at_mut(1 << bit);
        next.iter_mut().zip(known).for_each(|(next, known)| *next = *known - twice);
    }
}

/// The transpose of [`tabulate`]: adds to number k the sums whose index has bit k clear, less those that have it set.
fn untabulate<T: Scalar>(table: &mut [T; 256], x: &mut [T]) {
    let mut len = 256;
    for bit in (0..GROUP).rev() {
        len /= 2;
        let (low, high) = table[..2 * len].split_at_mut(len);
        if let Some(x) = x.get_mut(bit) {
            *x += low.iter().zip(&*high).map(|(&low, &high)| low - high).sum::<T>();
        }
        low.iter_mut().zip(&*high).for_each(|(low, &high)| *low += high);
    }
}

impl<T: Scalar> RowBlocks<T> for Rows {
    type Block = Vec<u8>;

    fn ambient(&self) -> usize {
        self.ambient
    }
    fn dim(&self) -> usize {
        self.dim
    }
    fn block_rows(&self) -> usize {
        (BLOCK_BYTES / self.stride()).clamp(1, BLOCK_ROWS)
    }
    fn bytes(&self) -> u128 {
        self.ambient as u128 * self.stride() as u128
    }

    fn draw(&self, block: usize) -> Vec<u8> {
        use rand::Rng;
        let rows = RowBlocks::<T>::rows_of(self, block);
        let mut bytes = vec![0; rows.len() * self.stride()];
        self.key.generator_at(rows.start as u128 * (self.stride() / 4) as u128).fill_bytes(&mut bytes);
        bytes
    }

    fn multiply(&self, _block: usize, bytes: &Vec<u8>, x: &[T], y: &mut [&mut [T]]) {
        let scale = T::one() / T::of(self.ambient as f64).sqrt();
        let mut tables = [[T::zero(); 256]; TILE];
        for (x, y) in x.chunks_exact(self.dim).zip(y) {
            y.fill(T::zero());
            for (first, columns) in self.tiles() {
                let groups = x[columns].chunks(GROUP);
                let tables = &mut tables[..groups.len()];
                tables.iter_mut().zip(groups).for_each(|(table, x)| tabulate(x, table));
                let rows = bytes.chunks_exact(self.stride()).map(|row| &row[first..][..tables.len()]);
                for (y, row) in y.iter_mut().zip(rows) {
                    *y += tables.iter().zip(row).map(|(table, &byte)| table[byte as usize]).sum::<T>();
                }
            }
            y.iter_mut().for_each(|y| *y *= scale);
        }
    }

    fn add_adjoint(&self, _block: usize, bytes: &Vec<u8>, y: &[&[T]], x: &mut [T]) {
        let scale = T::one() / T::of(self.ambient as f64).sqrt();
        let mut tables = [[T::zero(); 256]; TILE];
        for (x, y) in x.chunks_exact_mut(self.dim).zip(y) {
            for (first, columns) in self.tiles() {
                let groups = x[columns].chunks_mut(GROUP);
                let tables = &mut tables[..groups.len()];
                tables.iter_mut().for_each(|table| table.fill(T::zero()));
                let bytes_of_tile = first..first + tables.len();
                let rows = bytes.chunks_exact(self.stride()).map(|row| &row[bytes_of_tile.clone()]);
                for (&y, row) in y.iter().zip(rows) {
                    let y = y * scale;
                    tables.iter_mut().zip(row).for_each(|(table, &byte)| table[byte as usize] += y);
                }
                tables.iter_mut().zip(groups).for_each(|(table, x)| untabulate(table, x));
            }
        }
    }
}

blocked_projection!(Signs);
