//! The same, averaged over random logits.

mod ensemble_limit;
mod logit_ensemble;

pub use ensemble_limit::EnsembleLimit;
pub use logit_ensemble::LogitEnsemble;
