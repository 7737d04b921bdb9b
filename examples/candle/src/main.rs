//! Curvature of a model of candle: its value and gradient in a closure, our spectra on differences of gradients.
//!
//!     cargo run --release --manifest-path examples/candle/Cargo.toml
//!
//! The same network recorded here has exact Hessian-vector products: eigenvalues and spectral distributions of both are
//! printed side by side, and the exit code says whether they agree within their errors.

use std::process::ExitCode;

use candle_core::{DType, Device, Module, Result as CandleResult, Tensor, Var};
use candle_nn::{Linear, loss::cross_entropy};
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Outside, Point};
use eigenscape::random::Key;
use eigenscape::spectrum::{Smoothing, StochasticLanczos, wasserstein};

const SIZES: [usize; 3] = [8, 16, 3];
const EXAMPLES: usize = 200;

/// The mean cross-entropy of two dense layers with a tanh between them, in double precision; overwrites the gradient.
fn candle_risk(inputs: &Tensor, labels: &Tensor, theta: &[f64], gradient: &mut [f64]) -> CandleResult<f64> {
    let device = Device::Cpu;
    // Weights are outputs x inputs in both libraries, so the blocks of the flat vector stand in the same order.
    let mut parameters: Vec<Var> = Vec::new();
    let mut rest = theta;
    for sizes in SIZES.windows(2) {
        let (weight, behind) = rest.split_at(sizes[1] * sizes[0]);
        let (bias, behind) = behind.split_at(sizes[1]);
        rest = behind;
        parameters.push(Var::from_slice(weight, (sizes[1], sizes[0]), &device)?);
        parameters.push(Var::from_slice(bias, sizes[1], &device)?);
    }
    let layer = |number: usize| {
        let [weight, bias] = [2 * number, 2 * number + 1].map(|at| parameters[at].as_tensor().clone());
        Linear::new(weight, Some(bias))
    };
    let hidden = layer(0).forward(inputs)?.tanh()?;
    let loss = cross_entropy(&layer(1).forward(&hidden)?, labels)?;
    let gradients = loss.backward()?;
    let mut rest = gradient;
    for parameter in &parameters {
        let (own, behind) = rest.split_at_mut(parameter.elem_count());
        let of_parameter = gradients.get(parameter).expect("the loss depends on every parameter");
        own.copy_from_slice(&of_parameter.flatten_all()?.to_vec1::<f64>()?);
        rest = behind;
    }
    loss.to_dtype(DType::F64)?.to_scalar()
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let network = Perceptron::new(&SIZES, Activation::Tanh)?;
    let mut data = vec![0.0; EXAMPLES * SIZES[0]];
    Key::new(0).normal(0, &mut data);
    let classes: Vec<usize> =
        data.chunks(SIZES[0]).map(|x| usize::from(x[0] > 0.0) + usize::from(x[1] > x[2])).collect();
    let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(1));

    let inputs = Tensor::from_slice(&data, (EXAMPLES, SIZES[0]), &Device::Cpu)?;
    let labels: Vec<u32> = classes.iter().map(|&class| class as u32).collect();
    let labels = Tensor::from_slice(&labels, EXAMPLES, &Device::Cpu)?;
    let outside = Outside::new(network.parameters(), |theta: &[f64], gradient: &mut [f64]| {
        // An error of candle's shows as a value that is not finite, which is refused where it arises.
        candle_risk(&inputs, &labels, theta, gradient).unwrap_or(f64::NAN)
    });
    let theirs = outside.at(&theta)?.tuned(Key::new(2));
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(data, SIZES[0], &classes, SIZES[2])?)?;
    let ours = risk.at(&theta)?;

    let difference = theirs.gradient().iter().zip(ours.gradient()).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
    println!("{} parameters; values {:.12} and {:.12}", theta.len(), theirs.value(), ours.value());
    println!("gradients differ by {difference:.1e}");
    let mut good = difference < 1e-12 && (theirs.value() - ours.value()).abs() < 1e-12;

    // Products from differences err, by an amount that each states: no residual can be smaller.
    let solver = Eigensolver::new(5, Key::new(3));
    let exact = solver.run(&ours.hessian())?;
    let measured = solver.absolute_tolerance(1e-7).run(&theirs.hessian())?;
    println!("largest eigenvalues    candle + differences     recorded here    apart    stated");
    for pair in 0..5 {
        let mut product = vec![0.0; theta.len()];
        let error = theirs.hessian().apply_with_error(measured.vector(pair), &mut product);
        let stated = error + measured.error_bounds[pair] + exact.error_bounds[pair];
        let apart = (measured.values[pair] - exact.values[pair]).abs();
        println!("  {:>40.12} {:>17.12}  {apart:.1e}  {stated:.1e}", measured.values[pair], exact.values[pair]);
        good &= apart <= stated && stated < 1e-5;
    }

    // The same probes on both sides.
    let density = StochasticLanczos::new(Key::new(4)).probes(10).steps(60);
    let (theirs, ours) = (density.run(&theirs.hessian())?, density.run(&ours.hessian())?);
    let [left, right] = [theirs.density(&Smoothing::new())?, ours.density(&Smoothing::new())?];
    let distance = wasserstein(&theirs.mean(), &ours.mean());
    println!("spectral distributions: Wasserstein distance {distance:.1e};");
    println!("densities integrate to {:.4} and {:.4}", left.integral(), right.integral());
    good &= distance < 1e-6;
    println!("{}", if good { "they agree" } else { "they do not agree" });
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
