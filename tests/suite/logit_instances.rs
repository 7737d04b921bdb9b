//! The random model of logits against dense instances: explicit gradients of logits, all eigenvalues.

use eigenscape::random::Key;
use eigenscape::random_matrix::{
    GaussianLogits, LogitEnsemble, LogitLabels, LogitMeans, LogitSpectrum, PredictionSource, SoftmaxBlocks, Validity,
};
use faer::{Mat, MatRef};

use crate::logit_ensemble::{close, mean};
use crate::logit_spectrum::softmax;
use crate::support::{dot, normal};

/// One draw of the residues at given probabilities and means (C x P), as its Gram dual.
struct Instance {
    /// Descending.
    values: Vec<f64>,
    /// The unit eigenvectors in R^P, one after the other.
    vectors: Vec<Vec<f64>>,
    gradient: Vec<f64>,
}

/// What is not drawn with the residues, of deviation 1.
struct Setting<'a> {
    p: &'a [f64],
    classes: usize,
    /// The mean of class k in group y is at y C + k.
    group: &'a [usize],
    labels: &'a [usize],
}

fn instance_of(setting: &Setting<'_>, means: &[f64], wanted: usize, key: Key) -> Instance {
    let &Setting { p, classes, group, labels } = setting;
    let examples = p.len() / classes;
    let rows = p.len();
    let dim = means.len() / classes / (1 + group.iter().max().unwrap());
    let noise: Vec<f64> = normal(rows * dim, key);
    let jacobian = Mat::<f64>::from_fn(rows, dim, |row, at| {
        let mean = group[row / classes] * classes + row % classes;
        means[mean * dim + at] + noise[row * dim + at]
    });
    // diag(sqrt p) - p sqrt(p)' is a root of S from the left.
    let mut root = Mat::<f64>::zeros(rows, dim);
    let mut residual = Mat::<f64>::zeros(rows, 1);
    for m in 0..examples {
        let p = &p[m * classes..][..classes];
        for at in 0..dim {
            let own = |k: usize| jacobian[(m * classes + k, at)];
            let mean: f64 = p.iter().enumerate().map(|(k, p)| p * own(k)).sum();
            for (k, p) in p.iter().enumerate() {
                root[(m * classes + k, at)] = (p / examples as f64).sqrt() * (own(k) - mean);
            }
        }
        for (k, p) in p.iter().enumerate() {
            residual[(m * classes + k, 0)] = (p - f64::from(u8::from(labels[m] == k))) / examples as f64;
        }
    }
    let small = rows < dim;
    let gram = if small { &root * root.transpose() } else { root.transpose() * &root };
    let eigen = gram.self_adjoint_eigen(faer::Side::Lower).unwrap();
    let size = gram.nrows();
    let values: Vec<f64> = (0..size).rev().map(|at| eigen.S()[at]).collect();
    let vectors = (0..wanted)
        .map(|j| {
            let column = eigen.U().col(size - 1 - j).as_mat();
            let vector = if small { root.transpose() * column } else { column.to_owned() };
            let norm = vector.norm_l2();
            (0..dim).map(|at| vector[(at, 0)] / norm).collect()
        })
        .collect();
    let g = jacobian.transpose() * residual;
    Instance { values, vectors, gradient: (0..dim).map(|at| g[(at, 0)]).collect() }
}

fn gram(vectors: &[f64], count: usize) -> Vec<f64> {
    let dim = vectors.len() / count;
    let row = |k: usize| &vectors[k * dim..][..dim];
    (0..count * count).map(|at| dot(row(at / count), row(at % count))).collect()
}

/// |Q'v|^2 on the span of some vectors, from their products with v.
fn share_in_span(gram: &[f64], products: &[f64]) -> f64 {
    let size = products.len();
    let eigen = MatRef::from_row_major_slice(gram, size, size).self_adjoint_eigen(faer::Side::Lower).unwrap();
    let largest = eigen.S()[size - 1];
    (0..size)
        .filter(|&at| eigen.S()[at] > 1e-10 * largest)
        .map(|at| (0..size).map(|k| eigen.U()[(k, at)] * products[k]).sum::<f64>().powi(2) / eigen.S()[at])
        .sum()
}

