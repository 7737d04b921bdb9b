//! The random model of logits at random parameters: means over draws against tables of simulations, and its limits.

use eigenscape::random::Key;
use eigenscape::random_matrix::{DrawMean, GaussianLogits, Law, LogitEnsemble, LogitLabels};
use serde_json::Value;

use crate::logit_spectrum::{entries, f, size};
use crate::oracle::numbers;

fn ensemble(inputs: &Value) -> LogitEnsemble {
    let logits = GaussianLogits::new(size(&inputs["C"]), f(&inputs["sigma_z"])).unwrap();
    let (p, n) = (size(&inputs["P"]), size(&inputs["N"]));
    LogitEnsemble::new(p, n, f(&inputs["sigma_c"]), f(&inputs["sigma_E"]), logits).unwrap()
}

/// Mean and standard error.
pub fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

/// Means of two sets of draws differ by at most so many combined standard errors, beyond a bias.
#[track_caller]
pub fn close(what: &str, ours: (f64, f64), theirs: (f64, f64), errors: f64, bias: f64) {
    let error = (ours.1 * ours.1 + theirs.1 * theirs.1).sqrt();
    let z = (ours.0 - theirs.0) / error;
    eprintln!("{what}: {:.4} +- {:.4}, theirs {:.4} +- {:.4}: {z:.2}", ours.0, ours.1, theirs.0, theirs.1);
    let allowed = errors * error + bias * theirs.0.abs();
    assert!((ours.0 - theirs.0).abs() <= allowed, "{what}: {ours:?}, theirs {theirs:?}, {z:.2} standard errors");
}

