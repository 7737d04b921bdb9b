//! The risk: a mean of losses over examples, and what it offers at a point.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::chunks::{ChunkedExamples, Partition, Pool, run_pooled, suitable_rows, sum_over_chunks};
use super::derivatives::Recording;
use super::{Examples, LossFunction, MiniBatches, RiskPoint};
use crate::error::{Error, Result};
use crate::network::{Block, Network};
use crate::objective::{Objective, Stochastic, finite_gradient, finite_parameters, finite_value};
use crate::operator::Selection;
use crate::parallel;
use crate::random::Key;
use crate::scalar::Scalar;
use crate::tape::{Derivative, Plan, Program, Workspace};

/// The weighted mean of the losses of a network over examples.
///
/// ```text
///     L(theta) = sum_m w_m l(f(theta, x_m), y_m)
/// ```
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::{Objective, Point};
/// use eigenscape::operator::to_dense;
///
/// // A linear model with squared error: H = G = X'X / N for the weights.
/// let x = vec![1.0, 2.0, 3.0, 4.0];
/// let examples = Examples::new(x, 1, vec![0.0; 4], 1)?;
/// let network = Perceptron::new(&[1, 1], Activation::Identity)?;
/// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
/// let point = risk.at(&[0.5, 0.0])?;
/// let mean_square = (1.0 + 4.0 + 9.0 + 16.0) / 4.0;
/// assert_eq!(point.value(), 0.5 * 0.25 * mean_square);
/// assert_eq!(to_dense(&point.hessian()).entries(), [mean_square, 2.5, 2.5, 1.0]);
/// assert_eq!(to_dense(&point.gauss_newton()).entries(), [mean_square, 2.5, 2.5, 1.0]);
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[doc(alias = "empirical risk")]
#[doc(alias = "training loss")]
pub struct Risk<T> {
    pub(super) loss: Arc<dyn LossFunction<T>>,
    blocks: Vec<Block>,
    pub(super) parameters: usize,
    pub(super) outputs: usize,
    pub(super) chunked: ChunkedExamples<T>,
    pub(super) recording: Recording<T>,
    value: Plan<T>,
    gradient: Plan<T>,
    logits: Plan<T>,
    pub(super) derivatives: Derivatives<T>,
    /// What records the network for another number of rows, for mini-batches.
    pub(super) record: Record<T>,
    /// The most rows of a chunk.
    target: usize,
    pub(super) memory_budget: usize,
    /// Vectors of P entries for partial sums.
    pub(super) vectors: Pool<Vec<T>>,
    value_workspaces: Pool<Workspace<T>>,
    gradient_workspaces: Pool<Workspace<T>>,
    logits_workspaces: Pool<Workspace<T>>,
}

/// Records a network and a loss for a number of rows.
type Record<T> = Arc<dyn Fn(usize) -> Result<Recording<T>> + Send + Sync>;

/// Linear parts, each built at its first use.
#[derive(Debug)]
pub(super) struct Derivatives<T> {
    pub(super) hessian: OnceLock<Derivative<T>>,
    pub(super) gauss_newton: OnceLock<Derivative<T>>,
    pub(super) remainder: OnceLock<Derivative<T>>,
    pub(super) jacobian: OnceLock<Derivative<T>>,
    /// S u, at rows of logits.
    pub(super) logit_curvature: OnceLock<Derivative<T>>,
    /// The gradient of the losses by the logits.
    pub(super) logit_gradient: OnceLock<Plan<T>>,
    /// The derivatives of the risk along a direction.
    pub(super) taylor: OnceLock<Plan<T>>,
    /// J and J' of a single example.
    pub(super) single: OnceLock<Derivative<T>>,
}

impl<T> Default for Derivatives<T> {
    fn default() -> Self {
        Derivatives {
            hessian: OnceLock::new(),
            gauss_newton: OnceLock::new(),
            remainder: OnceLock::new(),
            jacobian: OnceLock::new(),
            logit_curvature: OnceLock::new(),
            logit_gradient: OnceLock::new(),
            taylor: OnceLock::new(),
            single: OnceLock::new(),
        }
    }
}

