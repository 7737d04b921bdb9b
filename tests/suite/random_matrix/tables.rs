//! Tables of closed forms: see the provenance in the file.

use eigenscape::random_matrix::{Complex, Interval, Law, MarchenkoPastur, Semicircle, SpikedCovariance, SpikedWigner};
use serde_json::Value;

use super::assert_agrees;

fn table() -> Vec<Value> {
    let table: Value = serde_json::from_str(include_str!("../../data/random_matrix.json")).unwrap();
    table["entries"].as_array().unwrap().clone()
}

/// The entries whose names begin so; there must be exactly as many as the test expects.
fn entries(prefix: &str, count: usize) -> Vec<Value> {
    let found: Vec<Value> =
        table().into_iter().filter(|entry| entry["name"].as_str().unwrap().starts_with(prefix)).collect();
    assert_eq!(found.len(), count, "entries of {prefix}");
    found
}

/// Numbers are strings in the table: `serde_json` by default rounds the last place wrongly, the standard library not.
fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn points(value: &Value) -> Vec<Complex> {
    let parts = value.as_array().unwrap().iter().map(numbers);
    parts.map(|part| Complex::new(part[0], part[1])).collect()
}

#[track_caller]
fn assert_same(entry: &Value, inputs: &[f64], value: &Value, function: impl Fn(f64) -> f64) {
    let tolerance = number(&entry["tolerance"]);
    let expected = numbers(value);
    assert_eq!(inputs.len(), expected.len());
    for (x, expected) in inputs.iter().zip(expected) {
        assert_agrees(&format!("{} at {x}", entry["name"]), function(*x), expected, tolerance);
    }
}

#[track_caller]
fn assert_stieltjes(entry: &Value, law: &dyn Law) {
    let tolerance = number(&entry["tolerance"]);
    for (z, expected) in points(&entry["inputs"]["z"]).into_iter().zip(points(&entry["value"])) {
        let actual = law.stieltjes(z).unwrap();
        assert_agrees(&format!("{} Re at {z:?}", entry["name"]), actual.re, expected.re, tolerance);
        assert_agrees(&format!("{} Im at {z:?}", entry["name"]), actual.im, expected.im, tolerance);
    }
}

#[test]
fn marchenko_pastur_agrees_with_the_table() {
    for entry in entries("MP_", 15) {
        let law = MarchenkoPastur::new(number(&entry["inputs"]["c"]), 1.0).unwrap();
        let name = entry["name"].as_str().unwrap();
        let at = || numbers(&entry["inputs"]["x"]);
        match name.split('_').nth(1).unwrap() {
            "edges" => {
                let Interval { lower, upper } = law.edges();
                assert_same(&entry, &[0.0, 1.0], &entry["value"], |end| if end == 0.0 { lower } else { upper });
            }
            "density" => assert_same(&entry, &at(), &entry["value"], |x| law.density(x).unwrap()),
            "cdf" => assert_same(&entry, &at(), &entry["value"], |x| law.cumulative(x).unwrap()),
            "stieltjes" => assert_stieltjes(&entry, &law),
            "moments" => assert_same(&entry, &[1.0, 2.0, 3.0, 4.0], &entry["value"], |k| law.moment(k as u32)),
            other => panic!("unknown quantity {other}"),
        }
    }
}

#[test]
fn semicircle_agrees_with_the_table() {
    for entry in entries("semicircle_", 4) {
        let name = entry["name"].as_str().unwrap();
        let law = Semicircle::new(number(&entry["inputs"]["sigma"])).unwrap();
        if name.contains("stieltjes") {
            assert_stieltjes(&entry, &law);
        } else {
            let x = numbers(&entry["inputs"]["x"]);
            assert_same(&entry, &x, &entry["value"]["density"], |x| law.density(x).unwrap());
            assert_same(&entry, &x, &entry["value"]["cdf"], |x| law.cumulative(x).unwrap());
        }
    }
}

