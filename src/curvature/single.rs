//! What a risk says of single examples: at their logits, row by row, and along a direction.

use super::Risk;
use super::chunks::{Pool, fill_up, run_pooled, sum_over_chunks};
use crate::error::Result;
use crate::objective::Taylor;
use crate::parallel;
use crate::scalar::Scalar;
use crate::tape::{Derivative, Plan, Workspace, run_linear};

impl<T: Scalar> Risk<T> {
    /// The gradients of the losses of single examples by their logits, unweighted, N x C.
    pub(super) fn logit_gradients(&self, logits: &[T], targets: &[T]) -> Vec<T> {
        let plan = self.derivatives.logit_gradient.get_or_init(|| Plan::new(&self.recording.logit_gradient()));
        self.over_logits(logits, targets, |arguments, out, workspace| plan.run(arguments, &mut [out], workspace), plan)
    }

    /// S_m u for each example, unweighted, N x C, with the same u for all.
    pub(super) fn logit_products(&self, logits: &[T], u: impl Fn(usize) -> T) -> Vec<T> {
        let derivative = self.derivatives.logit_curvature.get_or_init(|| self.recording.logit_curvature());
        let vector: Vec<T> = (0..self.chunked.partition.rows * self.outputs).map(|k| u(k % self.outputs)).collect();
        let mut residuals = vec![T::zero(); derivative.residual_len()];
        let mut primal = derivative.primal.workspace();
        let product = |arguments: &[&[T]], out: &mut [T], workspace: &mut Workspace<T>| {
            derivative.primal.run(arguments, &mut [&mut residuals], &mut primal);
            run_linear(&derivative.linear, (&residuals, arguments), &vector, out, workspace);
        };
        self.over_logits(logits, self.examples().targets(), product, &derivative.linear)
    }

    /// The derivatives of the risk along a direction, chunk by chunk.
    pub(super) fn along(&self, theta: &[T], direction: &[T]) -> Result<Taylor> {
        let plan = self.derivatives.taylor.get_or_init(|| {
            let program = self.recording.risk.derivatives_along(0, Taylor::ORDER);
            Plan::new(&program.expect("a risk is one number, and the parameters are its first argument"))
        });
        let workspaces = Pool::default();
        let chunks: Vec<[T; 4]> = parallel::map(0..self.chunked.partition.chunks, &|chunk| {
            let mut out = [T::zero(); 4];
            let [value, slope, curvature, third] = out.each_mut().map(std::slice::from_mut);
            let [theta, inputs, targets, weights] = self.chunked.arguments(theta, chunk);
            let arguments = [theta, inputs, targets, weights, direction];
            run_pooled(plan, &workspaces, &arguments, &mut [value, slope, curvature, third]);
            out
        });
        Taylor::new([0, 1, 2, 3].map(|order| chunks.iter().map(|chunk| chunk[order].f64()).sum()))
    }

    /// Gradients of single examples, one after the other.
    pub(super) fn singles<'a>(&'a self, theta: &'a [T]) -> Result<Singles<'a, T>> {
        let recording = match self.derivatives.single.get() {
            Some(_) => None,
            None => Some((self.record)(1)?),
        };
        let derivative = self.derivatives.single.get_or_init(|| recording.expect("recorded above").jacobian());
        let (residuals, primal, workspaces) = (Pool::default(), Pool::default(), Pool::default());
        Ok(Singles { risk: self, theta, derivative, residuals, primal, workspaces, buffers: Pool::default() })
    }

    /// Runs something on (logits, targets, weights of one) chunk by chunk; N x C.
    fn over_logits(
        &self,
        logits: &[T],
        targets: &[T],
        mut run: impl FnMut(&[&[T]], &mut [T], &mut Workspace<T>),
        plan: &Plan<T>,
    ) -> Vec<T> {
        let len = self.chunked.partition.rows * self.outputs;
        let ones = vec![T::one(); self.chunked.partition.rows];
        let mut workspace = plan.workspace();
        let mut all = Vec::with_capacity(logits.len());
        let mut out = vec![T::zero(); len];
        for (z, y) in logits.chunks(len).zip(targets.chunks(len)) {
            let [mut z, mut y] = [z.to_vec(), y.to_vec()];
            let rows = z.len() / self.outputs;
            fill_up(&mut z, self.chunked.partition.rows, self.outputs);
            fill_up(&mut y, self.chunked.partition.rows, self.outputs);
            run(&[&z, &y, &ones], &mut out, &mut workspace);
            all.extend_from_slice(&out[..rows * self.outputs]);
        }
        all
    }
}

/// J' of single examples, and what it runs with.
pub(super) struct Singles<'a, T> {
    risk: &'a Risk<T>,
    theta: &'a [T],
    derivative: &'a Derivative<T>,
    residuals: Pool<Vec<T>>,
    primal: Pool<Workspace<T>>,
    workspaces: Pool<Workspace<T>>,
    /// A cotangent of C entries and a gradient of P.
    buffers: Pool<[Vec<T>; 2]>,
}

impl<T: Scalar> Singles<'_, T> {
    /// Calls `visit` with J_m' u for each of `rows` cotangents u of example m, which `cotangent` writes.
    pub(super) fn rows(
        &self,
        m: usize,
        rows: usize,
        cotangent: impl Fn(usize, &mut [T]),
        mut visit: impl FnMut(usize, &[T]),
    ) {
        let (risk, examples) = (self.risk, self.risk.examples());
        let backward = self.derivative.transposed.as_ref().expect("the transpose was planned too");
        let inputs = &examples.inputs()[m * examples.input_len()..][..examples.input_len()];
        let targets = &examples.targets()[m * examples.target_len()..][..examples.target_len()];
        let arguments: [&[T]; 4] = [self.theta, inputs, targets, &examples.weights()[m..=m]];
        let mut residuals = self.residuals.take(|| vec![T::zero(); self.derivative.residual_len()]);
        run_pooled(&self.derivative.primal, &self.primal, &arguments, &mut [&mut residuals]);
        let mut workspace = self.workspaces.take(|| backward.workspace());
        let mut buffers = self.buffers.take(|| [risk.outputs, risk.parameters].map(|len| vec![T::zero(); len]));
        let [u, gradient] = &mut buffers;
        for row in 0..rows {
            cotangent(row, u);
            gradient.fill(T::zero());
            run_linear(backward, (&residuals, &arguments), u, gradient, &mut workspace);
            visit(row, gradient);
        }
        self.residuals.give(residuals);
        self.workspaces.give(workspace);
        self.buffers.give(buffers);
    }

    /// Adds up what `add` makes of the rows of all examples, in a fixed order.
    pub(super) fn sum(
        &self,
        rows: usize,
        cotangent: impl Fn(usize, usize, &mut [T]) + Sync,
        add: impl Fn(usize, &[T], &mut [T]) + Sync,
    ) -> Vec<T> {
        let mut sum = vec![T::zero(); self.risk.parameters];
        sum_over_chunks(self.risk.examples().count(), &mut sum, &self.risk.vectors, &|m, sum: &mut [T]| {
            self.rows(m, rows, |row, u| cotangent(m, row, u), |row, gradient| add(m * rows + row, gradient, sum));
            0.0
        });
        sum
    }
}