/// The conditional theory, draw by draw, against the same theory averaged over the table's draws, and against its simulations.
fn outliers(entry: &Value, draws: u64) {
    let (name, value) = (entry["name"].as_str().unwrap(), &entry["value"]);
    let ensemble = ensemble(&entry["inputs"]);
    let (mut first, mut repelled, mut counts, mut overlaps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for draw in 0..draws {
        let spectrum = ensemble.draw(Key::new(draw)).unwrap();
        let edge = spectrum.edge().unwrap().unwrap();
        let outliers = spectrum.outliers();
        first.push(outliers.first().map_or(edge.location(), |o| o.position));
        repelled.push(
            spectrum
                .fluctuating(Key::new(draw).split(9))
                .unwrap()
                .first()
                .copied()
                .unwrap_or(edge.mean())
                .max(edge.mean()),
        );
        counts.push(outliers.len() as f64);
        overlaps.extend((!outliers.is_empty()).then(|| mean_of(outliers.iter().map(|o| o.overlap))));
    }
    let theirs = size(&entry["inputs"]["draws"]) as f64;
    // The table has no errors of its predictions: they fluctuate as ours do, from draw to draw.
    let with_error = |ours: &[f64], theirs_mean: f64| {
        let (own, error) = mean(ours);
        ((own, error), (theirs_mean, error * (ours.len() as f64 / theirs).sqrt()))
    };
    let (ours, other) = with_error(&first, f(&value["lam1_pred"]));
    close(&format!("{name}, root"), ours, other, 5.0, 0.0);
    let (ours, other) = with_error(&repelled, f(&value["lam1_pred_goe"]));
    close(&format!("{name}, with repulsion"), ours, other, 5.0, 0.0);
    let predicted = numbers(&value["n_out_pred"]);
    let (ours, _) = with_error(&counts, 0.0);
    close(&format!("{name}, count"), ours, mean(&predicted), 5.0, 1e-12);
    if let (Some(alpha), true) = (value["alpha_pred"].as_f64(), overlaps.len() as u64 == draws) {
        let (ours, other) = with_error(&overlaps, alpha);
        close(&format!("{name}, overlap"), ours, other, 5.0, 0.0);
    }
    if value["alpha_pred"].as_f64().is_some_and(|alpha| alpha > 0.7) {
        close(
            &format!("{name}, simulated"),
            mean(&repelled),
            (f(&value["lam1_sim"]), f(&value["lam1_sim_se"])),
            5.0,
            0.0,
        );
    }
    let limit = ensemble.limit(1500, Key::new(100)).unwrap();
    assert_eq!(limit.outliers > 0, value["limit_detached"].as_bool().unwrap(), "{name}");
    let relative = limit.position / f(&value["limit_lambda"]) - 1.0;
    // Without outliers that is the end of the bulk, which depends on the table's pool.
    let bound = if limit.outliers > 0 { 0.02 } else { 0.06 };
    assert!(relative.abs() < bound, "{name}: limit {} off by {relative}", limit.position);
    if limit.outliers > 0 {
        assert!((limit.overlap - f(&value["limit_alpha"])).abs() < 0.02, "{name}: {} in the limit", limit.overlap);
    }
}

fn mean_of(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[test]
fn outliers_of_random_draws_agree_with_the_table() {
    for name in
        ["outliers_C10_N60_P1200_sz0.5_r0.3", "outliers_C10_N60_P1200_sz4_r0.3", "outliers_C10_N60_P1200_sz2_r1"]
    {
        outliers(&entries("outliers", name, 1)[0], 20);
    }
}

/// `cargo test --release --all-features --test suite -- --ignored all_outliers_of_the_tables`
#[test]
#[ignore = "all entries: a minute"]
fn all_outliers_of_the_tables() {
    for entry in entries("outliers", "", 15).iter().chain(&entries("scaling", "", 10)) {
        outliers(entry, 60);
    }
}

/// E lambda_1: by draws of C x C objects, and by the law of the full population where the threshold is near.
fn largest(entry: &Value, draws: usize) {
    let (name, value) = (entry["name"].as_str().unwrap(), &entry["value"]);
    let ensemble = ensemble(&entry["inputs"]);
    let pair = |mean: DrawMean| (mean.mean, mean.standard_error.unwrap());
    let ours = pair(ensemble.largest(draws, Key::new(0)).unwrap());
    let simulated = (f(&value["sim"]), f(&value["se"]));
    close(&format!("{name}, simulated"), ours, simulated, 4.0, 0.01);
    let limit = ensemble.limit(400, Key::new(100)).unwrap();
    let strength = (ensemble.mean_deviation() / limit.critical_deviation).powi(2);
    // Near the threshold the table has the conditional theory, we the full population.
    if !(0.25..4.0).contains(&strength) {
        close(&format!("{name}, same theory"), ours, (f(&value["semi"]), f(&value["semi_se"])), 5.0, 0.0);
    }
}

#[test]
fn the_largest_eigenvalue_agrees_with_the_table() {
    for name in ["lambda1_P120_r0_sz2", "lambda1_P120_r1_sz1", "lambda1_P120_r0.3_sz8", "lambda1_P1200_r1_sz8"] {
        for entry in entries("lambdamax", "", 43).iter().filter(|entry| entry["name"] == name) {
            largest(entry, 40);
        }
    }
}

/// `cargo test --release --all-features --test suite -- --ignored all_largest_eigenvalues_of_the_table`
#[test]
#[ignore = "all entries: a minute"]
fn all_largest_eigenvalues_of_the_table() {
    for entry in entries("lambdamax", "", 43) {
        largest(&entry, 100);
    }
}

#[test]
fn the_end_of_the_bulk_agrees_with_the_table() {
    for entry in entries("bulk", "", 9) {
        let (name, value) = (entry["name"].as_str().unwrap(), &entry["value"]);
        let ensemble = ensemble(&entry["inputs"]);
        let ends: Vec<f64> =
            (0..20).map(|draw| ensemble.draw(Key::new(draw)).unwrap().edge().unwrap().unwrap().location()).collect();
        let ours = mean(&ends);
        // As many draws of probabilities on both sides.
        close(name, ours, (f(&value["edge_pred"]), ours.1), 5.0, 0.0);
    }
}

fn labels_of(rule: &str, accuracy: f64) -> LogitLabels {
    match rule {
        "uniform" => LogitLabels::Uniform,
        "calibrated" => LogitLabels::Calibrated,
        _ => LogitLabels::Accuracy(accuracy),
    }
}

/// Labels that are drawn.
fn drawn(rule: &str, accuracy: f64, p: &[f64], classes: usize, key: Key) -> LogitLabels {
    let mut uniform = vec![0.0f64; 2 * p.len() / classes];
    key.uniform(0, &mut uniform);
    let label = |(row, u): (&[f64], &[f64])| {
        let top = (0..classes).fold(0, |best, k| if row[k] > row[best] { k } else { best });
        match rule {
            "uniform" => (u[0] * classes as f64) as usize,
            "calibrated" => {
                let mut left = u[0];
                row.iter()
                    .position(|p| {
                        left -= p;
                        left < 0.0
                    })
                    .unwrap_or(classes - 1)
            }
            _ if u[0] < accuracy => top,
            _ => (top + 1 + (u[1] * (classes - 1) as f64) as usize) % classes,
        }
    };
    LogitLabels::Given(p.chunks_exact(classes).zip(uniform.chunks_exact(2)).map(label).collect())
}

/// Shares of the gradient, draw by draw, against simulations.
fn shares(entry: &Value, draws: u64) {
    let (name, inputs, value) = (entry["name"].as_str().unwrap(), &entry["inputs"], &entry["value"]);
    let (rule, accuracy, c) = (inputs["labels"].as_str().unwrap(), f(&inputs["accuracy"]), size(&inputs["C"]));
    let ensemble = ensemble(inputs);
    let (mut top, mut next, mut whole, mut averages) = (Vec::new(), Vec::new(), Vec::new(), (0.0, 0.0));
    for draw in 0..draws {
        let spectrum = ensemble.draw(Key::new(draw)).unwrap();
        let labels = drawn(rule, accuracy, spectrum.blocks().probabilities(), c, Key::new(draw).split(7));
        let gradient = spectrum.gradient(&labels).unwrap();
        top.push(gradient.share(c - 1).unwrap().unwrap());
        next.push(gradient.share(c).unwrap().unwrap());
        whole.push(gradient.squared_norm());
        // Averages over labels are averages of what labels give.
        averages.0 += spectrum.gradient(&labels_of(rule, accuracy)).unwrap().squared_norm() / draws as f64;
    }
    let simulated = (f(&value["frac_Cm1_sim"]), f(&value["se"]));
    close(&format!("{name}, C - 1"), mean(&top), simulated, 5.0, 0.01);
    close(&format!("{name}, C"), mean(&next), (f(&value["frac_C_sim"]), simulated.1), 5.0, 0.01);
    let (own, error) = mean(&whole);
    averages.1 = error;
    close(&format!("{name}, |g|^2"), (own, error), (averages.0, 0.0), 4.0, 0.0);
    if let Some(closed) = value["closed_form"].as_f64() {
        let ours = ensemble.gradient_share(&labels_of(rule, accuracy), 1500, Key::new(100)).unwrap().unwrap();
        assert!((ours / closed - 1.0).abs() < 0.02, "{name}: {ours} in the limit, {closed} in the table");
    }
}

#[test]
fn shares_of_the_gradient_agree_with_the_table() {
    for name in ["gradient_N60_P1200_sz2_r1_uniform", "gradient_N100_P200_sz1_r2_calibrated"] {
        shares(&entries("gradient", name, 1)[0], 30);
    }
}

/// `cargo test --release --all-features --test suite -- --ignored all_shares_of_the_table`
#[test]
#[ignore = "all entries: minutes"]
fn all_shares_of_the_table() {
    for entry in entries("gradient", "gradient_N", 16) {
        shares(&entry, 60);
    }
}

/// The full population's shares, against simulations at the same parameters.
///
/// `cargo test --release --all-features --test suite -- --ignored all_full_populations_of_the_table`
#[test]
#[ignore = "all entries: minutes"]
fn all_full_populations_of_the_table() {
    for entry in entries("fullpop", "", 8) {
        let (name, inputs, value) = (entry["name"].as_str().unwrap(), &entry["inputs"], &entry["value"]);
        let (ensemble, c) = (ensemble(inputs), size(&inputs["C"]));
        let (mut top, mut next) = (Vec::new(), Vec::new());
        for draw in 0..20 {
            let spectrum = ensemble.draw_logits(Key::new(draw)).unwrap();
            let labels = drawn("calibrated", 0.0, spectrum.blocks().probabilities(), c, Key::new(draw).split(7));
            let powers = spectrum.full_population().unwrap().gradient(&labels, c).unwrap();
            let whole = spectrum.gradient(&labels).unwrap().squared_norm();
            top.push(powers[..c - 1].iter().sum::<f64>() / whole);
            next.push(powers[c - 1] / whole);
        }
        let error = f(&value["frac_Cm1_se"]);
        close(&format!("{name}, C - 1"), mean(&top), (f(&value["frac_Cm1_sim"]), error), 5.0, 0.0);
        let error = f(&value["frac_Cth_se"]);
        close(&format!("{name}, the C-th"), mean(&next), (f(&value["frac_Cth_sim"]), error), 5.0, 0.0);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Limits.

#[test]
fn critical_deviations_agree_with_the_table() {
    for entry in entries("limits", "bbp_critical", 3) {
        if entry["name"] == "bbp_critical_N100_P10000" {
            continue;
        }
        let (inputs, value) = (&entry["inputs"], &entry["value"]);
        let (n, p) = (size(&inputs["N"]), size(&inputs["P"]));
        let at =
            |deviation: f64| LogitEnsemble::new(p, n, 0.1, 1.0, GaussianLogits::new(10, deviation).unwrap()).unwrap();
        assert!((at(1.0).equal_limit().critical_deviation - f(&value["sz0"])).abs() < 1e-14);
        for (deviation, expected) in numbers(&inputs["sigma_z"]).into_iter().zip(numbers(&value["crit"])) {
            // The table's value is of one pool of 1500 rows; P above N C leans on the largest eigenvalues there.
            let of = |pool| at(deviation).limit(1500, Key::new(pool)).unwrap().critical_deviation;
            let (ours, error) = mean(&(0..6).map(of).collect::<Vec<f64>>());
            let theirs = (expected, error * 6f64.sqrt());
            close(&format!("{n}, {p}, {deviation}"), (ours, error), theirs, 5.0, 1e-3);
            assert!(error * 6f64.sqrt() < 0.08 * ours, "the spread of pools is {}", error * 6f64.sqrt() / ours);
        }
    }
}

#[test]
fn growing_gradients_turn_the_largest_eigenvalue_over_where_the_table_says() {
    for entry in entries("limits", "peak_sz", 2) {
        let classes = size(&entry["inputs"]["C"]);
        for (growth, expected) in numbers(&entry["inputs"]["a"]).into_iter().zip(numbers(&entry["value"])) {
            let peak = GaussianLogits::peak(classes, growth).unwrap();
            assert!((peak / expected - 1.0).abs() < 1e-3, "{classes}, {growth}: {peak}, {expected}");
        }
    }
    for growth in [-1.0, 0.0, 1.0, 1.5, f64::NAN, 1.0 - 1e-9] {
        assert!(GaussianLogits::peak(10, growth).is_err(), "{growth}");
    }
    assert!(GaussianLogits::peak(1, 0.5).is_err());
}

/// Without residues the outliers are the eigenvalues of K^(1/2) Sbar K^(1/2).
#[test]
fn without_residues_outliers_are_the_eigenvalues_of_the_mean_curvature() {
    for (entry, draws) in entries("limits", "lam1_Sbar_N60", 1).iter().map(|entry| (entry, 40)) {
        for (deviation, expected) in numbers(&entry["inputs"]["sigma_z"]).into_iter().zip(numbers(&entry["value"])) {
            // K = P sigma_c^2 I = C I.
            let logits = GaussianLogits::new(10, deviation).unwrap();
            let ensemble = LogitEnsemble::new(40, 60, 0.5, 0.0, logits).unwrap();
            let largest: Vec<f64> = (0..draws)
                .map(|draw| {
                    let spectrum = ensemble.draw_logits(Key::new(draw)).unwrap();
                    assert!(spectrum.bulk().unwrap().is_none() && spectrum.edge().unwrap().is_none());
                    assert_eq!(spectrum.outliers().len(), 9);
                    assert!(spectrum.outliers().iter().all(|o| o.overlap == 1.0));
                    spectrum.outliers()[0].position
                })
                .collect();
            let (own, error) = mean(&largest);
            // The table has 100 draws.
            let theirs = error * (draws as f64 / 100.0).sqrt();
            close(&format!("{deviation}"), (own, error), (expected, theirs.max(1e-9)), 5.0, 0.0);
        }
    }
    let logits = GaussianLogits::new(10, 0.5).unwrap();
    let (place, height) = LogitEnsemble::new(40, 60, 0.5, 0.0, logits).unwrap().bump(4000, Key::new(0)).unwrap();
    assert!(
        (place - 1.432 * 10.0 / (2.0 * 60f64.sqrt())).abs() < 0.03 && (height - 0.0854).abs() < 0.005,
        "{place} {height}"
    );
}

/// Both ends of sigma_z, with and without outliers.
#[test]
fn limits_at_both_ends_are_those_of_random_logits_there() {
    for (p, signal) in [(1200, 1.0), (120, 0.0), (12_000, 0.05)] {
        let at = |deviation: f64| {
            LogitEnsemble::new(p, 60, signal, 1.0, GaussianLogits::new(10, deviation).unwrap()).unwrap()
        };
        let (equal, random) = (at(1e-4).equal_limit(), at(1e-4).limit(200, Key::new(0)).unwrap());
        assert_eq!(equal.outliers, random.outliers, "{p}, {signal}");
        for (equal, random) in [
            (equal.root, random.root),
            (equal.position, random.position),
            (equal.edge, random.edge),
            (equal.critical_deviation, random.critical_deviation),
        ] {
            assert!((equal / random - 1.0).abs() < 2e-3, "{p}, {signal}: {equal}, {random}");
        }
        assert!((equal.overlap - random.overlap).abs() < 2e-3);
        let (frozen, random) = (at(64.0).frozen_limit().unwrap(), at(64.0).limit(10_000, Key::new(0)).unwrap());
        assert_eq!(frozen.outliers, random.outliers, "{p}, {signal}");
        for (frozen, random) in [(frozen.position, random.position), (frozen.edge, random.edge)] {
            eprintln!("{p} {signal}: frozen {frozen}, random {random}");
            assert!((frozen / random - 1.0).abs() < 0.05, "{p}, {signal}: {frozen}, {random}");
        }
        if frozen.outliers > 0 {
            let trace = 1.538_752_730_8 / 64.0;
            let t = p as f64 / 60.0;
            let series = (p as f64 * trace / 9.0 + t / 3.0) * (1.0 + 9.0 / p as f64);
            eprintln!("{} {series}", frozen.position);
        }
    }
    let zero = LogitEnsemble::new(10, 10, 1.0, 1.0, GaussianLogits::new(3, 0.0).unwrap()).unwrap();
    assert!(zero.frozen_limit().is_err());
}

/// Noise alone: its largest eigenvalue rises with sigma_z for many parameters, and falls for few.
#[test]
fn the_end_of_the_bulk_is_not_monotonic() {
    let edges = |p: usize| {
        [0.0, 1.0, 4.0, 64.0].map(|deviation| {
            let logits = GaussianLogits::new(10, deviation).unwrap();
            LogitEnsemble::new(p, 60, 0.0, 1.0, logits).unwrap().limit(2000, Key::new(0)).unwrap().edge
        })
    };
    let [equal, one, four, frozen] = edges(1200);
    assert!(equal < one && one < four && frozen < four, "{equal} {one} {four} {frozen}");
    let [equal, one, four, frozen] = edges(120);
    assert!(equal < one && one > four && four > frozen, "{equal} {one} {four} {frozen}");
}

#[test]
fn draws_are_reproducible_and_the_gram_matrix_is_that_of_vectors() {
    let ensemble = LogitEnsemble::new(30, 5, 2.0, 1.0, GaussianLogits::new(4, 1.0).unwrap()).unwrap();
    let first = ensemble.draw(Key::new(3)).unwrap();
    assert_eq!(first.means().gram(), ensemble.draw(Key::new(3)).unwrap().means().gram());
    // Means and variances of a Wishart matrix: P sigma^2, 2 P sigma^4 on the diagonal and P sigma^4 off it.
    let draws = 2000;
    let grams: Vec<Vec<f64>> =
        (0..draws).map(|draw| ensemble.draw(Key::new(draw)).unwrap().means().gram().to_vec()).collect();
    for (row, col) in [(0, 0), (3, 3), (0, 1), (2, 3)] {
        let values: Vec<f64> = grams.iter().map(|gram| gram[row * 4 + col]).collect();
        let (expected, variance) = if row == col { (120.0, 2.0 * 30.0 * 16.0) } else { (0.0, 30.0 * 16.0) };
        crate::support::assert_mean("an inner product", &values, expected, variance);
        let squares: Vec<f64> = values.iter().map(|x| (x - expected).powi(2)).collect();
        let (own, error) = mean(&squares);
        assert!((own - variance).abs() < 4.0 * error, "{row}, {col}: {own}, {variance}");
    }
}

#[test]
fn impossible_ensembles_are_refused() {
    let logits = GaussianLogits::new(3, 1.0).unwrap();
    for (p, n, means, residues) in [(0, 1, 1.0, 1.0), (1, 0, 1.0, 1.0), (1, 1, -1.0, 1.0), (1, 1, 1.0, f64::INFINITY)] {
        assert!(LogitEnsemble::new(p, n, means, residues, logits).is_err());
    }
    let ensemble = LogitEnsemble::new(2, 3, 1.0, 1.0, logits).unwrap();
    assert!(ensemble.largest(0, Key::new(0)).is_err() && ensemble.limit(0, Key::new(0)).is_err());
    assert!(ensemble.limit(usize::MAX / 8, Key::new(0)).is_err());
    assert!(ensemble.gradient_share(&LogitLabels::Given(vec![0; 3]), 10, Key::new(0)).is_err());
    // Fewer parameters than classes: the means stay undrawn, and everything has an answer.
    assert!(ensemble.largest(3, Key::new(0)).unwrap().mean > 0.0);
    let single = LogitEnsemble::new(5, 3, 1.0, 1.0, GaussianLogits::new(1, 1.0).unwrap()).unwrap();
    assert_eq!(single.largest(2, Key::new(0)).unwrap().mean, 0.0);
    assert_eq!(single.limit(5, Key::new(0)).unwrap().outliers, 0);
    assert_eq!((single.equal_limit().outliers, single.equal_limit().edge), (0, 0.0));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let ensemble = LogitEnsemble::new(200, 20, 0.6, 1.0, GaussianLogits::new(5, 1.0).unwrap()).unwrap();
    let of = |threads| crate::support::with_threads(threads, || ensemble.largest(9, Key::new(0)).unwrap());
    assert_eq!(of(1), of(3));
}

/// The gradient's power above a quantile of the bulk: outliers and the integral of its density.
#[test]
fn power_above_a_quantile_agrees_with_the_table() {
    for entry in entries("gradient", "gradient_cumulative", 2) {
        let (name, inputs, value) = (entry["name"].as_str().unwrap(), &entry["inputs"], &entry["value"]);
        let (n, p) = (size(&inputs["N"]), size(&inputs["P"]));
        let logits = GaussianLogits::new(size(&inputs["C"]), f(&inputs["sigma_z"])).unwrap();
        let ensemble = LogitEnsemble::new(p, n, f(&inputs["sigma_c"]), 1.0, logits).unwrap();
        let level: f64 = name.split("_q").nth(1).unwrap().parse().unwrap();
        let shares: Vec<f64> = (0..20)
            .map(|draw| {
                let spectrum = ensemble.draw(Key::new(draw)).unwrap();
                let gradient = spectrum.gradient(&LogitLabels::Uniform).unwrap();
                let law = spectrum.bulk().unwrap().unwrap();
                // The level counts all P eigenvalues, the law those that are not 0.
                let samples = (p - spectrum.outliers().len()) as f64;
                let low = law.quantile(1.0 - (1.0 - level) * samples / (law.ratio() * samples)).unwrap();
                let high = law.support().last().unwrap().upper;
                let nodes = 100;
                let node = |j: usize| {
                    // Dense where the density falls like a root.
                    let x = (j as f64 + 0.5) / f64::from(nodes);
                    gradient.density(high - (high - low) * x * x).unwrap() * 2.0 * x * (high - low) / f64::from(nodes)
                };
                let power = gradient.outliers().iter().sum::<f64>() + (0..nodes as usize).map(node).sum::<f64>();
                power / gradient.squared_norm()
            })
            .collect();
        // Both the theory of the bulk and what a quantile of it is, with or without the outliers, are good to C / P.
        let ours = mean(&shares);
        close(name, ours, (f(&value["sim"]), f(&value["se"])), 5.0, 0.01 / f(&value["sim"]));
    }
}