#[test]
fn extreme_ratios_lose_nothing_but_the_rounding_of_x() {
    for entry in entries("ratio_", 14) {
        let law = MarchenkoPastur::new(number(&entry["inputs"]["ratio"]), 1.0).unwrap();
        let (name, value) = (&entry["name"], &entry["value"]);
        let edges = law.edges();
        let expected = numbers(&value["edges"]);
        for (edge, expected) in [edges.lower, edges.upper].into_iter().zip(expected) {
            assert!((edge - expected).abs() <= 4.0 * f64::EPSILON * expected, "{name}: edge {edge} or {expected}");
        }
        let atom = law.atoms().first().map_or(0.0, |atom| atom.weight);
        assert_agrees(&format!("{name} atom"), atom, number(&value["atom"]), f64::EPSILON);
        let x = numbers(&entry["inputs"]["x"]);
        for ((x, density), distribution) in
            x.into_iter().zip(numbers(&value["density"])).zip(numbers(&value["distribution"]))
        {
            // A relative change of x by EPSILON changes the density relatively, and the distribution, by as much.
            let near = (x / (x - edges.lower)).abs() + (x / (edges.upper - x)).abs();
            let error = (law.density(x).unwrap() / density - 1.0).abs();
            assert!(error <= 8.0 * f64::EPSILON * (1.0 + near), "{name}: density at {x} is wrong by {error:e}");
            let error = (law.cumulative(x).unwrap() - distribution).abs();
            let bound = 2.0 * f64::EPSILON * (1.0 + x * density);
            assert!(error <= bound, "{name}: distribution at {x} is wrong by {error:e}, not {bound:e}");
        }
        for (z, expected) in points(&entry["inputs"]["z"]).into_iter().zip(points(&value["stieltjes"])) {
            let near = z.modulus() / (z - edges.lower).modulus() + z.modulus() / (z - edges.upper).modulus();
            let error = (law.stieltjes(z).unwrap() - expected).modulus() / expected.modulus();
            assert!(error <= 8.0 * f64::EPSILON * (1.0 + near), "{name}: m at {z:?} is wrong by {error:e}");
        }
    }
}

#[test]
fn outliers_agree_with_the_table() {
    let mut compared = 0;
    for entry in entries("BBP_", 2) {
        let tolerance = number(&entry["tolerance"]);
        let noise = MarchenkoPastur::new(number(&entry["inputs"]["c"]), 1.0).unwrap();
        for (ell, value) in numbers(&entry["inputs"]["ell"]).into_iter().zip(entry["value"].as_array().unwrap()) {
            let outlier = SpikedCovariance::new(noise, ell).unwrap().outlier();
            assert_eq!(outlier.detached, value["outlier"].as_bool().unwrap(), "spike {ell}");
            assert_agrees("location", outlier.position, number(&value["location"]), tolerance);
            assert_agrees("overlap", outlier.overlap, number(&value["overlap2"]), tolerance);
            assert_eq!(outlier.variance.is_some(), value["clt_var_times_n"].is_string());
            if let Some(variance) = outlier.variance {
                assert_agrees("variance", variance, number(&value["clt_var_times_n"]), tolerance);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 4);
    for entry in entries("bgn_multiplicative_MP", 2) {
        // The multiplicative deformation (1 + theta uu')^(1/2) X (1 + theta uu')^(1/2) of a Marchenko-Pastur X.
        let tolerance = number(&entry["tolerance"]);
        let noise = MarchenkoPastur::new(number(&entry["inputs"]["c"]), 1.0).unwrap();
        let outlier = SpikedCovariance::new(noise, 1.0 + number(&entry["inputs"]["theta"])).unwrap().outlier();
        assert_agrees("location", outlier.position, number(&entry["value"]["location"]), tolerance);
        assert_agrees("overlap", outlier.overlap, number(&entry["value"]["overlap2_sym"]), tolerance);
    }
    for entry in entries("spiked_wigner_", 2) {
        let tolerance = number(&entry["tolerance"]);
        let noise = Semicircle::new(number(&entry["inputs"]["sigma"])).unwrap();
        let outlier = SpikedWigner::new(noise, number(&entry["inputs"]["theta"])).unwrap().outlier();
        assert_agrees("location", outlier.position, number(&entry["value"]["location"]), tolerance);
        assert_agrees("overlap", outlier.overlap, number(&entry["value"]["overlap2"]), tolerance);
    }
}

/// Clustered gradients at uniform predictions: C - 1 equal spikes in a Marchenko-Pastur bulk, as a classifier's Hessian.
#[test]
fn a_model_of_clustered_gradients_is_a_spiked_covariance() {
    for entry in entries("model_sz0_", 2) {
        let (input, value) = (&entry["inputs"], &entry["value"]);
        let given = |name: &str| number(&input[name]);
        let (classes, weights) = (given("C"), given("P"));
        let rank = given("N") * (classes - 1.0);
        let noise = weights * given("sigma_E2") / given("N") / classes;
        let law = MarchenkoPastur::new(rank / weights, noise).unwrap();
        let spike = weights * given("sigma_c2") / classes + noise;
        let outlier = SpikedCovariance::new(law, spike).unwrap().outlier();
        // The Hessian itself is the P x P companion of this rank x rank matrix: the same bulk, but for zeros.
        let companion = MarchenkoPastur::new(weights / rank, noise * rank / weights).unwrap();
        let tolerance = number(&entry["tolerance"]);
        for (edge, name) in [(companion.edges().lower, "edge_lo"), (companion.edges().upper, "edge_hi")] {
            assert_agrees(name, edge, number(&value[name]), tolerance);
        }
        assert_agrees("mass at zero", companion.atoms()[0].weight, number(&value["mass_zero"]), tolerance);
        assert_eq!(outlier.detached, value["detached"].as_bool().unwrap());
        assert_agrees("outlier", outlier.position, number(&value["outlier"]), tolerance);
    }
}
