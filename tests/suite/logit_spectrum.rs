//! The spectrum of the random model of logits: against tables of an independent implementation, and dense instances.

use std::sync::Arc;

use eigenscape::Error;
use eigenscape::random::Key;
use eigenscape::random_matrix::{
    Law, LogitLabels, LogitMeans, LogitModel, LogitSpectrum, SoftmaxBlocks, SoftmaxCurvature,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::oracle::{assert_close, cases, numbers};
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
// Laws.

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

proptest! {
    #![proptest_config(cases(200))]

    /// Whatever the sizes: everything has a finite answer or a reason, and outliers lie above the bulk in order.
    #[test]
    fn small_models_of_any_shape_have_answers(
        (n, c, parameters) in (1usize..9, 1usize..6, 1usize..30),
        (signal, noise, freezing) in (0usize..4, 0usize..4, 0usize..4),
        (groups, given, key) in (1usize..4, any::<bool>(), any::<u64>()),
    ) {
        let [signal, noise] = [signal, noise].map(|at| [0.0, 0.1, 1.0, 10.0][at]);
        let freezing = [0.0, 1.0, 10.0, 1000.0][freezing];
        let key = Key::new(key);
        let logits: Vec<f64> = normal::<f64>(n * c, key.split(0)).iter().map(|z| freezing * z).collect();
        let p = softmax(&logits, c);
        let group: Vec<usize> = (0..n).map(|m| m % groups).collect();
        let blocks = SoftmaxBlocks::new(&p, c).unwrap().grouped(&group, groups).unwrap();
        let r = groups * c;
        let c_vectors: Vec<f64> = normal(r * parameters, key.split(1));
        let dot = |a: usize, b: usize| -> f64 {
            let row = |k: usize| &c_vectors[k * parameters..][..parameters];
            signal * signal * row(a).iter().zip(row(b)).map(|(x, y)| x * y).sum::<f64>()
        };
        let gram: Vec<f64> = (0..r * r).map(|at| dot(at / r, at % r)).collect();
        let means = if given { LogitMeans::given(&gram) } else { LogitMeans::expected(&gram) };
        let spectrum = match LogitSpectrum::new(blocks, parameters, means, noise) {
            Ok(spectrum) => spectrum,
            Err(error) => {
                prop_assert!(given && signal > 0.0 && r >= parameters, "{error}");
                return Ok(());
            }
        };
        let end = spectrum.edge().unwrap().map_or(0.0, |edge| edge.location());
        let mut before = f64::INFINITY;
        for outlier in spectrum.outliers() {
            let numbers = [outlier.position, outlier.root, outlier.standard_deviation, outlier.overlap];
            prop_assert!(numbers.iter().chain(&outlier.projections).all(|x| x.is_finite()), "{outlier:?}");
            prop_assert!((0.0..=1.0).contains(&outlier.overlap), "{outlier:?}");
            prop_assert!(outlier.position <= before && outlier.position >= 0.0, "{outlier:?} after {before}");
            if !given {
                // The bulk of fewer dimensions may end elsewhere by the number of outliers over P.
                prop_assert!(outlier.position > 0.3 * end, "{outlier:?} inside of {end}");
            }
            before = outlier.position;
        }
        prop_assert!(spectrum.outliers().len() <= spectrum.limit());
        for value in spectrum.leading(4, 3, key.split(2)).unwrap() {
            prop_assert!(value.mean.is_finite() && value.mean > -1e-9 * (1.0 + before.min(1e9)), "{value:?}");
        }
        for labels in [LogitLabels::Calibrated, LogitLabels::Uniform, LogitLabels::Given(vec![0; n])] {
            let gradient = spectrum.gradient(&labels).unwrap();
            prop_assert!(gradient.squared_norm() >= 0.0);
            prop_assert!(gradient.share(3).unwrap().is_none_or(|share| share.is_finite() && share >= 0.0));
            let full = spectrum.full_population().unwrap().gradient(&labels, 4).unwrap();
            prop_assert!(full.iter().all(|power| power.is_finite() && *power >= 0.0), "{full:?}");
        }
        spectrum.bulk().unwrap();
        spectrum.cut(1).unwrap();
    }
}
