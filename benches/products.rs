//! Medians of gradient and curvature products, as lines of JSON: our side of the comparison in `benches/peers/`.

mod common;

use common::clock::{alternate, median, repetitions};
use eigenscape::check;
use eigenscape::curvature::Risk;
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;
use eigenscape::random::Key;

/// Vectors of a block product.
const BLOCK: usize = 8;

fn products(name: &str, (risk, theta): (Risk<f32>, Vec<f32>), repetitions: usize) {
    let point = risk.at(&theta).unwrap();
    let (hessian, gauss_newton) = (point.hessian(), point.gauss_newton());
    assert!(check::gradient(&risk, &theta, Key::new(3)).unwrap().holds());
    assert!(check::hessian(&risk, &theta, Key::new(3)).unwrap().holds());
    assert!(check::symmetric(&gauss_newton, Key::new(3)).unwrap().holds());

    let block: Vec<f32> = common::normal(BLOCK * theta.len(), 4);
    let v = &block[..theta.len()];
    let mut block_out = block.clone();
    let [mut gradient_out, mut hessian_out, mut gauss_newton_out] = [v.to_vec(), v.to_vec(), v.to_vec()];
    let times = alternate(
        repetitions,
        [
            &mut || _ = risk.value_and_gradient(&theta, &mut gradient_out).unwrap(),
            &mut || hessian.apply(v, &mut hessian_out),
            &mut || gauss_newton.apply(v, &mut gauss_newton_out),
            &mut || hessian.apply_block(&block, &mut block_out, BLOCK),
        ],
    );
    assert!(common::distance(&block_out[..theta.len()], &hessian_out) < 1e-5, "the block's first product is another");
    for (index, quantity) in ["gradient", "hessian", "gauss_newton", "hessian_block_of_8"].into_iter().enumerate() {
        let vectors = if index == 3 { BLOCK } else { 1 };
        let milliseconds = median(&times[index]) / vectors as f64;
        println!(r#"{{"work":"{name}","quantity":"{quantity}","milliseconds":{milliseconds:.4}}}"#);
    }
}

fn main() {
    let repetitions = repetitions(5);
    for (name, work) in common::works() {
        products(name, work, repetitions);
    }
}
