//! What is compiled once for each number: bases, factorizations, searches.

use super::basis::Basis;
use super::block_factorization::{BlockFactorization, NonFinite};
use super::factorization::Factorization;
use super::search::EigenSearch;
use crate::error::Result;
use crate::operator::LinearOperator;
use crate::scalar::compiled_once;

compiled_once! {
    push: fn(&mut Basis<T>, &[T]) = Basis::push_body,
    vector: fn(&Basis<T>, usize) -> Vec<T> = Basis::vector_body,
    remove: fn(&mut Basis<T>, &mut [T]) = Basis::remove_body,
    remove_block: fn(&mut Basis<T>, &mut [T], usize) -> Vec<f64> = Basis::remove_block_body,
    combine: fn(&Basis<T>, &[T]) -> Vec<T> = Basis::combine_body,
    orthogonality: fn(&Basis<T>) -> f64 = Basis::orthogonality_body,
    step: fn(&mut Factorization<T>, &dyn LinearOperator<T>, f64) -> Result<()> = Factorization::step_body,
    absorb: fn(&mut Factorization<T>, &[T]) -> Result<()> = Factorization::absorb_body,
    block_step: fn(&mut BlockFactorization<T>, &dyn LinearOperator<T>) -> Result<std::result::Result<(), NonFinite>> =
        BlockFactorization::step_body,
    restart: fn(&mut BlockFactorization<T>, usize, &[f64]) = BlockFactorization::restart_body,
    advance_core: fn(&mut EigenSearch<T>, &dyn LinearOperator<T>) -> Result<bool> = EigenSearch::advance_core_body,
}
