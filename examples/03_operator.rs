//! Any symmetric operator will do: one written as a closure, without networks and without a stored matrix.
//!
//!     cargo run --release --example 03_operator

use std::f64::consts::PI;

use eigenscape::krylov::{ConjugateGradients, Eigensolver, Multiplicity, Which};
use eigenscape::operator::{AssumeSymmetric, Closure, Counted, Shifted};
use eigenscape::random::Key;
use eigenscape::spectrum::StochasticLanczos;

const SIDE: usize = 60;

fn main() -> eigenscape::Result<()> {
    // The negative Laplacian on a square grid that is held at its border: 3600 unknowns.
    let laplacian = |x: &[f64], y: &mut [f64]| {
        for (place, y) in y.iter_mut().enumerate() {
            let (row, col) = (place / SIDE, place % SIDE);
            let at = |inside: bool, place: usize| if inside { x[place] } else { 0.0 };
            let above = at(row > 0, place.wrapping_sub(SIDE)) + at(row + 1 < SIDE, place + SIDE);
            let beside = at(col > 0, place.wrapping_sub(1)) + at(col + 1 < SIDE, place + 1);
            *y = 4.0 * x[place] - above - beside;
        }
    };
    // Methods take operators that promise symmetry; for a closure, this is the place to promise it.
    let operator = Counted::new(AssumeSymmetric::new(Closure::new(SIDE * SIDE, SIDE * SIDE, laplacian)));

    let eigenvalue = |i: usize, j: usize| {
        let half = |k: usize| (PI * k as f64 / (2 * (SIDE + 1)) as f64).sin();
        4.0 * (half(i) * half(i) + half(j) * half(j))
    };
    let smallest = Eigensolver::new(4, Key::new(0)).which(Which::Smallest).run(&operator)?;
    let exact = [eigenvalue(1, 1), eigenvalue(1, 2), eigenvalue(2, 1), eigenvalue(2, 2)];
    println!("{:>14} {:>14} {:>10} {:>10}", "eigenvalue", "exact", "error", "bound");
    for ((value, exact), bound) in smallest.values.iter().zip(exact).zip(&smallest.error_bounds) {
        println!("{value:>14.10} {exact:>14.10} {:>10.0e} {bound:>10.0e}", (value - exact).abs());
    }
    if let Multiplicity::Checked { missed } = smallest.multiplicity {
        println!("two of them are copies of one value; the probability that a further copy was missed is {missed:.0e}");
    }

    // A linear system with the same operator, shifted.
    let mut load = vec![0.0; SIDE * SIDE];
    load[SIDE * SIDE / 2] = 1.0;
    let solution = ConjugateGradients::new().run(&Shifted::new(&operator, 0.1)?, &load)?;
    println!("(A + 0.1) x = b: {:?} after {} products", solution.report.stop, solution.report.matvecs);

    // The logarithm of its determinant.
    let measure = StochasticLanczos::new(Key::new(1)).probes(20).steps(80).run(&operator)?;
    let determinant = measure.log_determinant(0.0)?;
    let exact: f64 = (1..=SIDE).flat_map(|i| (1..=SIDE).map(move |j| (i, j))).map(|(i, j)| eigenvalue(i, j).ln()).sum();
    let error = determinant.standard_error.unwrap_or(f64::NAN);
    println!("log det {:.2} +- {error:.2}, exactly {exact:.2}", determinant.mean);
    println!("{} products in all", operator.matvecs());
    Ok(())
}