/// Probabilities and means fixed, residues drawn: positions, overlaps, fluctuations, projections and gradient, each within 4
/// standard errors, as far as overlaps above 0.7 let the theory be that good.
#[test]
fn given_means_agree_with_dense_instances() {
    let (n, c, dim, draws) = (40, 4, 300, 100);
    let p = softmax(&normal::<f64>(n * c, Key::new(0)), c);
    // Means of different lengths, so that outliers are apart.
    let scales = [0.4, 0.6, 0.8, 1.1];
    let mut means: Vec<f64> = normal(c * dim, Key::new(1));
    means.iter_mut().enumerate().for_each(|(at, x)| *x *= scales[at / dim]);
    let labels: Vec<usize> = (0..n).map(|m| (m * m) % c).collect();
    let gram = gram(&means, c);
    let spectrum = LogitSpectrum::new(SoftmaxBlocks::new(&p, c).unwrap(), dim, LogitMeans::given(&gram), 1.0).unwrap();
    let outliers = spectrum.outliers();
    assert_eq!((outliers.len(), spectrum.limit()), (3, 3));
    assert!(outliers.iter().all(|o| o.validity == Validity::Good && o.repulsion.is_some()));
    let gradient = spectrum.gradient(&LogitLabels::Given(labels.clone())).unwrap();
    let setting = Setting { p: &p, classes: c, group: &[0; 40], labels: &labels };
    let samples: Vec<Instance> =
        (0..draws).map(|draw| instance_of(&setting, &means, 3, Key::new(2).split(draw))).collect();
    let mean_of = |what: &str, expected: f64, bias: f64, of: &dyn Fn(&Instance) -> f64| {
        let values: Vec<f64> = samples.iter().map(of).collect();
        close(what, (expected, 0.0), mean(&values), 4.0, bias);
    };
    let squared = |i: &Instance| dot(&i.gradient, &i.gradient);
    mean_of("|g|^2", gradient.squared_norm(), 0.0, &squared);
    for (j, outlier) in outliers.iter().enumerate() {
        let position = outlier.position + outlier.repulsion.unwrap();
        mean_of(&format!("position {j}"), position, 0.0, &|i| i.values[j]);
        mean_of(&format!("variance {j}"), outlier.standard_deviation.powi(2), 0.0, &|i| {
            (i.values[j] - position).powi(2)
        });
        let products = |i: &Instance| means.chunks_exact(dim).map(|c| dot(c, &i.vectors[j])).collect::<Vec<f64>>();
        mean_of(&format!("overlap {j}"), outlier.overlap, 0.0, &|i| share_in_span(&gram, &products(i)));
        for k in 0..c {
            // What fluctuates adds to the square a part of 1 / P.
            let square = outlier.projections[k].powi(2);
            let bias = 0.02 * gram[k * c + k] / square;
            mean_of(&format!("projection {k} on {j}"), square, bias, &|i| products(i)[k].powi(2));
        }
        mean_of(&format!("power {j}"), gradient.outliers()[j], 0.0, &|i| dot(&i.gradient, &i.vectors[j]).powi(2));
    }
    let share = gradient.outlier_share().unwrap();
    assert!((share - gradient.outliers().iter().sum::<f64>() / gradient.squared_norm()).abs() < 1e-14);
}

