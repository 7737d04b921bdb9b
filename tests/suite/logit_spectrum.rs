//! The spectrum of the random model of logits: against tables of an independent implementation, and dense instances.

use std::sync::Arc;

use eigenscape::Error;
use eigenscape::random::Key;
use eigenscape::random_matrix::{
    GaussianLogits, Law, LogitEnsemble, LogitLabels, LogitMeans, LogitModel, LogitSpectrum, PredictionSource,
    SoftmaxBlocks, SoftmaxCurvature, Validity,
};
use faer::{Mat, MatRef};
use serde_json::Value;

use crate::oracle::{assert_close, numbers};
use crate::support::normal;

pub fn entries(group: &str, prefix: &str, count: usize) -> Vec<Value> {
    let table: Value = serde_json::from_str(include_str!("../data/logit_spectrum.json")).unwrap();
    let found: Vec<Value> = (table["entries"].as_array().unwrap().iter())
        .filter(|entry| entry["group"] == group && entry["name"].as_str().unwrap().starts_with(prefix))
        .cloned()
        .collect();
    assert_eq!(found.len(), count, "entries of {group} that begin with {prefix}");
    found
}

pub fn f(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

pub fn size(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

/// |actual - expected| <= tolerance max(1, |expected|), the convention of the table.
#[track_caller]
fn agrees(what: &str, actual: f64, expected: f64, tolerance: f64) {
    let difference = (actual - expected).abs();
    assert!(difference <= tolerance * expected.abs().max(1.0), "{what}: {actual} should be {expected}");
}

pub fn softmax(logits: &[f64], classes: usize) -> Vec<f64> {
    let mut p = logits.to_vec();
    for row in p.chunks_exact_mut(classes) {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|z| *z = (*z - largest).exp());
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= total);
    }
    p
}

/// The probabilities of the instances of the table.
fn instance(examples: usize, classes: usize, deviation: f64) -> Vec<f64> {
    let logit = |at: usize| {
        let (m, k) = ((at / classes) as f64, (at % classes) as f64);
        deviation * 2f64.sqrt() * (1.0 + 1.7 * m + 2.9 * k + 0.31 * m * k).sin()
    };
    softmax(&(0..examples * classes).map(logit).collect::<Vec<_>>(), classes)
}

// ---------------------------------------------------------------------------------------------------------------------
// Against an independent implementation, digit by digit.

