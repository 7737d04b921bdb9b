//! The random model beside real networks: calibration, comparison, tracker.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::emergent::{Comparison, ModelComparison};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::Objective;
use eigenscape::random::Key;

use crate::digits::digits;

#[test]
#[ignore]
fn show_stated() {
    for key in 0..5 {
        let network = Perceptron::new(&[64, 64, 64, 10], Activation::Tanh).unwrap();
        let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits()).unwrap();
        let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(key));
        let start = std::time::Instant::now();
        let point = risk.at(&theta).unwrap();
        let comparison = ModelComparison::new(Key::new(100))
            .draws(if key == 0 { 1 } else { 0 })
            .observe(&point, |progress| {
                println!("{:?} {:?}", progress.next, start.elapsed());
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        println!("{comparison}");
        let mut d = comparison.outlier_differences(Comparison::GIVEN_MEANS, 0.7);
        d.iter_mut().for_each(|d| *d = d.abs());
        println!("{d:.3?}");
        d.sort_by(f64::total_cmp);
        println!("key {key} median {} max {} {:?}", d[d.len() / 2], d[d.len() - 1], start.elapsed());
    }
}