/// Means that differ from class to class of the example: more outliers than classes.
#[test]
fn means_of_groups_agree_with_dense_instances() {
    let (n, c, dim, draws) = (60, 3, 240, 40);
    let p = softmax(&normal::<f64>(n * c, Key::new(0)), c);
    let group: Vec<usize> = (0..n).map(|m| m % 3).collect();
    let mut means: Vec<f64> = normal(3 * c * dim, Key::new(1));
    means.iter_mut().enumerate().for_each(|(at, x)| *x *= 0.8 + 0.3 * (at / dim) as f64);
    let blocks = SoftmaxBlocks::new(&p, c).unwrap().grouped(&group, 3).unwrap();
    let gram = gram(&means, 3 * c);
    let spectrum = LogitSpectrum::new(blocks, dim, LogitMeans::given(&gram), 1.0).unwrap();
    assert_eq!((spectrum.limit(), spectrum.outliers().len()), (6, 6));
    let labels: Vec<usize> = group.clone();
    let gradient = spectrum.gradient(&LogitLabels::Given(labels.clone())).unwrap();
    let setting = Setting { p: &p, classes: c, group: &group, labels: &labels };
    let samples: Vec<Instance> =
        (0..draws).map(|draw| instance_of(&setting, &means, 6, Key::new(2).split(draw))).collect();
    let predicted = spectrum.leading(7, 4000, Key::new(3)).unwrap();
    for (j, outlier) in spectrum.outliers().iter().enumerate() {
        assert!(outlier.overlap > 0.7);
        assert_eq!(predicted[j].source, PredictionSource::Outlier);
        let check = |what: &str, expected: f64, of: &dyn Fn(&Instance) -> f64| {
            let values: Vec<f64> = samples.iter().map(of).collect();
            let what = format!("{what} {j}");
            close(&what, (expected, 0.0), mean(&values), 5.0, 0.0);
        };
        check("position", predicted[j].mean, &|i| i.values[j]);
    }
    let mean_power = |of: &dyn Fn(&Instance) -> f64| mean(&samples.iter().map(of).collect::<Vec<_>>());
    let all = mean_power(&|i| i.vectors.iter().map(|v| dot(&i.gradient, v).powi(2)).sum());
    close("power", (gradient.outliers().iter().sum(), 0.0), all, 5.0, 0.0);
    close("|g|^2", (gradient.squared_norm(), 0.0), mean_power(&|i| dot(&i.gradient, &i.gradient)), 5.0, 0.0);
    // Six outliers of some hundred active directions: the end of the bulk is that of the full population.
    assert_eq!(spectrum.edge_validity(), Validity::FewActive);
    assert_eq!(predicted[6].source, PredictionSource::FullPopulation);
    let (seventh, edge) = (mean_power(&|i| i.values[6]), spectrum.edge().unwrap().unwrap().mean());
    close("edge", (predicted[6].mean, 0.0), seventh, 5.0, 0.01);
    assert!((1.01..1.06).contains(&(edge / seventh.0)), "{edge} {seventh:?}");
}

/// In the critical window, and in the frozen phase with many parameters, the law of the full population is right and the
/// conditional theory is not, with the sign and size that the documentation states.
#[test]
fn the_full_population_is_right_where_the_conditional_theory_is_not() {
    for (name, n, dim, deviation, signal, draws) in
        [("critical", 60, 1200, 0.1, 0.1, 8), ("frozen", 60, 1200, 8.0, 1.0, 8)]
    {
        let c = 10;
        let logits = GaussianLogits::new(c, deviation).unwrap();
        let ensemble = LogitEnsemble::new(dim, n, signal, 1.0, logits).unwrap();
        let (mut first, mut last) = ([Vec::new(), Vec::new(), Vec::new()], [Vec::new(), Vec::new(), Vec::new()]);
        for draw in 0..draws {
            let spectrum = ensemble.draw_logits(Key::new(draw)).unwrap();
            let p = spectrum.blocks().probabilities();
            let mut means: Vec<f64> = normal(c * dim, Key::new(draw).split(5));
            means.iter_mut().for_each(|x| *x *= signal);
            let none = vec![0; n];
            let setting = Setting { p, classes: c, group: &none, labels: &none };
            let instance = instance_of(&setting, &means, 0, Key::new(draw).split(6));
            let full = spectrum.full_population().unwrap();
            let given = LogitMeans::given(&gram(&means, c));
            let conditional = LogitSpectrum::new(spectrum.blocks().clone(), dim, given, 1.0).unwrap();
            let edge = conditional.edge().unwrap().unwrap();
            let top = conditional.outliers().first().map_or(edge.location(), |o| o.position);
            for (values, value) in first.iter_mut().zip([instance.values[0], full.eigenvalue(0).unwrap(), top]) {
                values.push(value);
            }
            let tenth = full.eigenvalue(9).unwrap();
            for (values, value) in last.iter_mut().zip([instance.values[9], tenth, edge.location()]) {
                values.push(value);
            }
            assert!(!conditional.edge_validity().is_trusted(), "{name}: {:?}", conditional.edge_validity());
            if draw == 0 {
                let leading = spectrum.leading(10, 1, Key::new(0)).unwrap();
                assert!(leading.iter().all(|value| value.source == PredictionSource::FullPopulation));
                assert_eq!(leading[0].mean, full.eigenvalue(0).unwrap());
            }
        }
        let differences = |[simulated, predicted, _]: &[Vec<f64>; 3]| {
            mean(&simulated.iter().zip(predicted).map(|(s, p)| s / p - 1.0).collect::<Vec<_>>())
        };
        for (what, values) in [("first", &first), ("tenth", &last)] {
            let (difference, error) = differences(values);
            eprintln!("{name}, {what}: {difference:.4} +- {error:.4}");
            // Worst entry of the table: 1.8 %.
            assert!(difference.abs() < 5.0 * error + 0.01, "{name}, {what}: {difference} +- {error}");
        }
        let average = |values: &[f64]| mean(values).0;
        if name == "critical" {
            let excess = average(&first[0]) / average(&first[2]) - 1.0;
            assert!((0.015..0.045).contains(&excess), "the largest is {excess} above its root");
        } else {
            let excess = average(&last[2]) / average(&last[0]) - 1.0;
            assert!((0.08..0.25).contains(&excess), "the edge is {excess} above the tenth");
        }
    }
}

