//! Solvers of argmin minimize an objective of ours, and our curvature says what they found.
//!
//!     cargo run --release --manifest-path examples/argmin/Cargo.toml
//!
//! The adapter is general: any `Objective`, be it a recorded function or the risk of a network, is a cost function with a
//! gradient, and a Hessian that multiplies vectors without being stored.

use std::process::ExitCode;
use std::sync::Arc;

use argmin::core::{CostFunction, Error, Executor, Gradient, Hessian, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use argmin::solver::trustregion::{Steihaug, TrustRegion};
use argmin_math::ArgminDot;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::{Eigensolver, Which};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Penalized, Point, Recorded};
use eigenscape::operator::LinearOperator;
use eigenscape::random::Key;

/// An objective of ours as a problem of argmin.
struct Problem<'a, O>(&'a O);

impl<O: Objective<f64>> CostFunction for Problem<'_, O> {
    type Param = Vec<f64>;
    type Output = f64;
    fn cost(&self, theta: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.0.value(theta)?)
    }
}

impl<O: Objective<f64>> Gradient for Problem<'_, O> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;
    fn gradient(&self, theta: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let mut gradient = vec![0.0; theta.len()];
        self.0.value_and_gradient(theta, &mut gradient)?;
        Ok(gradient)
    }
}

/// The Hessian at a point, which has paid its primal part: argmin asks it for products and never for entries.
struct Products<P>(Arc<P>);

impl<P> Clone for Products<P> {
    fn clone(&self) -> Self {
        Products(Arc::clone(&self.0))
    }
}

impl<P: Point<f64>> ArgminDot<Vec<f64>, Vec<f64>> for Products<P> {
    fn dot(&self, v: &Vec<f64>) -> Vec<f64> {
        let mut product = vec![0.0; v.len()];
        self.0.hessian().apply(v, &mut product);
        product
    }
}

impl<'a, O: Objective<f64>> Hessian for Problem<'a, O> {
    type Param = Vec<f64>;
    type Hessian = Products<O::Point<'a>>;
    fn hessian(&self, theta: &Vec<f64>) -> Result<Self::Hessian, Error> {
        Ok(Products(Arc::new(self.0.at(theta)?)))
    }
}

/// Both solvers from one start, and the spectrum where they end: whether that is a minimum, and the same one.
fn study<O: Objective<f64>>(name: &str, objective: &O, start: &[f64]) -> Result<bool, Error> {
    let descent = LBFGS::new(MoreThuenteLineSearch::new(), 10).with_tolerance_grad(1e-9)?.with_tolerance_cost(0.0)?;
    let descent = Executor::new(Problem(objective), descent)
        .configure(|state| state.param(start.to_vec()).max_iters(2000))
        .run()?;
    let region = TrustRegion::new(Steihaug::new().with_max_iters(200)).with_max_radius(1e3)?;
    let region = Executor::new(Problem(objective), region)
        .configure(|state| state.param(start.to_vec()).max_iters(300).target_cost(f64::NEG_INFINITY))
        .run()?;
    println!("{name}, {} parameters", start.len());
    let mut good = true;
    let mut costs = Vec::new();
    for (solver, state) in
        [("L-BFGS", descent.state().get_best_param()), ("trust region", region.state().get_best_param())]
    {
        let point = objective.at(state.expect("a run has a best parameter"))?;
        let gradient = point.gradient().iter().map(|g| g * g).sum::<f64>().sqrt();
        let largest = Eigensolver::new(1, Key::new(0)).run(&point.hessian())?;
        let smallest = Eigensolver::new(1, Key::new(1)).which(Which::Smallest).run(&point.hessian())?;
        let (top, bottom, bound) = (largest.values[0], smallest.values[0], smallest.error_bounds[0]);
        println!(
            "  {solver:>12}: value {:.9}, |gradient| {gradient:.0e}, eigenvalues {bottom:.6} +- {bound:.0e} to {top:.4}",
            point.value(),
        );
        good &= gradient < 1e-6 && bottom - bound > 0.0;
        costs.push(point.value());
    }
    Ok(good && (costs[0] - costs[1]).abs() < 1e-9)
}

fn main() -> Result<ExitCode, Error> {
    let valley = Recorded::<f64>::new(50, |x| {
        let (here, next) = (x.slice(0, 0..49), x.slice(0, 1..50));
        ((next - here.powi(2)).powi(2) * 100.0 + (here - 1.0).powi(2)).sum()
    })?;
    // Near enough to the valley that both solvers come to the same minimum: there is another one.
    let mut good = study("Rosenbrock", &valley, &[0.5; 50])?;

    let network = Perceptron::new(&[4, 3], Activation::Tanh)?;
    let mut inputs = vec![0.0; 120 * 4];
    Key::new(2).normal(0, &mut inputs);
    let labels: Vec<usize> = inputs.chunks(4).map(|x| usize::from(x[0] > 0.3) + usize::from(x[1] > x[2])).collect();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 4, &labels, 3)?)?;
    let start = Initialization::lecun().draw(&network, Key::new(3));
    good &= study("softmax regression with a penalty", &Penalized::new(&risk, 0.01)?, &start)?;
    println!("{}", if good { "both solvers found one minimum each time" } else { "a solver did not find the minimum" });
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
