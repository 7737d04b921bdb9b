//! Where the outliers of a digit classifier's Hessian come from: its spectrum beside those of the Gauss-Newton matrix and
//! of class means, and what remains when these are knocked out.
//!
//!     cargo run --release --example operators

use std::ops::ControlFlow;

use eigenscape::curvature::{ClassPart, Examples, Loss, Risk};
use eigenscape::data::Idx;
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{Scaled, Sum, Symmetric};
use eigenscape::optimize::{GradientDescent, descend};
use eigenscape::random::Key;

const TOP: usize = 12;

fn main() -> eigenscape::Result<()> {
    let images = Idx::parse(include_bytes!("data/digits-images-idx3-ubyte.gz"))?;
    let labels = Idx::parse(include_bytes!("data/digits-labels-idx1-ubyte.gz"))?;
    let inputs = images.standardized::<f64>(images.moments())?;
    let examples = Examples::labelled(inputs, 64, &labels.labels()?, 10)?;
    let network = Perceptron::new(&[64, 32, 10], Activation::Tanh)?;
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
    let mut theta = Initialization::lecun().draw(&network, Key::new(0));
    println!("{} parameters, {} digits", network.parameters(), risk.examples().count());

    for steps in [0, 60] {
        theta = descend(&risk, &theta, &mut GradientDescent::new(0.3)?, steps, |_| ControlFlow::Continue(()))?.theta;
        let point = risk.at(&theta)?;
        let structure = point.class_structure()?;
        let ratio = point.remainder_ratio(40, Key::new(1))?;
        println!("\nloss {:.3}, accuracy {:.3}", point.value(), risk.accuracy(&theta)?);
        println!("|H - G| / |G| = {:.3} +- {:.3}", ratio.mean, ratio.standard_error.unwrap_or(f64::NAN));
        let classes = structure.parts(&[ClassPart::Classes]);
        let columns = [
            ("H", top(&point.hessian())?),
            ("G", top(&point.gauss_newton())?),
            ("class means", structure.eigenvalues(ClassPart::Classes)?),
            ("pairs", structure.eigenvalues(ClassPart::Pairs)?),
            ("G less class means", top(&structure.parts(&ClassPart::ALL[1..]))?),
            ("H less class means", top(&Sum::new(point.hessian(), Scaled::new(-1.0, classes))?)?),
        ];
        println!("{}", columns.each_ref().map(|(name, _)| format!("{name:>19}")).concat());
        for row in 0..TOP {
            let cell = |values: &Vec<f64>| values.get(row).map_or(String::new(), |value| format!("{value:.4}"));
            println!("{}", columns.each_ref().map(|(_, values)| format!("{:>19}", cell(values))).concat());
        }
    }
    Ok(())
}

fn top(operator: &impl Symmetric<f64>) -> eigenscape::Result<Vec<f64>> {
    Ok(Eigensolver::new(TOP, Key::new(2)).run(operator)?.values)
}
