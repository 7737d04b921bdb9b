//! The eigenvalues of T, and which of them are wanted.

use super::factorization::Factorization;
use crate::error::Result;
use crate::linalg::{SymmetricEigen, tridiagonal_eigen};
use crate::scalar::Scalar;

/// Which end of the spectrum.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Which {
    /// The largest eigenvalues, descending.
    #[default]
    Largest,
    /// The smallest eigenvalues, ascending.
    Smallest,
    /// Half of them from each end, the odd one from the top; descending.
    BothEnds,
}

/// A diagonal block of T: the Krylov space of one start vector.
#[derive(Debug)]
struct Block {
    first: usize,
    eigen: SymmetricEigen<f64>,
    /// Norm of the residual below the block.
    coupling: f64,
}

/// An eigenvalue of T.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) value: f64,
    /// |r| |last entry of its eigenvector|: the norm of A y - value y for the Ritz vector y = V s.
    pub(super) bound: f64,
    block: usize,
    position: usize,
}

/// The eigenvalues of T, block by block.
#[derive(Debug)]
pub(super) struct Ritz {
    which: Which,
    count: usize,
    blocks: Vec<Block>,
    /// Where the block that still grows begins.
    first: usize,
    /// Descending; those of earlier blocks first among equals.
    candidates: Vec<Candidate>,
}

impl Ritz {
    pub(super) fn new(which: Which, count: usize) -> Self {
        Ritz { which, count, blocks: Vec::new(), first: 0, candidates: Vec::new() }
    }

    /// Solves the growing block anew.
    pub(super) fn solve<T: Scalar>(&mut self, factorization: &Factorization<T>) -> Result<()> {
        let first = self.first;
        self.blocks.retain(|block| block.first < first);
        let eigen = tridiagonal_eigen(&factorization.diagonal()[first..], &factorization.subdiagonal()[first..])?;
        self.blocks.push(Block { first, eigen, coupling: factorization.residual_norm() });
        self.candidates.clear();
        for (number, block) in self.blocks.iter().enumerate() {
            let size = block.eigen.values.len();
            for position in (0..size).rev() {
                let last = block.eigen.vectors[position * size + size - 1];
                let (value, bound) = (block.eigen.values[position], block.coupling * last.abs());
                self.candidates.push(Candidate { value, bound, block: number, position });
            }
        }
        self.candidates.sort_by(|a, b| b.value.total_cmp(&a.value));
        Ok(())
    }

    /// The growing block is invariant and ends at `steps`.
    pub(super) fn close(&mut self, steps: usize) {
        self.first = steps;
    }

    /// The norm of T.
    pub(super) fn norm(&self) -> f64 {
        self.candidates.iter().map(|candidate| candidate.value.abs()).fold(0.0, f64::max)
    }

    pub(super) fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Sorts into the order of the result.
    pub(super) fn sort<P>(&self, pairs: &mut [P], value: impl Fn(&P) -> f64) {
        match self.which {
            Which::Smallest => pairs.sort_by(|a, b| value(a).total_cmp(&value(b))),
            _ => pairs.sort_by(|a, b| value(b).total_cmp(&value(a))),
        }
    }

    /// How many of the wanted ones are from the top.
    fn top(&self, count: usize) -> usize {
        match self.which {
            Which::Largest => count,
            Which::Smallest => 0,
            Which::BothEnds => count.div_ceil(2),
        }
    }

    /// The best `count` of `candidates`, or all if there are not as many: as positions, in the order of the result.
    pub(super) fn wanted(&self, candidates: &[Candidate], count: usize) -> Vec<usize> {
        let size = candidates.len();
        let count = count.min(size);
        let top = self.top(count);
        let bottom = size - (count - top)..size;
        match self.which {
            Which::Smallest => bottom.rev().collect(),
            _ => (0..top).chain(bottom).collect(),
        }
    }

    /// The number of wanted pairs that have converged.
    pub(super) fn converged(&self, tolerance: f64) -> usize {
        let wanted = self.wanted(&self.candidates, self.count);
        wanted.into_iter().filter(|&index| self.candidates[index].bound <= tolerance).count()
    }

    /// Whether the wanted pairs are found.
    pub(super) fn found(&self, invariant: bool, exhausted: bool, tolerance: f64) -> bool {
        if exhausted {
            return true;
        }
        if self.candidates.len() < self.count {
            return false;
        }
        let newest = self.blocks.len() - 1;
        // An invariant block says nothing of what its start vector was blind to: another vector may find another copy.
        // Two of them, and the eigenvalues are few and repeated, whether the third comes to its end or rounding keeps it
        // from it. Then only a vector that finds nothing of use is the end.
        if (invariant || newest >= 2) && self.contributed(newest, tolerance) {
            return false;
        }
        // The ends of the newest block must have settled even if they are not wanted now.
        let mut ends = self.candidates.iter().filter(|c| c.block == newest);
        let (top, bottom) = (ends.next(), ends.next_back());
        let settled = |end: Option<&Candidate>| end.is_none_or(|end| end.bound <= tolerance);
        let settled = (self.which == Which::Smallest || settled(top))
            && (self.which == Which::Largest || settled(bottom.or(top)));
        invariant || (settled && self.converged(tolerance) == self.count)
    }

    /// Whether a block changes the wanted values by more than the tolerance.
    fn contributed(&self, block: usize, tolerance: f64) -> bool {
        let others: Vec<Candidate> = self.candidates.iter().filter(|c| c.block != block).copied().collect();
        let values = |from: &[Candidate]| -> Vec<f64> {
            self.wanted(from, self.count).into_iter().map(|index| from[index].value).collect()
        };
        let (before, now) = (values(&others), values(&self.candidates));
        before.len() != now.len() || before.iter().zip(&now).any(|(a, b)| (a - b).abs() > tolerance)
    }

    /// Coefficients of the Ritz vector in the whole basis of `steps` vectors.
    pub(super) fn coefficients(&self, candidate: &Candidate, steps: usize) -> Vec<f64> {
        let block = &self.blocks[candidate.block];
        let size = block.eigen.values.len();
        let mut coefficients = vec![0.0; steps];
        coefficients[block.first..][..size].copy_from_slice(&block.eigen.vectors[candidate.position * size..][..size]);
        coefficients
    }
}
