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
            eprintln!("{name} bulk {index}: {power} {expected}");
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
        eprintln!("{} {}", gradient.of_bulk(0).unwrap(), powers[2]);
    }
}
