//! The programs of a risk: recorded once for a chunk, differentiated by composition.

use super::LossFunction;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::scalar::Scalar;
use crate::tape::{
    Builder, Derivative, LinearBuilder, Linearization, Program, Residual, Shape, Tape, embed_at, linearize, transpose,
};

/// The argument of every recorded program of a risk that holds the parameters; inputs, targets and weights follow.
const PARAMETERS: usize = 0;

/// What is recorded of a network and a loss for a number of rows.
#[derive(Clone, Debug)]
pub(super) struct Recording<T> {
    /// (theta, inputs, targets, weights) -> weighted sum of losses
    pub(super) risk: Program<T>,
    /// (theta, inputs, targets, weights) -> logits
    pub(super) logits: Program<T>,
    /// (logits, targets, weights) -> weighted sum of losses
    loss: Program<T>,
    /// (theta, inputs, targets, weights) -> (risk, gradient)
    pub(super) gradient: Program<T>,
}

impl<T: Scalar> Recording<T> {
    pub(super) fn new(network: &impl Network, loss: &dyn LossFunction<T>, rows: usize) -> Result<Self> {
        let blocks: Vec<Shape> = network.blocks().iter().map(|block| block.shape).collect();
        let logits_shape = Shape::new(&[rows, network.outputs()])?;
        let arguments = [vec![Shape::new(&[rows, network.inputs()])?], vec![logits_shape], vec![Shape::vector(rows)]];

        let loss = {
            let tape = Tape::new();
            let [z, targets, weights] =
                [tape.argument(logits_shape), tape.argument(logits_shape), tape.argument(Shape::vector(rows))];
            let losses = loss.record(z, targets);
            tape.finish(&[&[losses]])?;
            if losses.shape() != weights.shape() {
                return Err(Error::Shapes {
                    operation: "recording a loss",
                    left: losses.shape().extents().to_vec(),
                    right: weights.shape().extents().to_vec(),
                    rule: "the recorded losses must be a vector with an entry for each example",
                    location: None,
                });
            }
            let sum = losses.dot(weights);
            tape.finish(&[&[sum]])?
        };
        let logits = {
            let tape = Tape::new();
            let theta = tape.arguments(&blocks);
            let rest: Vec<_> = arguments.iter().map(|shapes| tape.arguments(shapes)).collect();
            let z = network.record(&theta, rest[0][0]);
            // What went wrong first comes first: a wrong shape may follow from it.
            let program = tape.finish(&[&[z]])?;
            if z.shape() != logits_shape {
                return Err(Error::Shapes {
                    operation: "recording a network",
                    left: z.shape().extents().to_vec(),
                    right: logits_shape.extents().to_vec(),
                    rule: "the recorded outputs must be examples x outputs",
                    location: None,
                });
            }
            program
        };
        let mut builder = Builder::new();
        let inputs: Vec<_> = logits.arguments().iter().map(|shapes| builder.argument(shapes)).collect();
        let z = builder.inline(&logits, &inputs).remove(0);
        let value = builder.inline(&loss, &[z, inputs[2].clone(), inputs[3].clone()]);
        let risk = builder.finish(value);
        let gradient = risk.gradient(PARAMETERS)?;
        Ok(Recording { risk, logits, loss, gradient })
    }

    /// H v: the linear part of the gradient.
    pub(super) fn hessian(&self) -> Derivative<T> {
        Derivative::adding(&linear_part(&self.gradient.select(&[1])))
    }

    /// (logits, targets, weights) -> the gradient of the weighted sum of losses by the logits
    pub(super) fn logit_gradient(&self) -> Program<T> {
        self.loss.gradient(0).expect("a loss is one number of its logits").select(&[1])
    }

    /// S u, the linear part of that.
    pub(super) fn logit_curvature(&self) -> Derivative<T> {
        Derivative::new(&linear_part(&self.logit_gradient()))
    }

    /// J v and J' u, at the same residuals.
    pub(super) fn jacobian(&self) -> Derivative<T> {
        Derivative::adding_both(&linear_part(&self.logits))
    }

    /// (H - G) v: the derivative of theta -> J(theta)' e along v, with e, the loss's gradient by the logits, held.
    pub(super) fn remainder(&self) -> Derivative<T> {
        let Linearization { primal, linear } = linear_part(&self.logits);
        // (theta, inputs, targets, weights, e) -> J' e
        let pulled = {
            let mut builder = Builder::new();
            let arguments: Vec<_> = primal.arguments().iter().map(|shapes| builder.argument(shapes)).collect();
            let cotangent = builder.argument(&self.logits.results()[0]);
            let residuals = builder.inline(&primal, &arguments).remove(1);
            let results = embed_at(&mut builder, &transpose(&linear), &residuals, &[cotangent]);
            builder.finish(results)
        };
        let Linearization { primal, linear } = linear_part(&pulled);
        let mut builder = Builder::new();
        let mut arguments: Vec<_> = self.logits.arguments().iter().map(|shapes| builder.argument(shapes)).collect();
        let logits = builder.inline(&self.logits, &arguments).remove(0);
        let at_logits = [logits, arguments[2].clone(), arguments[3].clone()];
        arguments.push(builder.inline(&self.logit_gradient(), &at_logits).remove(0));
        let residuals = builder.inline(&primal, &arguments).remove(1);
        Derivative::adding(&Linearization { primal: builder.finish(vec![residuals]), linear })
    }

    /// J' S J v, in one linear program, so that J and J' share their residuals.
    pub(super) fn gauss_newton(&self) -> Derivative<T> {
        let jacobian = linear_part(&self.logits);
        let curvature = linear_part(&self.logit_gradient());

        let mut primal = Builder::new();
        let arguments: Vec<_> = jacobian.primal.arguments().iter().map(|shapes| primal.argument(shapes)).collect();
        let mut logits = primal.inline(&jacobian.primal, &arguments);
        let mut residuals = logits.remove(1);
        let targets_and_weights = [arguments[2].clone(), arguments[3].clone()];
        let at_logits = [vec![logits.remove(0)], targets_and_weights.to_vec()].concat();
        let split = residuals.len();
        residuals.extend(primal.inline(&curvature.primal, &at_logits).pop().unwrap_or_default());

        let shapes = [jacobian.linear.residuals(), curvature.linear.residuals()].concat();
        let numbers: Vec<Residual> = (0..shapes.len()).map(Residual::new).collect();
        let mut linear = LinearBuilder::new(shapes);
        let direction = linear.argument(&jacobian.linear.arguments()[0]);
        let tangent = linear.inline(&jacobian.linear, &numbers[..split], &[direction]);
        let cotangent = linear.inline(&curvature.linear, &numbers[split..], &tangent);
        let product = linear.inline(&transpose(&jacobian.linear), &numbers[..split], &cotangent);
        let (linear, left) = linear.finish(product);
        let residuals = left.iter().map(|residual| residuals[residual.index()]).collect();
        Derivative::adding(&Linearization { primal: primal.finish(vec![residuals]), linear })
    }

    /// The number of values that one row computes on its way to the risk.
    pub(super) fn activations(network: &impl Network, loss: &dyn LossFunction<T>) -> Result<usize> {
        let one: Recording<T> = Recording::new(network, loss, 1)?;
        let arguments: usize = (0..one.risk.arguments().len()).map(|a| one.risk.argument_len(a)).sum();
        Ok(one.risk.elements().saturating_sub(arguments))
    }
}

fn linear_part<T: Scalar>(program: &Program<T>) -> Linearization<T> {
    linearize(program, &[PARAMETERS]).expect("the first argument exists")
}