#[test]
fn instances_agree_with_the_table() {
    for entry in entries("explicit", "instance", 9) {
        let (name, inputs, value) = (entry["name"].as_str().unwrap(), &entry["inputs"], &entry["value"]);
        let (n, c, p) = (size(&inputs["N"]), size(&inputs["C"]), size(&inputs["P"]));
        let probabilities = instance(n, c, f(&inputs["sigma_z"]));
        let blocks = Arc::new(SoftmaxBlocks::new(&probabilities, c).unwrap());
        let (signal, noise) = (f(&inputs["sigma_c2"]).sqrt(), f(&inputs["sigma_E2"]).sqrt());
        let spectrum = LogitSpectrum::new(Arc::clone(&blocks), p, LogitMeans::isotropic(p, c, signal), noise).unwrap();
        // Without means no outlier takes a dimension from the bulk.
        let bare = LogitSpectrum::new(blocks, p, LogitMeans::isotropic(p, c, 0.0), noise).unwrap();
        let edge = bare.edge().unwrap().unwrap();
        agrees(&format!("{name}, edge"), edge.location(), f(&value["lambda_plus"]), 1e-7);
        agrees(&format!("{name}, scale"), edge.scale(), f(&value["tw_scale"]), 1e-7);
        let strengths = numbers(&value["a_at_edge"]);
        assert_close(&format!("{name}, strengths"), spectrum.strengths(), &strengths[..c - 1], 1e-7);

        let outliers = spectrum.outliers();
        let of =
            |get: fn(&eigenscape::random_matrix::LogitOutlier) -> f64| outliers.iter().map(get).collect::<Vec<_>>();
        assert_close(&format!("{name}, roots"), &of(|o| o.root), &numbers(&value["u"]), 1e-7);
        assert_close(&format!("{name}, positions"), &of(|o| o.position), &numbers(&value["lam"]), 1e-7);
        assert_close(&format!("{name}, overlaps"), &of(|o| o.overlap), &numbers(&value["alpha"]), 1e-7);
        for (o, slope) in outliers.iter().zip(numbers(&value["dpsi"])) {
            let deviation = o.root * (2.0 * slope / p as f64).sqrt();
            agrees(&format!("{name}, deviation"), o.standard_deviation, deviation, 1e-6);
        }

        let law = bare.bulk().unwrap().unwrap();
        let active = law.ratio() * p as f64;
        for (level, x) in numbers(&value["quantile_p"]).into_iter().zip(numbers(&value["quantile_x"])) {
            // The table counts all P eigenvalues.
            let own = 1.0 - (1.0 - level) * p as f64 / active;
            agrees(&format!("{name}, quantile"), law.quantile(own).unwrap(), x, 1e-7);
        }
        for (x, density) in numbers(&value["density_x"]).into_iter().zip(numbers(&value["density"])) {
            agrees(&format!("{name}, density"), law.density(x).unwrap() * active / p as f64, density, 1e-7);
        }

        let labels = LogitLabels::Given((0..n).map(|m| (3 * m + 1) % c).collect());
        let gradient = spectrum.gradient(&labels).unwrap();
        agrees(&format!("{name}, g^2"), gradient.squared_norm(), f(&value["g2"]), 1e-7);
        let powers = numbers(&value["gpow"]);
        assert_close(&format!("{name}, powers"), gradient.outliers(), &powers[..outliers.len()], 1e-7);
        for (index, expected) in powers[outliers.len()..].iter().enumerate() {
            let power = gradient.of_bulk(index).unwrap();
            agrees(&format!("{name}, power in the bulk"), power, *expected, 1e-9);
        }

        let full = spectrum.full_population().unwrap();
        let values: Vec<f64> = (0..c).map(|j| full.eigenvalue(j).unwrap()).collect();
        assert_close(&format!("{name}, full population"), &values, &numbers(&value["fullpop_lambda"]), 1e-7);
        let along = full.gradient(&labels, c).unwrap();
        assert_close(&format!("{name}, its gradient"), &along, &numbers(&value["fullpop_gpow"]), 1e-6);
    }
}

