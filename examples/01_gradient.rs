//! A function is recorded once, as ordinary Rust; its gradient and products with its Hessian are programs made from the record.
//!
//!     cargo run --release --example 01_gradient

use eigenscape::check;
use eigenscape::objective::{Objective, Point, Recorded};
use eigenscape::operator::LinearOperator;
use eigenscape::random::Key;
use eigenscape::tape::{Program, Shape};

const DIM: usize = 1000;

fn main() -> eigenscape::Result<()> {
    // Rosenbrock's function in 1000 dimensions: a narrow, bent valley.
    let valley = Recorded::<f64>::new(DIM, |x| {
        let (head, tail) = (x.slice(0, 0..DIM - 1), x.slice(0, 1..DIM));
        (tail - head * head).powi(2).sum() * 100.0 + (head - 1.0).powi(2).sum()
    })?;

    let theta: Vec<f64> = (0..DIM).map(|i| (i as f64).sin()).collect();
    let point = valley.at(&theta)?; // value and gradient are paid here, once
    println!("f = {:.6}, gradient begins with {:.4?}", point.value(), &point.gradient()[..3]);

    // The Hessian is an operator: it is known by its products and never stored.
    let hessian = point.hessian();
    let mut direction = vec![0.0; DIM];
    Key::new(0).normal(0, &mut direction);
    let mut product = vec![0.0; DIM];
    hessian.apply(&direction, &mut product);
    println!("H v begins with {:.4?}", &product[..3]);

    // By hand: row i of the Hessian has three entries.
    let by_hand = |i: usize| -> f64 {
        let mut sum = 0.0;
        if i > 0 {
            sum += -400.0 * theta[i - 1] * direction[i - 1] + 200.0 * direction[i];
        }
        if i + 1 < DIM {
            sum += (1200.0 * theta[i] * theta[i] - 400.0 * theta[i + 1] + 2.0) * direction[i];
            sum -= 400.0 * theta[i] * direction[i + 1];
        }
        sum
    };
    let off = (0..DIM).map(|i| (product[i] - by_hand(i)).abs()).fold(0.0, f64::max);
    println!("largest difference from the formula: {off:.1e}");
    assert!(off < 1e-9);

    // The same laws that the crate is tested with, for functions of your own.
    let [gradient, curvature] =
        [check::gradient(&valley, &theta, Key::new(1))?, check::hessian(&valley, &theta, Key::new(2))?];
    println!("against differences: gradient {}, Hessian {}", gradient.holds(), curvature.holds());

    // A recorded program can be read, with what each instruction costs.
    let program = Program::<f64>::record([Shape::vector(3)], |[x]| (x.sin() * x).sum())?;
    println!("\n{program}");
    Ok(())
}
