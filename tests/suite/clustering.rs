//! Clustering, freezing and confinement against the dense Jacobian, one pair of gradients after the other.

use eigenscape::Scalar;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::emergent::{Clustering, Confinement, Freezing};
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Initialization, Network, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::to_dense;
use eigenscape::random::Key;

use crate::digits::digits;
use crate::support::{dot, norm, normal};

/// A risk with classes of unequal sizes, and a point.
fn risk<T: Scalar>(activation: Activation) -> (Risk<T>, Vec<T>, Vec<usize>) {
    let network = Perceptron::new(&[3, 5, 4], activation).unwrap();
    let labels = vec![0, 2, 2, 1, 0, 2, 0, 2, 1, 0, 0];
    let inputs = normal(labels.len() * 3, Key::new(1));
    let examples = Examples::labelled(inputs, 3, &labels, 4).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta = Initialization::glorot().draw(&network, Key::new(2));
    (risk, theta, labels)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[track_caller]
fn close(what: &str, actual: Option<f64>, expected: Option<f64>, tolerance: f64) {
    match (actual, expected) {
        (Some(actual), Some(expected)) => {
            assert!((actual - expected).abs() <= tolerance, "{what}: {actual} should be {expected}");
        }
        (actual, expected) => assert_eq!(actual, expected, "{what}"),
    }
}

fn pairs_one_by_one<T: Scalar>(activation: Activation) {
    let (risk, theta, labels) = risk::<T>(activation);
    let point = risk.at(&theta).unwrap();
    let (labels, count, classes) = (&labels, labels.len(), 4);
    let dense = to_dense(&point.jacobian());
    let blocks: Vec<_> = risk.blocks().iter().map(|block| block.range()).collect();
    let ranges: Vec<_> = std::iter::once(0..theta.len()).chain(blocks).collect();
    let tolerance = 64.0 * T::EPSILON.f64();
    let whole = Clustering::measure(&point).unwrap();
    let mut parts = Clustering::measure_ranges(&point, &ranges[1..]).unwrap();
    parts.insert(0, whole);
    for (range, clustering) in ranges.iter().zip(&parts) {
        let row = |m: usize, k: usize| -> Vec<f64> {
            let row = &dense.entries()[(m * classes + k) * theta.len()..][..theta.len()];
            row[range.clone()].iter().map(|x| x.f64()).collect()
        };
        let cosine = |(m, k): (usize, usize), (n, l): (usize, usize)| {
            let (a, b) = (row(m, k), row(n, l));
            let sizes = norm(&a) * norm(&b);
            if sizes > 0.0 { dot(&a, &b) / sizes } else { 0.0 }
        };
        let examples = || (0..count).flat_map(|m| (0..count).map(move |n| (m, n)));
        let logits = || (0..classes).flat_map(|k| (0..classes).map(move |l| (k, l)));
        let what = format!("{:?} {range:?} in {}", activation, T::NAME);
        let within = examples().filter(|&(m, n)| m != n && labels[m] == labels[n]);
        let within = within.flat_map(|(m, n)| (0..classes).map(move |k| (m, n, k)));
        close(&what, clustering.same_logit_and_class, mean(within.map(|(m, n, k)| cosine((m, k), (n, k)))), tolerance);
        let same = examples().filter(|&(m, n)| m != n).flat_map(|(m, n)| (0..classes).map(move |k| (m, n, k)));
        close(&what, clustering.same_logit, mean(same.map(|(m, n, k)| cosine((m, k), (n, k)))), tolerance);
        let different =
            examples().flat_map(|(m, n)| logits().filter(|(k, l)| k != l).map(move |(k, l)| ((m, k), (n, l))));
        close(&what, clustering.different_logits, mean(different.map(|(a, b)| cosine(a, b))), tolerance);

        // Each pair of blocks, and of means.
        let of_class = |class: usize| (0..count).filter(move |&m| labels[m] == class);
        let scale = clustering.squared_norms.iter().sum::<f64>();
        for (k, y, l, z) in logits().flat_map(|(k, y)| logits().map(move |(l, z)| (k, y, l, z))) {
            let place = (y * classes + k) * classes * classes + z * classes + l;
            let pairs = of_class(y).flat_map(|m| of_class(z).map(move |n| (m, n)));
            let expected = mean(pairs.filter(|&(m, n)| (k, m) != (l, n)).map(|(m, n)| cosine((m, k), (n, l))));
            // Pairs of one example's different logits count; those of one gradient with itself do not.
            close(
                &format!("{what}, block {k} {y} {l} {z}"),
                clustering.cosines.as_ref().unwrap()[place],
                expected,
                tolerance,
            );
            let class_mean = |k: usize, y: usize| -> Vec<f64> {
                let count = of_class(y).count().max(1) as f64;
                of_class(y).fold(vec![0.0; range.len()], |sum, m| {
                    sum.iter().zip(row(m, k)).map(|(sum, x)| sum + x / count).collect()
                })
            };
            let product = dot(&class_mean(k, y), &class_mean(l, z));
            close(&what, Some(clustering.means.as_ref().unwrap()[place]), Some(product), tolerance * scale);
        }
        // Variances of coordinates, without bias: the plain estimate over examples.
        let coordinates = (classes * range.len()) as f64;
        let (mut squares, mut residues) = (0.0, 0.0);
        for k in 0..classes {
            let average: Vec<f64> = (0..count).fold(vec![0.0; range.len()], |sum, m| {
                sum.iter().zip(row(m, k)).map(|(sum, x)| sum + x / count as f64).collect()
            });
            squares += dot(&average, &average) / coordinates;
            for m in 0..count {
                let rest: Vec<f64> = row(m, k).iter().zip(&average).map(|(x, a)| x - a).collect();
                residues += dot(&rest, &rest) / ((count - 1) as f64 * coordinates);
            }
        }
        let (sigma_c, sigma_e) = clustering.deviations();
        close(&what, Some(sigma_e.powi(2)), Some(residues), tolerance * scale);
        close(&what, Some(sigma_c.powi(2)), Some((squares - residues / count as f64).max(0.0)), tolerance * scale);
    }
}

#[test]
fn clustering_is_the_mean_over_pairs() {
    for activation in [Activation::Tanh, Activation::Relu] {
        pairs_one_by_one::<f64>(activation);
        pairs_one_by_one::<f32>(activation);
    }
}

#[test]
fn what_does_not_fit_the_budget_is_left_out() {
    let (risk, theta, _) = risk::<f64>(Activation::Tanh);
    let full = Clustering::measure(&risk.at(&theta).unwrap()).unwrap();
    let small = risk.memory_budget(1000);
    let clustering = Clustering::measure(&small.at(&theta).unwrap()).unwrap();
    assert!(clustering.cosines.is_none() && clustering.means.is_none());
    assert_eq!(clustering.deviations(), full.deviations());
    close("within", clustering.same_logit_and_class, full.same_logit_and_class, 1e-14);
    assert_eq!(clustering.kernel_distance(&full), None);
    assert!(full.kernel_distance(&full).unwrap().abs() < 1e-14);
}

#[test]
fn degenerate_data_have_defined_answers() {
    let network = Perceptron::new(&[2, 1], Activation::Identity).unwrap();
    let one = |labels: &[usize], classes: usize, count: usize| {
        let network = Perceptron::new(&[2, classes], Activation::Identity).unwrap();
        let examples = Examples::labelled(normal(2 * count, Key::new(0)), 2, labels, classes).unwrap();
        let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
        let theta: Vec<f64> = normal(network.parameters(), Key::new(1));
        (Clustering::measure(&risk.at(&theta).unwrap()), Freezing::measure(&risk.at(&theta).unwrap()))
    };
    // One class: nothing to tell apart, nothing to freeze.
    let (clustering, freezing) = one(&[0, 0, 0], 1, 3);
    let (clustering, freezing) = (clustering.unwrap(), freezing.unwrap());
    assert_eq!(clustering.different_logits, None);
    close("one class", clustering.same_logit, clustering.same_logit_and_class, 1e-14);
    assert_eq!((freezing.power_sum, freezing.entropy, freezing.margin), (1.0, 0.0, None));
    assert!(freezing.reduced_temperature().is_err());
    // One example.
    let (clustering, freezing) = one(&[1], 3, 1);
    let clustering = clustering.unwrap();
    assert_eq!((clustering.same_logit_and_class, clustering.same_logit), (None, None));
    assert!(clustering.different_logits.is_some() && clustering.deviations().1 == 0.0);
    assert_eq!(freezing.unwrap().logit_deviation_error, None);
    // A class without examples.
    let (clustering, _) = one(&[0, 0, 2], 3, 3);
    let clustering = clustering.unwrap();
    assert_eq!(clustering.cosines.as_ref().unwrap()[3], None, "logit 0 of class 0 beside logit 0 of class 1");
    assert_eq!(clustering.means.as_ref().unwrap()[3], 0.0);
    // Examples without labels.
    let examples = Examples::new(vec![1.0, 2.0], 2, vec![0.5], 1).unwrap();
    let risk = Risk::<f64>::new(&network, Loss::SquaredError, examples).unwrap();
    let point = risk.at(&[0.1, 0.2, 0.3]).unwrap();
    assert!(Clustering::measure(&point).unwrap_err().to_string().contains("labelled"));
    assert!(Freezing::measure(&point).is_err());
    // A range that is empty, or behind the end.
    let (risk, theta, _) = self::risk::<f64>(Activation::Tanh);
    let point = risk.at(&theta).unwrap();
    assert!(Clustering::measure_ranges(&point, std::slice::from_ref(&(3..3))).is_err());
    assert!(Clustering::measure_ranges(&point, std::slice::from_ref(&(0..theta.len() + 1))).is_err());
}

#[test]
fn freezing_is_what_the_softmax_says() {
    let (risk, theta, labels) = risk::<f64>(Activation::Tanh);
    let large: Vec<f64> = theta.iter().map(|x| 4.0 * x).collect();
    let freezing = Freezing::measure(&risk.at(&large).unwrap()).unwrap();
    let logits = risk.logits(&large);
    let (mut variance, mut square, mut entropy, mut largest, mut margin, mut other) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    let count = labels.len() as f64;
    for (z, &y) in logits.chunks_exact(4).zip(&labels) {
        let total: f64 = z.iter().map(|z| z.exp()).sum();
        let p: Vec<f64> = z.iter().map(|z| z.exp() / total).collect();
        let mean = z.iter().sum::<f64>() / 4.0;
        variance += z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 3.0 / count;
        square += p.iter().map(|p| p * p).sum::<f64>() / count;
        entropy -= p.iter().map(|p| p * p.ln()).sum::<f64>() / count;
        largest += p.iter().copied().fold(0.0, f64::max) / count;
        let rest: Vec<f64> = z.iter().enumerate().filter(|(k, _)| *k != y).map(|(_, &z)| z).collect();
        let mean = rest.iter().sum::<f64>() / 3.0;
        margin += (z[y] - mean) / count;
        other += rest.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 2.0 / count;
    }
    for (what, actual, expected) in [
        ("sigma_z", freezing.logit_deviation, variance.sqrt()),
        ("Y2", freezing.power_sum, square),
        ("entropy", freezing.entropy, entropy),
        ("largest", freezing.largest_probability, largest),
        ("margin", freezing.margin.unwrap(), margin),
        ("others", freezing.other_deviation.unwrap(), other.sqrt()),
        ("accuracy", freezing.accuracy.unwrap(), risk.accuracy(&large).unwrap()),
    ] {
        close(what, Some(actual), Some(expected), 1e-12);
    }
    let temperature = freezing.reduced_temperature().unwrap();
    assert!(temperature > 0.1 && temperature < 10.0, "{temperature}");
}

/// Projections by dense algebra: on the span of the means that the dense Jacobian has.
#[test]
fn overlaps_are_projections_on_means() {
    let (risk, theta, labels) = risk::<f64>(Activation::Tanh);
    let point = risk.at(&theta).unwrap();
    let top = Eigensolver::new(5, Key::new(0)).run(&point.hessian()).unwrap();
    let confinement = Confinement::measure(&point, &top).unwrap();
    let dense = to_dense(&point.jacobian());
    let row = |m: usize, k: usize| &dense.entries()[(m * 4 + k) * theta.len()..][..theta.len()];
    let project = |vectors: &[Vec<f64>], v: &[f64]| {
        let mut basis: Vec<Vec<f64>> = Vec::new();
        for vector in vectors {
            let mut rest = vector.clone();
            for _ in 0..2 {
                for b in &basis {
                    let share = dot(b, &rest);
                    rest.iter_mut().zip(b).for_each(|(r, b)| *r -= share * b);
                }
            }
            let length = norm(&rest);
            if length > 1e-10 {
                basis.push(rest.iter().map(|x| x / length).collect());
            }
        }
        basis.iter().map(|b| dot(b, v).powi(2)).sum::<f64>()
    };
    let mean = |members: &[usize], k: usize| -> Vec<f64> {
        (0..theta.len()).map(|at| members.iter().map(|&m| row(m, k)[at]).sum::<f64>() / members.len() as f64).collect()
    };
    let all: Vec<usize> = (0..labels.len()).collect();
    let logits: Vec<Vec<f64>> = (0..4).map(|k| mean(&all, k)).collect();
    let mut within = Vec::new();
    for class in 0..3 {
        let members: Vec<usize> = all.iter().copied().filter(|&m| labels[m] == class).collect();
        within.extend((0..4).map(|k| mean(&members, k)));
    }
    let gradient = point.gradient();
    for (index, vector) in top.vectors.chunks_exact(theta.len()).enumerate() {
        close("overlap", Some(confinement.overlaps[index]), Some(project(&logits, vector)), 1e-10);
        close("class overlap", Some(confinement.class_overlaps[index]), Some(project(&within, vector)), 1e-10);
        let power = dot(vector, gradient).powi(2) / dot(gradient, gradient);
        close("power", Some(confinement.powers[index]), Some(power), 1e-12);
    }
    let sum: f64 = confinement.powers[..3].iter().sum();
    assert_eq!((confinement.share(3), confinement.share(6)), (Some(sum), None));
    assert_eq!(confinement.baseline(3), 3.0 / theta.len() as f64);
}

/// Ten draws of the weights by numpy (tests/data/clustering.py) beside five of ours: means within four standard errors of
/// their difference.
#[test]
fn digits_cluster_as_measured_elsewhere() {
    let network = Perceptron::new(&[64, 64, 64, 10], Activation::Tanh).unwrap();
    let third: Vec<usize> = (0..1500).step_by(3).collect();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, digits().select(&third).unwrap()).unwrap();
    let rows: Vec<[f64; 5]> = (0..5)
        .map(|key| {
            let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(key));
            let clustering = Clustering::measure(&risk.at(&theta).unwrap()).unwrap();
            let means = clustering.squared_means.iter().sum::<f64>() / 10.0;
            [
                clustering.same_logit_and_class.unwrap(),
                clustering.same_logit.unwrap(),
                clustering.different_logits.unwrap(),
                means,
                clustering.squared_norms.iter().sum::<f64>() / 10.0 - means,
            ]
        })
        .collect();
    let expected = [(0.6421, 0.0166), (0.421, 0.0237), (-0.0008, 0.0047), (21.6223, 1.5499), (29.6385, 1.5397)];
    for (at, (expected, deviation)) in expected.into_iter().enumerate() {
        let mean = rows.iter().map(|row| row[at]).sum::<f64>() / 5.0;
        println!("{mean:.4} beside {expected}");
        close("mean over draws", Some(mean), Some(expected), 4.0 * deviation * (0.1f64 + 0.2).sqrt());
    }
}