#[test]
fn explicit_small_cases_agree_with_34_digits() {
    for (name, given) in [("explicit_K_iso", false), ("explicit_K_gen", false), ("explicit_K_gen", true)] {
        let entry = &entries("explicit", name, 1)[0];
        let (inputs, value) = (&entry["inputs"], &entry["value"]);
        let p: Vec<f64> = inputs["p"].as_array().unwrap().iter().flat_map(numbers).collect();
        let gram: Vec<f64> = inputs["K"].as_array().unwrap().iter().flat_map(numbers).collect();
        let blocks = SoftmaxBlocks::new(&p, 3).unwrap();
        // Means that are given take three dimensions, and leave the table's twenty.
        let (parameters, means) =
            if given { (23, LogitMeans::given(&gram)) } else { (20, LogitMeans::expected(&gram)) };
        let spectrum = LogitSpectrum::new(blocks, parameters, means, 1.0).unwrap();
        let strengths = numbers(&value["a_at_edge"]);
        assert_close("strengths", spectrum.strengths(), &strengths[..2], 1e-11);
        assert_eq!(spectrum.outliers().len(), 2);
        let gradient = spectrum.gradient(&LogitLabels::Given(vec![0, 1, 2, 0])).unwrap();
        let residues = if given { 3.0 * f(&value["rho_bar"]) / 4.0 } else { 0.0 };
        agrees("g^2", gradient.squared_norm() - residues, f(&value["g2"]), 1e-12);
        let powers = numbers(&value["gpow"]);
        assert_close("powers", gradient.outliers(), &powers[..2], 1e-10);
        for (outlier, expected) in spectrum.outliers().iter().zip(value["outliers"].as_array().unwrap()) {
            agrees("u", outlier.root, f(&expected["u"]), 1e-13);
            agrees("position", outlier.position, f(&expected["lam"]), 1e-13);
            agrees("overlap", outlier.overlap, f(&expected["alpha"]), 1e-12);
        }
        agrees("power in the bulk", gradient.of_bulk(0).unwrap(), powers[2], 1e-10);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Against dense instances.

/// One draw of the residues at given probabilities and means (C x P), as its Gram dual.
struct Instance {
    /// Descending.
    values: Vec<f64>,
    /// The unit eigenvectors in R^P, one after the other.
    vectors: Vec<Vec<f64>>,
    gradient: Vec<f64>,
}

/// The same with means for each group of examples, the mean of class k in group y at y C + k.
fn instance_of(
    p: &[f64],
    classes: usize,
    group: &[usize],
    means: &[f64],
    residue: f64,
    labels: &[usize],
    wanted: usize,
    key: Key,
) -> Instance {
    let examples = p.len() / classes;
    let rows = p.len();
    let dim = means.len() / classes / (1 + group.iter().max().unwrap());
    let noise: Vec<f64> = normal(rows * dim, key);
    let jacobian = Mat::<f64>::from_fn(rows, dim, |row, at| {
        let mean = group[row / classes] * classes + row % classes;
        means[mean * dim + at] + residue * noise[row * dim + at]
    });
    // diag(sqrt p) - p sqrt(p)' is a root of S from the left.
    let mut root = Mat::<f64>::zeros(rows, dim);
    let mut residual = Mat::<f64>::zeros(rows, 1);
    for m in 0..examples {
        let p = &p[m * classes..][..classes];
        for at in 0..dim {
            let mean: f64 = (0..classes).map(|k| p[k] * jacobian[(m * classes + k, at)]).sum();
            for k in 0..classes {
                let row = m * classes + k;
                root[(row, at)] = (p[k] / examples as f64).sqrt() * (jacobian[(row, at)] - mean);
            }
        }
        for k in 0..classes {
            residual[(m * classes + k, 0)] = (p[k] - f64::from(u8::from(labels[m] == k))) / examples as f64;
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

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
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
    let samples: Vec<Instance> =
        (0..draws).map(|draw| instance_of(&p, c, &[0; 40], &means, 1.0, &labels, 3, Key::new(2).split(draw))).collect();
    let mean_of = |what: &str, expected: f64, bias: f64, of: &dyn Fn(&Instance) -> f64| {
        let values: Vec<f64> = samples.iter().map(of).collect();
        crate::logit_ensemble::close(what, (expected, 0.0), crate::logit_ensemble::mean(&values), 4.0, bias);
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
    let samples: Vec<Instance> =
        (0..draws).map(|draw| instance_of(&p, c, &group, &means, 1.0, &labels, 6, Key::new(2).split(draw))).collect();
    let predicted = spectrum.leading(7, 4000, Key::new(3)).unwrap();
    for (j, outlier) in spectrum.outliers().iter().enumerate() {
        assert!(outlier.overlap > 0.7);
        assert_eq!(predicted[j].source, PredictionSource::Outlier);
        let close = |what: &str, expected: f64, of: &dyn Fn(&Instance) -> f64| {
            let values: Vec<f64> = samples.iter().map(of).collect();
            let what = format!("{what} {j}");
            crate::logit_ensemble::close(&what, (expected, 0.0), crate::logit_ensemble::mean(&values), 5.0, 0.0);
        };
        close("position", predicted[j].mean, &|i| i.values[j]);
    }
    let mean_power =
        |of: &dyn Fn(&Instance) -> f64| crate::logit_ensemble::mean(&samples.iter().map(of).collect::<Vec<_>>());
    let all = mean_power(&|i| i.vectors.iter().map(|v| dot(&i.gradient, v).powi(2)).sum());
    crate::logit_ensemble::close("power", (gradient.outliers().iter().sum(), 0.0), all, 5.0, 0.0);
    crate::logit_ensemble::close(
        "|g|^2",
        (gradient.squared_norm(), 0.0),
        mean_power(&|i| dot(&i.gradient, &i.gradient)),
        5.0,
        0.0,
    );
    // Six outliers of some hundred active directions: the end of the bulk is that of the full population.
    assert_eq!(spectrum.edge_validity(), Validity::FewActive);
    assert_eq!(predicted[6].source, PredictionSource::FullPopulation);
    let (seventh, edge) = (mean_power(&|i| i.values[6]), spectrum.edge().unwrap().unwrap().mean());
    crate::logit_ensemble::close("edge", (predicted[6].mean, 0.0), seventh, 5.0, 0.01);
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
            let instance = instance_of(p, c, &vec![0; n], &means, 1.0, &vec![0; n], 0, Key::new(draw).split(6));
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
            crate::logit_ensemble::mean(&simulated.iter().zip(predicted).map(|(s, p)| s / p - 1.0).collect::<Vec<_>>())
        };
        for (what, values) in [("first", &first), ("tenth", &last)] {
            let (difference, error) = differences(values);
            eprintln!("{name}, {what}: {difference:.4} +- {error:.4}");
            // Worst entry of the table: 1.8 %.
            assert!(difference.abs() < 5.0 * error + 0.01, "{name}, {what}: {difference} +- {error}");
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        if name == "critical" {
            let excess = mean(&first[0]) / mean(&first[2]) - 1.0;
            assert!((0.015..0.045).contains(&excess), "the largest is {excess} above its root");
        } else {
            let excess = mean(&last[2]) / mean(&last[0]) - 1.0;
            assert!((0.08..0.25).contains(&excess), "the edge is {excess} above the tenth");
        }
    }
}

/// A random plane is the model with as many parameters as it has dimensions.
#[test]
fn a_cut_is_the_model_in_fewer_dimensions() {
    let p = instance(20, 5, 1.0);
    let blocks = SoftmaxBlocks::new(&p, 5).unwrap();
    let whole = LogitSpectrum::new(blocks.clone(), 500, LogitMeans::isotropic(500, 5, 1.0), 0.7).unwrap();
    let small = LogitSpectrum::new(blocks, 80, LogitMeans::isotropic(80, 5, 1.0), 0.7).unwrap();
    let cut = whole.cut(80).unwrap();
    for (a, b) in cut.outliers().iter().zip(small.outliers()) {
        agrees("position", a.position, b.position, 1e-12);
        agrees("overlap", a.overlap, b.overlap, 1e-12);
    }
    assert_eq!(whole.cut(500).unwrap().outliers(), whole.outliers());
    assert!(whole.cut(501).is_err() && whole.cut(0).is_err());
}

/// The bulk's first moment is the trace of the residues, and bulk, outliers and zeros together have the trace of the model.
#[test]
fn traces_are_those_of_the_model() {
    let p = instance(30, 6, 1.5);
    let (parameters, signal, noise) = (400, 0.8, 1.2);
    let blocks = SoftmaxBlocks::new(&p, 6).unwrap();
    let curvature = SoftmaxCurvature::new(&p, 6).unwrap();
    let model = LogitModel::new(parameters, signal, noise, curvature.clone()).unwrap();
    let means = LogitMeans::isotropic(parameters, 6, signal);
    let spectrum = LogitSpectrum::new(blocks, parameters, means, noise).unwrap();
    let trace = model.cut(parameters).unwrap().trace;
    let full = spectrum.full_population().unwrap();
    agrees("population", full.population().iter().sum(), trace, 1e-12);
    agrees("active", spectrum.blocks().active_directions().unwrap(), curvature.active_directions().unwrap(), 1e-12);
    let law = spectrum.bulk().unwrap().unwrap();
    let bulk = law.moment(1) * law.ratio() * (parameters - 5) as f64;
    let all = bulk + spectrum.outliers().iter().map(|o| o.position).sum::<f64>();
    // Each outlier takes a direction that the bulk still counts, of at most the largest atom.
    let excess = (all - trace) / (5.0 * law.population().atoms().last().unwrap().location);
    assert!((0.0..1.0).contains(&excess), "{all}, {trace}");
}

/// Outliers, bulk and the gradient's whole in one sum rule, to O(C / P).
#[test]
fn the_spread_of_the_gradient_adds_up_to_the_whole() {
    let p = instance(40, 5, 1.0);
    let spectrum =
        LogitSpectrum::new(SoftmaxBlocks::new(&p, 5).unwrap(), 300, LogitMeans::isotropic(300, 5, 0.8), 1.0).unwrap();
    for labels in [LogitLabels::Uniform, LogitLabels::Given((0..40).map(|m| m % 5).collect())] {
        let gradient = spectrum.gradient(&labels).unwrap();
        let support = spectrum.bulk().unwrap().unwrap().support();
        let mut bulk = 0.0;
        let nodes = 400;
        for part in &support {
            for node in 0..nodes {
                let share = (std::f64::consts::FRAC_PI_2 * (node as f64 + 0.5) / nodes as f64).sin().powi(2);
                let slope =
                    std::f64::consts::FRAC_PI_2 * (std::f64::consts::PI * (node as f64 + 0.5) / nodes as f64).sin();
                let width = part.upper - part.lower;
                bulk += gradient.density(part.lower + width * share).unwrap() * width * slope / nodes as f64;
            }
        }
        // What lies in the kernel of H, there is none of: P > N (C - 1), and g is in the span of the rows.
        let all = gradient.outliers().iter().sum::<f64>() + bulk;
        eprintln!("{labels:?}: {all} {}", gradient.squared_norm());
        assert!((all / gradient.squared_norm() - 1.0).abs() < 0.05, "{all}, {}", gradient.squared_norm());
        assert_eq!(gradient.density(1e9).unwrap(), 0.0);
    }
}

/// Means over labels that are drawn are means of what each gives.
#[test]
fn averages_over_labels_are_averages() {
    let p = instance(3, 2, 1.0);
    let spectrum =
        LogitSpectrum::new(SoftmaxBlocks::new(&p, 2).unwrap(), 50, LogitMeans::isotropic(50, 2, 1.0), 0.5).unwrap();
    let law: Vec<f64> = vec![0.3, 0.7, 0.9, 0.1, 0.5, 0.5];
    let mut sums = vec![0.0; 4];
    for choice in 0..8usize {
        let labels: Vec<usize> = (0..3).map(|m| choice >> m & 1).collect();
        let probability: f64 = labels.iter().enumerate().map(|(m, &k)| law[2 * m + k]).product();
        let labels = LogitLabels::Given(labels);
        let gradient = spectrum.gradient(&labels).unwrap();
        let full = spectrum.full_population().unwrap().gradient(&labels, 1).unwrap();
        let values = [gradient.squared_norm(), gradient.outliers()[0], gradient.of_bulk(0).unwrap(), full[0]];
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += probability * value);
    }
    let labels = LogitLabels::Drawn(law);
    let gradient = spectrum.gradient(&labels).unwrap();
    let full = spectrum.full_population().unwrap().gradient(&labels, 1).unwrap();
    let values = [gradient.squared_norm(), gradient.outliers()[0], gradient.of_bulk(0).unwrap(), full[0]];
    assert_close("averages", &values, &sums, 1e-12);
    // Calibrated labels are drawn from p, uniform ones from 1/C, accurate ones from the rule.
    let of = |labels: LogitLabels| spectrum.gradient(&labels).unwrap().squared_norm();
    agrees("calibrated", of(LogitLabels::Calibrated), of(LogitLabels::Drawn(p.clone())), 1e-13);
    agrees("uniform", of(LogitLabels::Uniform), of(LogitLabels::Drawn(vec![0.5; 6])), 1e-13);
    let rule = p.chunks_exact(2).flat_map(|p| if p[0] >= p[1] { [0.8, 0.2] } else { [0.2, 0.8] }).collect();
    agrees("accuracy", of(LogitLabels::Accuracy(0.8)), of(LogitLabels::Drawn(rule)), 1e-13);
}

/// Weights scale as they should, and examples without weight are as none.
#[test]
fn weights_are_those_of_the_risk() {
    let p = instance(12, 4, 1.0);
    let means = || LogitMeans::isotropic(200, 4, 1.0);
    let spectrum = |blocks: SoftmaxBlocks| LogitSpectrum::new(blocks, 200, means(), 1.0).unwrap();
    let plain = spectrum(SoftmaxBlocks::new(&p, 4).unwrap());
    let doubled = spectrum(SoftmaxBlocks::weighted(&p, 4, &[2.0 / 12.0; 12]).unwrap());
    let more: Vec<f64> = p.iter().copied().chain([0.25; 8]).collect();
    let mut weights = vec![1.0 / 12.0; 14];
    weights[12..].fill(0.0);
    let padded = spectrum(SoftmaxBlocks::weighted(&more, 4, &weights).unwrap());
    for (j, outlier) in plain.outliers().iter().enumerate() {
        agrees("doubled", doubled.outliers()[j].position, 2.0 * outlier.position, 1e-12);
        agrees("doubled", doubled.outliers()[j].overlap, outlier.overlap, 1e-12);
        agrees("padded", padded.outliers()[j].position, outlier.position, 1e-12);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Degenerate and impossible requests.

#[test]
fn degenerate_models_have_answers() {
    // One class: no curvature.
    let one = LogitSpectrum::new(SoftmaxBlocks::new(&[1.0; 5], 1).unwrap(), 9, LogitMeans::isotropic(9, 1, 1.0), 1.0);
    let one = one.unwrap();
    assert_eq!((one.limit(), one.outliers().len(), one.strengths().len()), (0, 0, 0));
    assert!(one.bulk().unwrap().is_none() && one.edge().unwrap().is_none());
    assert_eq!(one.full_population().unwrap().eigenvalue(0).unwrap(), 0.0);
    assert!(one.leading(3, 1, Key::new(0)).unwrap().iter().all(|value| value.mean == 0.0));
    let gradient = one.gradient(&LogitLabels::Uniform).unwrap();
    assert_eq!((gradient.squared_norm(), gradient.outlier_share()), (0.0, None));

    // All frozen: the same, with a gradient from wrong labels.
    let frozen = SoftmaxBlocks::new(&[1.0, 0.0, 0.0, 1.0], 2).unwrap();
    assert_eq!(frozen.active_directions(), None);
    let frozen = LogitSpectrum::new(frozen, 9, LogitMeans::isotropic(9, 2, 1.0), 1.0).unwrap();
    assert!(frozen.outliers().is_empty() && frozen.bulk().unwrap().is_none());
    let gradient = frozen.gradient(&LogitLabels::Given(vec![1, 1])).unwrap();
    // r = (1, -1) and 0: rbar = r / 2, K = 9 I, |rbar|^2 = 1/2; P |r|^2 / N^2 = 9 * 2 / 4.
    agrees("|g|^2", gradient.squared_norm(), 9.0 * 0.5 + 9.0 * 2.0 / 4.0, 1e-14);
    assert_eq!(gradient.share(3).unwrap(), Some(0.0));
    assert_eq!(frozen.full_population().unwrap().gradient(&LogitLabels::Uniform, 2).unwrap(), [0.0, 0.0]);

    // One example of two classes, no means: one chi-square value with P degrees of freedom.
    let single = SoftmaxBlocks::new(&[0.5, 0.5], 2).unwrap();
    let single = LogitSpectrum::new(single, 50, LogitMeans::isotropic(50, 2, 0.0), 1.0).unwrap();
    assert!(single.outliers().is_empty());
    agrees("full", single.full_population().unwrap().population()[0], 25.0, 1e-13);

    // A group without examples, and a class that no example believes in.
    let blocks = SoftmaxBlocks::new(&[0.5, 0.5, 0.0, 0.3, 0.7, 0.0], 3).unwrap().grouped(&[0, 2], 3).unwrap();
    let k = (0..81).map(|at| if at % 10 == 0 { 40.0 } else { 0.0 }).collect::<Vec<_>>();
    let spectrum = LogitSpectrum::new(blocks, 100, LogitMeans::expected(&k), 0.1).unwrap();
    assert_eq!(spectrum.outliers().len(), 2);
    assert!(spectrum.outliers().iter().all(|o| o.projections[3..6].iter().all(|x| x.abs() < 1e-6)));

    // Equal probabilities: copies of one atom, degenerate roots.
    let equal = SoftmaxBlocks::new(&[0.25; 40], 4).unwrap();
    let equal = LogitSpectrum::new(equal, 30, LogitMeans::isotropic(30, 4, 2.0), 1.0).unwrap();
    assert_eq!(equal.outliers().len(), 3);
    let dims = 27.0; // three outliers of thirty dimensions
    let expected = dims / 10.0 / 4.0 * (1.0 + (30.0f64 / dims).sqrt()).powi(2);
    agrees("edge", equal.edge().unwrap().unwrap().location(), expected, 1e-12);
    assert!(equal.outliers().iter().all(|o| o.repulsion.is_none()));
    let repelled = equal.repelled(500, Key::new(0)).unwrap();
    assert!(repelled[0].mean > equal.outliers()[0].position && repelled[2].mean < equal.outliers()[2].position);
}

#[test]
fn impossible_models_are_refused() {
    let blocks = || SoftmaxBlocks::new(&[0.5, 0.5, 0.3, 0.7], 2).unwrap();
    let refused = |means: LogitMeans, parameters: usize, residue: f64| {
        LogitSpectrum::new(blocks(), parameters, means, residue).unwrap_err().to_string()
    };
    assert!(refused(LogitMeans::given(&[1.0; 3]), 5, 1.0).contains("3 entries"));
    assert!(refused(LogitMeans::given(&[1.0, 2.0, 2.0, 1.0]), 5, 1.0).contains("eigenvalue"));
    assert!(refused(LogitMeans::given(&[1.0, 0.5, 0.0, 1.0]), 5, 1.0).contains("symmetric"));
    assert!(refused(LogitMeans::given(&[1.0, f64::NAN, 0.0, 1.0]), 5, 1.0).contains("NaN"));
    assert!(refused(LogitMeans::given(&[1.0, 0.0, 0.0, 1.0]), 2, 1.0).contains("at most 1"));
    assert!(refused(LogitMeans::isotropic(5, 2, 1.0), 0, 1.0).contains("parameters"));
    assert!(refused(LogitMeans::isotropic(5, 2, 1.0), 5, -1.0).contains("at least 0"));
    assert!(SoftmaxBlocks::new(&[0.5, 0.6], 2).is_err() && SoftmaxBlocks::new(&[], 2).is_err());
    assert!(SoftmaxBlocks::new(&[0.5, 0.5], 0).is_err() && SoftmaxBlocks::weighted(&[0.5, 0.5], 2, &[-1.0]).is_err());
    assert!(matches!(blocks().grouped(&[0, 3], 3), Err(Error::Label { label: 3, .. })));
    assert!(blocks().grouped(&[0], 3).is_err() && blocks().grouped(&[0, 0], 0).is_err());
    let spectrum = LogitSpectrum::new(blocks(), 5, LogitMeans::isotropic(5, 2, 1.0), 1.0).unwrap();
    assert!(spectrum.gradient(&LogitLabels::Given(vec![0, 2])).is_err());
    assert!(spectrum.gradient(&LogitLabels::Given(vec![0])).is_err());
    assert!(spectrum.gradient(&LogitLabels::Accuracy(1.1)).is_err());
    assert!(spectrum.gradient(&LogitLabels::Drawn(vec![0.5; 3])).is_err());
    assert!(spectrum.repelled(0, Key::new(0)).is_err());
    let many = instance(1700, 5, 0.1);
    let many = LogitSpectrum::new(SoftmaxBlocks::new(&many, 5).unwrap(), 50, LogitMeans::isotropic(50, 5, 1.0), 1.0);
    assert!(many.unwrap().full_population().unwrap_err().to_string().contains("6000"));
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
    for (what, spectrum, means, draws) in [
        ("drawn", &spectrum, &drawn as &dyn Fn(u64) -> Vec<f64>, draws),
        ("plane", &plane, &projected as &dyn Fn(u64) -> Vec<f64>, 12),
    ] {
        assert_eq!(spectrum.outliers().len(), 3, "{what}");
        let values: Vec<Vec<f64>> = (0..draws)
            .map(|draw| instance_of(&p, c, &[0; 40], &means(draw), 1.0, &[0; 40], 0, Key::new(4).split(draw)).values)
            .collect();
        let predicted = spectrum.leading(3, 4000, Key::new(5)).unwrap();
        for (j, value) in predicted.iter().enumerate() {
            let own: Vec<f64> = values.iter().map(|values| values[j]).collect();
            let (mean, error) = crate::logit_ensemble::mean(&own);
            let what = format!("{what} {j}");
            crate::logit_ensemble::close(&what, (value.mean, 0.0), (mean, error), 4.0, 0.0);
            // The error of a deviation of normal values is 1 / sqrt(2 n) of it.
            let ratio = error * (draws as f64).sqrt() / value.standard_deviation.unwrap();
            let bound = 4.0 / (2.0 * draws as f64).sqrt();
            assert!((ratio - 1.0).abs() < bound, "{what}: deviation off by {ratio}");
        }
    }
}

#[test]
fn scales_that_cannot_be_squared_are_refused_and_others_are_exact() {
    let p = instance(20, 4, 1.0);
    let blocks = Arc::new(SoftmaxBlocks::new(&p, 4).unwrap());
    let of = |scale: f64| {
        LogitSpectrum::new(Arc::clone(&blocks), 100, LogitMeans::isotropic(100, 4, scale), scale).map(|spectrum| {
            let first = spectrum.outliers()[0].clone();
            let full = spectrum.full_population().unwrap().eigenvalue(0).unwrap();
            (first.position, full, spectrum.edge().unwrap().unwrap().location(), first.overlap)
        })
    };
    let one = of(1.0).unwrap();
    for exponent in [-150, -40, 40, 150] {
        let factor = 2f64.powi(exponent);
        let (position, full, edge, overlap) = of(factor).unwrap();
        let square = factor * factor;
        agrees("position", position / square, one.0, 1e-12);
        agrees("full", full / square, one.1, 1e-12);
        agrees("edge", edge / square, one.2, 1e-12);
        agrees("overlap", overlap, one.3, 1e-12);
    }
    assert!(of(1e70).is_err() && of(1e-70).is_err());
    // So little curvature is none.
    let nothing = SoftmaxBlocks::new(&[1.0, 1e-150], 2).unwrap();
    assert_eq!(nothing.eigenvalues(0), [0.0, 0.0]);
}