/// Means drawn anew with the residues, and given means seen on random planes: positions and fluctuations.
#[test]
fn drawn_means_and_planes_agree_with_dense_instances() {
    let (n, c, dim, draws) = (40, 4, 300, 150);
    let p = softmax(&normal::<f64>(n * c, Key::new(0)), c);
    let scales = [0.3, 0.5, 0.75, 1.1];
    let mut diagonal = vec![0.0; c * c];
    (0..c).for_each(|k| diagonal[k * (c + 1)] = dim as f64 * scales[k] * scales[k]);
    let blocks = SoftmaxBlocks::new(&p, c).unwrap();
    let spectrum = LogitSpectrum::new(blocks.clone(), dim, LogitMeans::expected(&diagonal), 1.0).unwrap();
    // A plane of 300 dimensions of 3000: the means are fixed there, and their projections nearly normal.
    let large: Vec<f64> = {
        let mut means: Vec<f64> = normal(c * 3000, Key::new(1));
        means.iter_mut().enumerate().for_each(|(at, x)| *x *= scales[at / 3000]);
        means
    };
    let plane = LogitSpectrum::new(blocks, 3000, LogitMeans::given(&gram(&large, c)), 1.0).unwrap().cut(dim).unwrap();
    let drawn = |draw: u64| {
        let mut means: Vec<f64> = normal(c * dim, Key::new(2).split(draw));
        means.iter_mut().enumerate().for_each(|(at, x)| *x *= scales[at / dim]);
        means
    };
    let projected = |draw: u64| {
        let frame = Mat::from_fn(3000, dim, {
            let entries: Vec<f64> = normal(3000 * dim, Key::new(3).split(draw));
            move |row, col| entries[row * dim + col]
        });
        let frame = frame.qr().compute_thin_Q();
        let means = MatRef::from_row_major_slice(&large, c, 3000) * frame;
        (0..c * dim).map(|at| means[(at / dim, at % dim)]).collect::<Vec<f64>>()
    };
    let setting = Setting { p: &p, classes: c, group: &[0; 40], labels: &[0; 40] };
    for (what, spectrum, means, draws) in [
        ("drawn", &spectrum, &drawn as &dyn Fn(u64) -> Vec<f64>, draws),
        ("plane", &plane, &projected as &dyn Fn(u64) -> Vec<f64>, 12),
    ] {
        assert_eq!(spectrum.outliers().len(), 3, "{what}");
        let values: Vec<Vec<f64>> =
            (0..draws).map(|draw| instance_of(&setting, &means(draw), 0, Key::new(4).split(draw)).values).collect();
        let predicted = spectrum.leading(3, 4000, Key::new(5)).unwrap();
        for (j, value) in predicted.iter().enumerate() {
            let own: Vec<f64> = values.iter().map(|values| values[j]).collect();
            let simulated = mean(&own);
            let what = format!("{what} {j}");
            close(&what, (value.mean, 0.0), simulated, 4.0, 0.0);
            // The error of a deviation of normal values is 1 / sqrt(2 n) of it.
            let ratio = simulated.1 * (draws as f64).sqrt() / value.standard_deviation.unwrap();
            let bound = 4.0 / (2.0 * draws as f64).sqrt();
            assert!((ratio - 1.0).abs() < bound, "{what}: deviation off by {ratio}");
        }
    }
}
