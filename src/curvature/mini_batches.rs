//! Gradients of mini-batches, drawn from a key.

use std::fmt;

use super::Examples;
use super::chunks::{Pool, fill_up, run_pooled};
use super::derivatives::Recording;
use crate::error::{Error, Result};
use crate::objective::{Stochastic, finite_gradient, finite_value};
use crate::random::Key;
use crate::scalar::Scalar;
use crate::tape::{Plan, Workspace};

/// The risk on batches: in epoch e the examples are permuted by child e of the key and cut into batches; the last
/// batch of an epoch may be smaller. Batches weigh their examples alike (weights of the examples are not used).
///
/// The batch of a step depends on the step alone, so that a resumed run sees the batches that it would have seen.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::{Objective, Stochastic};
/// use eigenscape::random::Key;
///
/// let network = Perceptron::new(&[1, 1], Activation::Identity)?;
/// let examples = Examples::new(vec![1.0, 2.0, 3.0, 4.0], 1, vec![0.0; 4], 1)?;
/// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
/// let batches = risk.mini_batches(2, Key::new(0))?;
/// assert_eq!(batches.steps_per_epoch(), 2);
/// // Over an epoch each example is seen once: batch means average to the risk.
/// let (theta, mut gradient) = ([1.0, 0.0], [0.0; 2]);
/// let mean = (batches.sample(0, &theta, &mut gradient)? + batches.sample(1, &theta, &mut gradient)?) / 2.0;
/// assert!((mean - risk.value(&theta)?).abs() < 1e-12);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "DataLoader")]
#[doc(alias = "SGD")]
#[doc(alias = "minibatch")]
pub struct MiniBatches<'a, T> {
    examples: &'a Examples<T>,
    batch: usize,
    key: Key,
    gradient: Plan<T>,
    workspaces: Pool<Workspace<T>>,
    rows: Pool<Rows<T>>,
    epochs: Pool<(u64, Vec<usize>)>,
}

struct Rows<T> {
    inputs: Vec<T>,
    targets: Vec<T>,
    weights: Vec<T>,
}

impl<T> fmt::Debug for MiniBatches<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MiniBatches").field("batch", &self.batch).field("key", &self.key).finish_non_exhaustive()
    }
}

impl<'a, T: Scalar> MiniBatches<'a, T> {
    /// `record` records the network for a number of rows; it is called once the size of a batch is known to be sound.
    pub(super) fn new(
        examples: &'a Examples<T>,
        record: impl Fn(usize) -> Result<Recording<T>>,
        batch: usize,
        key: Key,
    ) -> Result<Self> {
        Error::at_least("the size of a mini-batch", batch, 1, "must be at least 1")?;
        if batch > examples.count() {
            let because = "the number of examples";
            return Err(Error::AboveLimit {
                what: "the size of a mini-batch",
                value: batch,
                limit: examples.count(),
                because,
            });
        }
        let gradient = Plan::new(&record(batch)?.gradient);
        let (workspaces, rows, epochs) = (Pool::default(), Pool::default(), Pool::default());
        Ok(MiniBatches { examples, batch, key, gradient, workspaces, rows, epochs })
    }

    /// The number of steps in which each example is seen once.
    pub fn steps_per_epoch(&self) -> u64 {
        self.examples.count().div_ceil(self.batch) as u64
    }

    /// Calls `use_batch` with the positions of the examples of a step's batch.
    fn positions<R>(&self, step: u64, use_batch: impl FnOnce(&[usize]) -> R) -> R {
        let epoch = step / self.steps_per_epoch();
        let permute = || self.key.split(epoch).permutation(self.examples.count());
        let (known, mut order) = self.epochs.take(|| (epoch, permute()));
        if known != epoch {
            order = permute();
        }
        let start = (step % self.steps_per_epoch()) as usize * self.batch;
        let result = use_batch(&order[start..self.examples.count().min(start + self.batch)]);
        self.epochs.give((epoch, order));
        result
    }

    fn gather(&self, step: u64, rows: &mut Rows<T>) {
        let fill = |entries: &[T], len: usize, positions: &[usize], out: &mut Vec<T>| {
            out.clear();
            positions.iter().for_each(|&position| out.extend_from_slice(&entries[position * len..][..len]));
            fill_up(out, self.batch, len);
        };
        self.positions(step, |positions| {
            fill(self.examples.inputs(), self.examples.input_len(), positions, &mut rows.inputs);
            fill(self.examples.targets(), self.examples.target_len(), positions, &mut rows.targets);
            rows.weights.clear();
            rows.weights.resize(positions.len(), T::of(1.0 / positions.len() as f64));
            rows.weights.resize(self.batch, T::zero());
        });
    }
}

impl<T: Scalar> Stochastic<T> for MiniBatches<'_, T> {
    fn dim(&self) -> usize {
        self.gradient.argument_lens()[0]
    }

    #[track_caller]
    fn sample(&self, step: u64, theta: &[T], gradient: &mut [T]) -> Result<f64> {
        let empty = || Rows { inputs: Vec::new(), targets: Vec::new(), weights: Vec::new() };
        let mut rows = self.rows.take(empty);
        self.gather(step, &mut rows);
        let mut value = [T::zero()];
        let arguments = [theta, &rows.inputs, &rows.targets, &rows.weights];
        run_pooled(&self.gradient, &self.workspaces, &arguments, &mut [&mut value, gradient]);
        self.rows.give(rows);
        finite_gradient(gradient)?;
        finite_value(value[0].f64())
    }
}
