//! What a risk refuses, and in which words.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::network::{Activation, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::LinearOperator;

fn pair() -> Examples<f64> {
    Examples::labelled(vec![0.5, 1.0, -1.0, 0.0], 2, &[1, 0], 2).unwrap()
}

fn risk(sizes: &[usize], examples: Examples<f64>) -> eigenscape::Result<Risk<f64>> {
    Risk::new(&Perceptron::new(sizes, Activation::Tanh).unwrap(), Loss::SoftmaxCrossEntropy, examples)
}

#[test]
fn wrong_examples_are_refused() {
    let new = |inputs: &[f64], width, targets: &[f64], outputs| {
        Examples::new(inputs.to_vec(), width, targets.to_vec(), outputs).unwrap_err().to_string()
    };
    assert_eq!(new(&[], 2, &[], 2), "the set of examples is empty; give at least one example");
    assert_eq!(new(&[1.0], 0, &[1.0], 1), "the number of inputs of an example is 0; it must be at least 1");
    assert_eq!(new(&[1.0], 1, &[1.0], 0), "the number of targets of an example is 0; it must be at least 1");
    assert!(new(&[1.0; 5], 2, &[1.0; 2], 1).starts_with("the list of inputs (examples x inputs) has 5 entries"));
    assert!(new(&[1.0; 4], 2, &[1.0; 3], 1).starts_with("the list of targets (examples x outputs) has 3 entries"));
    assert!(new(&[1.0, f64::NAN], 1, &[1.0; 2], 1).starts_with("entry 1 of the inputs is NaN"));
    assert!(new(&[1.0, 2.0], 1, &[f64::INFINITY, 0.0], 1).starts_with("entry 0 of the targets is inf"));

    let labelled =
        |labels: &[usize], classes| Examples::labelled(vec![1.0, 2.0], 1, labels, classes).unwrap_err().to_string();
    let error = labelled(&[0, 3], 3);
    assert!(error.starts_with("the label of example 1 is 3; with 3 classes labels run from 0 to 2"), "{error}");
    assert!(labelled(&[0, 0], 0).contains("classes"));
    assert!(labelled(&[0], 2).contains("the list of labels"));
    assert!(Examples::<f64>::labelled(vec![], 1, &[], 2).unwrap_err().to_string().contains("is empty"));
}

#[test]
fn wrong_weights_and_selections_are_refused() {
    let weighted = |weights: &[f64]| pair().weighted(weights.to_vec()).unwrap_err().to_string();
    assert_eq!(weighted(&[1.0]), "the list of weights has 1 entries; it must have 2");
    assert!(weighted(&[1.0, -0.5]).starts_with("the weight of an example is -0.5; it must be at least 0"));
    assert!(weighted(&[f64::NAN, 1.0]).starts_with("entry 0 of the weights is NaN"));
    assert!(pair().select(&[]).unwrap_err().to_string().contains("select at least one"));
    assert!(pair().select(&[0, 2]).unwrap_err().to_string().contains("is 2; it must be at most 1"));
    let chosen = pair().select(&[1, 1, 0]).unwrap();
    assert_eq!((chosen.labels().unwrap(), chosen.weights()[0]), (&[0, 0, 1][..], 1.0 / 3.0));
    assert_eq!(chosen.inputs(), [-1.0, 0.0, -1.0, 0.0, 0.5, 1.0]);
}

#[test]
fn networks_that_do_not_fit_the_data_are_refused() {
    let refused = |sizes: &[usize]| risk(sizes, pair()).unwrap_err().to_string();
    assert_eq!(refused(&[3, 2]), "a row of inputs has 2 entries; it must have 3");
    assert_eq!(refused(&[2, 3]), "a row of targets has 2 entries; it must have 3");
}

#[test]
fn targets_of_cross_entropy_are_probabilities() {
    let targets = |targets: &[f64]| risk(&[1, 2], Examples::new(vec![1.0, 2.0], 1, targets.to_vec(), 2).unwrap());
    assert!(targets(&[0.25, 0.75, 0.1, 0.9]).is_ok());
    let error = targets(&[0.5, 0.5, 1.0, 1.0]).unwrap_err().to_string();
    assert!(error.starts_with("the sum of a row of targets is 2; it must be 1"), "{error}");
    let error = targets(&[1.5, -0.5, 1.0, 0.0]).unwrap_err().to_string();
    assert!(error.starts_with("a target is -0.5; it must be at least 0"), "{error}");
    // Soft targets in single precision sum to 1 as well as they can.
    let soft: Vec<f32> = (0..1000).map(|_| 1.0 / 1000.0).collect();
    let network = Perceptron::new(&[1, 1000], Activation::Tanh).unwrap();
    let examples = Examples::new(vec![1.0f32], 1, soft, 1000).unwrap();
    assert!(Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).is_ok());
}

#[test]
fn numbers_that_are_not_finite_are_reported() {
    let risk = risk(&[2, 2], pair()).unwrap();
    let mut theta = [0.1; 6];
    theta[4] = f64::NAN;
    let error = risk.at(&theta).unwrap_err().to_string();
    assert!(error.starts_with("entry 4 of the parameters is NaN"), "{error}");
    assert!(risk.value(&theta).unwrap_err().to_string().contains("the value of the objective"));
    assert!(risk.value_and_gradient(&theta, &mut [0.0; 6]).is_err());
    // Finite parameters may overflow on the way.
    let squares = Risk::new(
        &Perceptron::new(&[2, 2], Activation::Tanh).unwrap(),
        Loss::SquaredError,
        Examples::new(vec![1e200; 2], 2, vec![0.0; 2], 2).unwrap(),
    );
    assert!(squares.unwrap().at(&[1e200; 6]).is_err());
}

#[test]
fn large_logits_do_not_overflow() {
    let risk = risk(&[2, 2], pair()).unwrap();
    let point = risk.at(&[1e4; 6]).unwrap();
    assert!((point.value() - std::f64::consts::LN_2).abs() < 1e-10);
    let far = [1e6, -1e6, -1e6, 1e6, 0.0, 0.0];
    let point = risk.at(&far).unwrap();
    let mut product = [0.0; 6];
    point.hessian().apply(&[1.0; 6], &mut product);
    assert!(point.value().is_finite() && product.iter().all(|x| x.is_finite()));
}

#[test]
#[should_panic(expected = "theta must hold 6 parameters")]
fn theta_of_a_wrong_length_panics() {
    let _ = risk(&[2, 2], pair()).unwrap().value(&[0.0; 5]);
}

#[test]
#[should_panic(expected = "the gradient must hold 6 entries")]
fn a_gradient_of_a_wrong_length_panics() {
    let _ = risk(&[2, 2], pair()).unwrap().value_and_gradient(&[0.0; 6], &mut [0.0; 5]);
}

#[test]
#[should_panic(expected = "a 6x6 operator takes x of 6 entries to y of 6, but x has 5 and y has 6")]
fn a_product_of_a_wrong_length_panics() {
    let risk = risk(&[2, 2], pair()).unwrap();
    risk.at(&[0.0; 6]).unwrap().hessian().apply(&[0.0; 5], &mut [0.0; 6]);
}