impl<T: Scalar> fmt::Debug for Risk<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Risk")
            .field("loss", &self.loss)
            .field("parameters", &self.parameters)
            .field("examples", &self.examples().count())
            .field("partition", &self.chunked.partition)
            .finish_non_exhaustive()
    }
}

impl<T: Scalar> Risk<T> {
    /// The default of [`Risk::memory_budget`]: one gibibyte.
    pub const MEMORY_BUDGET: usize = 1 << 30;

    /// The risk of a network with a loss over examples.
    ///
    /// # Errors
    /// If the examples' inputs or targets are not as many as the network's inputs or outputs, if the targets are not
    /// such as the loss takes (probabilities, for softmax cross-entropy), if the network's recording has a shape error, or
    /// if there is not the memory to run the gradient of one chunk.
    pub fn new(
        network: &(impl Network + Clone + Send + 'static),
        loss: impl LossFunction<T> + 'static,
        examples: Examples<T>,
    ) -> Result<Self> {
        Error::length("a row of inputs", examples.input_len(), network.inputs())?;
        Error::length("a row of targets", examples.target_len(), network.outputs())?;
        examples.targets().chunks_exact(examples.target_len()).try_for_each(|row| loss.accepts(row))?;
        let loss: Arc<dyn LossFunction<T>> = Arc::new(loss);
        contiguous(network.blocks())?;
        let activations = Recording::<T>::activations(network, &*loss)?;
        let target = suitable_rows(network.parameters(), activations);
        let own = (network.clone(), loss.clone());
        let record: Record<T> = Arc::new(move |rows| Recording::new(&own.0, &*own.1, rows));
        Risk::recorded(network.blocks().to_vec(), loss, record, target, examples)
    }

    /// The risk over examples in chunks of at most `target` rows.
    fn recorded(
        blocks: Vec<Block>,
        loss: Arc<dyn LossFunction<T>>,
        record: Record<T>,
        target: usize,
        examples: Examples<T>,
    ) -> Result<Self> {
        let partition = Partition::new(examples.count(), target);
        let recording = record(partition.rows)?;
        let gradient = Plan::adding(&recording.gradient);
        let gradient_workspaces = Pool::default();
        gradient_workspaces.give(gradient.try_workspace()?);
        Ok(Risk {
            loss,
            parameters: blocks.iter().map(|block| block.shape.size()).sum(),
            blocks,
            outputs: examples.target_len(),
            chunked: ChunkedExamples::new(examples, partition),
            value: Plan::new(&recording.risk),
            gradient,
            logits: Plan::new(&recording.logits),
            recording,
            derivatives: Derivatives::default(),
            record,
            target,
            memory_budget: Self::MEMORY_BUDGET,
            vectors: Pool::default(),
            value_workspaces: Pool::default(),
            gradient_workspaces,
            logits_workspaces: Pool::default(),
        })
    }

    /// The risk of the same network and loss over some of the examples, at these positions, with weights 1 / their number.
    ///
    /// # Errors
    /// If there are none, or a position is not below N.
    pub fn subset(&self, positions: &[usize]) -> Result<Self> {
        let examples = self.examples().select(positions)?;
        let (blocks, loss, record) = (self.blocks.clone(), self.loss.clone(), self.record.clone());
        let subset = Risk::recorded(blocks, loss, record, self.target, examples)?;
        Ok(subset.memory_budget(self.memory_budget))
    }

    /// The risk over a mini-batch: `size` examples drawn without replacement from a key. It has all operators of a risk; for
    /// the gradients alone of many batches take [`Risk::mini_batches`].
    ///
    /// ```
    /// use eigenscape::curvature::{Examples, Loss, Risk};
    /// use eigenscape::network::{Activation, Perceptron};
    /// use eigenscape::random::Key;
    ///
    /// let network = Perceptron::new(&[1, 1], Activation::Identity)?;
    /// let examples = Examples::new((0..100).map(f64::from).collect(), 1, vec![0.0; 100], 1)?;
    /// let risk = Risk::new(&network, Loss::SquaredError, examples)?;
    /// let batch = risk.mini_batch(32, Key::new(0))?;
    /// assert_eq!((batch.examples().count(), batch.examples().weights()[0]), (32, 1.0 / 32.0));
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `size` is 0 or above the number of examples.
    #[doc(alias = "subsample")]
    pub fn mini_batch(&self, size: usize, key: Key) -> Result<Self> {
        let count = self.examples().count();
        Error::at_least("the size of a mini-batch", size, 1, "must be at least 1")?;
        if size > count {
            let because = "the number of examples";
            return Err(Error::AboveLimit { what: "the size of a mini-batch", value: size, limit: count, because });
        }
        self.subset(&key.permutation(count)[..size])
    }

    /// The bytes of [`Risk::memory_budget`].
    pub(crate) fn memory_budget_bytes(&self) -> usize {
        self.memory_budget
    }

    /// Sets the bytes that one operator at one point may hold, [`Risk::MEMORY_BUDGET`] by default: residuals, workspaces and
    /// partial sums, but neither the data nor the vectors that products are given.
    ///
    /// Residuals are kept for as many chunks as there is room for; those of the others are recomputed in each product, to
    /// the same bits, which costs about a gradient more. What was decided is told by the operators' `memory`. A budget too
    /// small for a product to run is exceeded by what a product needs.
    ///
    /// Matrix products keep packing buffers with each thread, sized by its caches, which are not counted.
    #[doc(alias = "checkpointing")]
    #[doc(alias = "rematerialization")]
    pub fn memory_budget(self, bytes: usize) -> Self {
        Risk { memory_budget: bytes, ..self }
    }

    /// The examples.
    pub fn examples(&self) -> &Examples<T> {
        &self.chunked.examples
    }

    /// The network's parameter blocks.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The number of outputs of the network, C.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The coordinates of the blocks that a rule chooses, as the basis of a restriction to them.
    ///
    /// ```
    /// use eigenscape::curvature::{Examples, Loss, Risk};
    /// use eigenscape::network::{Activation, Perceptron, Role};
    /// use eigenscape::objective::{Objective, Point};
    /// use eigenscape::operator::{Compressed, LinearOperator};
    ///
    /// let network = Perceptron::new(&[2, 4, 1], Activation::Tanh)?;
    /// let examples = Examples::new(vec![0.5, 1.0, -1.0, 0.0], 2, vec![1.0, 0.0], 1)?;
    /// let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples)?;
    /// let point = risk.at(&[0.1; 17])?;
    /// let biases = risk.selection(|block| block.role == Role::Bias);
    /// assert_eq!(Compressed::new(point.hessian(), &biases)?.rows(), 4 + 1);
    /// let first_layer = risk.selection(|block| block.name.starts_with("0."));
    /// assert_eq!(Compressed::new(point.hessian(), &first_layer)?.rows(), 2 * 4 + 4);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    pub fn selection(&self, choose: impl Fn(&Block) -> bool) -> Selection {
        let ranges = self.blocks.iter().filter(|block| choose(block)).map(Block::range);
        Selection::new(self.parameters, ranges).expect("blocks stand back to back")
    }

