//! The curvature of any function at a point: extreme eigenvalues with error bounds, trace, and how many directions go down.
//!
//!     cargo run --release --example 02_hessian

use eigenscape::krylov::{Eigensolver, Which};
use eigenscape::objective::{Objective, Point, Recorded};
use eigenscape::random::Key;
use eigenscape::spectrum::{Hutchinson, StochasticLanczos, Sylvester};

const DIM: usize = 400;

fn main() -> eigenscape::Result<()> {
    // A ring of coupled double wells: each coordinate would like to be at -1 or 1, and like its neighbours.
    let ring = Recorded::<f64>::new(DIM, |x| {
        let next = x.slice(0, 1..DIM).concatenate(0, &[x.slice(0, 0..1)]);
        (x * x - 1.0).powi(2).sum() * 0.25 + (next - x).powi(2).sum() * 0.5
    })?;
    let mut theta = vec![0.0; DIM];
    Key::new(0).normal(0, &mut theta);
    theta.iter_mut().for_each(|x| *x *= 0.5);
    let point = ring.at(&theta)?;
    let hessian = point.hessian();

    for (name, which) in [("largest", Which::Largest), ("smallest", Which::Smallest)] {
        let pairs = Eigensolver::new(3, Key::new(1)).which(which).run(&hessian)?;
        println!("{name} eigenvalues, after {} products:", pairs.report.matvecs);
        for (value, bound) in pairs.values.iter().zip(&pairs.error_bounds) {
            println!("    {value:+.8}, error bound {bound:.0e}");
        }
    }

    // Known here: the diagonal is 3 x^2 - 1 + 2.
    let exact: f64 = theta.iter().map(|x| 3.0 * x * x + 1.0).sum();
    let trace = Hutchinson::new(100, Key::new(2)).run(&hessian)?;
    println!("trace {:.2} +- {:.2}, exactly {exact:.2}", trace.mean, trace.standard_error.unwrap_or(f64::NAN));

    // The index, the number of directions that go down: estimated from products alone, and counted on the whole matrix.
    let index = StochasticLanczos::new(Key::new(3)).probes(20).steps(60).run(&hessian)?.index(1e-6)?;
    let counted = Sylvester::new().run(&hessian)?;
    let interval = index.negative.interval(0.95)?;
    println!(
        "index by estimate {:.0}, with 95 % in {:.0} to {:.0}",
        index.negative.estimate.mean, interval.lower, interval.upper
    );
    println!("index by count {} of {DIM}", counted.negative);
    Ok(())
}