    /// The recorded risk of one chunk: (theta, inputs, targets, weights) -> weighted sum of losses.
    pub fn program(&self) -> &Program<T> {
        &self.recording.risk
    }

    /// The logits of all examples, row by row: N x C.
    ///
    /// # Panics
    /// If `theta` does not have P entries.
    #[track_caller]
    pub fn logits(&self, theta: &[T]) -> Vec<T> {
        self.expect_parameters(theta);
        let partition = self.chunked.partition;
        let mut padded = vec![T::zero(); partition.rows * partition.chunks * self.outputs];
        parallel::each_piece(&mut padded, partition.rows * self.outputs, &|chunk, rows| {
            run_pooled(&self.logits, &self.logits_workspaces, &self.chunked.arguments(theta, chunk), &mut [rows]);
        });
        padded.truncate(self.examples().count() * self.outputs);
        padded
    }

    /// The share of examples whose largest logit is the one of their label (the first of them, at ties).
    ///
    /// # Errors
    /// If the examples have no labels, or a logit is not finite: its example has no largest one.
    ///
    /// # Panics
    /// If `theta` does not have P entries.
    #[track_caller]
    pub fn accuracy(&self, theta: &[T]) -> Result<f64> {
        let Some(labels) = self.examples().labels() else {
            return Err(Error::Empty { what: "the list of labels", remedy: "make the examples with `labelled`" });
        };
        let logits = self.logits(theta);
        Error::finite("the logits", &logits, "the network overflows at these parameters")?;
        let right = |(row, &label): (&[T], &usize)| {
            let largest = |best: usize, (class, z): (usize, &T)| if *z > row[best] { class } else { best };
            row.iter().enumerate().fold(0, largest) == label
        };
        let correct = logits.chunks_exact(self.outputs).zip(labels).filter(|&pair| right(pair)).count();
        Ok(correct as f64 / self.examples().count() as f64)
    }

    /// Gradients of mini-batches: permutations of the examples, cut into batches, a new one for each epoch.
    ///
    /// # Errors
    /// If `batch` is 0 or above the number of examples.
    pub fn mini_batches(&self, batch: usize, key: Key) -> Result<MiniBatches<'_, T>> {
        MiniBatches::new(self.examples(), &*self.record, batch, key)
    }

    #[track_caller]
    fn expect_parameters(&self, theta: &[T]) {
        assert_eq!(theta.len(), self.parameters, "theta must hold {} parameters", self.parameters);
    }
}

impl<T: Scalar> Stochastic<T> for Risk<T> {
    fn dim(&self) -> usize {
        self.parameters
    }

    #[track_caller]
    fn sample(&self, _step: u64, theta: &[T], gradient: &mut [T]) -> Result<f64> {
        self.expect_parameters(theta);
        assert_eq!(gradient.len(), self.parameters, "the gradient must hold {} entries", self.parameters);
        let chunks = self.chunked.partition.chunks;
        let value = sum_over_chunks(chunks, gradient, &self.vectors, &|chunk, gradient: &mut [T]| {
            let mut value = [T::zero()];
            let arguments = self.chunked.arguments(theta, chunk);
            run_pooled(&self.gradient, &self.gradient_workspaces, &arguments, &mut [&mut value, gradient]);
            value[0].f64()
        });
        finite_gradient(gradient)?;
        finite_value(value)
    }
}

impl<T: Scalar> Objective<T> for Risk<T> {
    type Point<'a> = RiskPoint<'a, T>;

    #[track_caller]
    fn value(&self, theta: &[T]) -> Result<f64> {
        self.expect_parameters(theta);
        let chunks = self.chunked.partition.chunks;
        let value = sum_over_chunks(chunks, &mut [], &Pool::default(), &|chunk, _: &mut [T]| {
            let mut value = [T::zero()];
            let arguments = self.chunked.arguments(theta, chunk);
            run_pooled(&self.value, &self.value_workspaces, &arguments, &mut [&mut value]);
            value[0].f64()
        });
        finite_value(value)
    }

    #[track_caller]
    fn at(&self, theta: &[T]) -> Result<RiskPoint<'_, T>> {
        self.expect_parameters(theta);
        finite_parameters(theta)?;
        let mut gradient = vec![T::zero(); self.parameters];
        let value = self.value_and_gradient(theta, &mut gradient)?;
        Ok(RiskPoint::new(self, theta.to_vec(), value, gradient))
    }
}

/// Fails unless each parameter block starts where the one before it ends.
fn contiguous(blocks: &[Block]) -> Result<()> {
    let mut end = 0;
    for block in blocks {
        Error::length("the part of the parameter vector before a block, by its `start`,", block.start, end)?;
        end += block.shape.size();
    }
    Ok(())
}
