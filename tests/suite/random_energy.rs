//! The random energy model and the softmax of normal logits: tables, identities, sampled states, limits.

use eigenscape::random::Key;
use eigenscape::random_matrix::{GaussianLogits, RandomEnergyModel, expected_maximum};
use serde_json::Value;

use crate::support::normal;

fn entries(prefix: &str, count: usize) -> Vec<(usize, f64, Value, Value)> {
    let table: Value = serde_json::from_str(include_str!("../data/random_energy.json")).unwrap();
    let found: Vec<_> = (table["entries"].as_array().unwrap().iter())
        .filter(|entry| entry["name"].as_str().unwrap().starts_with(prefix))
        .map(|entry| {
            let inputs = &entry["inputs"];
            let classes = inputs["C"].as_u64().unwrap() as usize;
            (classes, inputs["sigma_z"].as_f64().unwrap_or(0.0), inputs["delta"].clone(), entry["value"].clone())
        })
        .collect();
    assert_eq!(found.len(), count, "entries that begin with {prefix}");
    found
}

#[track_caller]
fn close(what: &str, actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance * expected.abs().max(1.0), "{what}: {actual} should be {expected}");
}

#[test]
fn largest_probabilities_and_margins_agree_with_the_table() {
    for (classes, deviation, _, value) in entries("E_pmax", 8) {
        let largest = GaussianLogits::new(classes, deviation).unwrap().largest_probability();
        close(&format!("{classes} classes, {deviation}"), largest, value.as_f64().unwrap(), 1e-6);
    }
    for (count, _, _, value) in entries("e_max", 4) {
        close("maximum", expected_maximum(count), value.as_f64().unwrap(), 1e-10);
    }
    assert_eq!(expected_maximum(1), 0.0);
    close("of two", expected_maximum(2), 1.0 / std::f64::consts::PI.sqrt(), 1e-14);
    for (classes, deviation, margin, value) in entries("softmax_margin", 8) {
        let logits = GaussianLogits::new(classes, deviation).unwrap();
        let raised = logits.with_margin(margin.as_f64().unwrap()).unwrap();
        let what = format!("{classes} classes, {deviation}, margin {margin}");
        close(&what, raised.power_sum, value["Y2"].as_f64().unwrap(), 1e-9);
        close(&what, raised.accuracy, value["accuracy"].as_f64().unwrap(), 1e-9);
    }
}

/// Without a margin nothing changes; a large one of either sign leaves the true class alone, or none of it.
#[test]
fn margins_have_their_limits() {
    for (classes, deviation) in [(2, 0.5), (10, 2.0), (100, 8.0)] {
        let logits = GaussianLogits::new(classes, deviation).unwrap();
        let none = logits.with_margin(0.0).unwrap();
        close("none", none.power_sum, logits.power_sum(2), 1e-12);
        close("none", none.accuracy, 1.0 / classes as f64, 1e-12);
        let sure = logits.with_margin(200.0).unwrap();
        close("sure", sure.power_sum, 1.0, 1e-12);
        close("sure", sure.accuracy, 1.0, 1e-12);
        let out = logits.with_margin(-200.0).unwrap();
        let fewer = if classes == 2 { 1.0 } else { GaussianLogits::new(classes - 1, deviation).unwrap().power_sum(2) };
        close("out", out.power_sum, fewer, 1e-11);
        close("out", out.accuracy, 0.0, 1e-12);
    }
    let still = GaussianLogits::new(3, 0.0).unwrap();
    let raised = still.with_margin(2.0f64.ln()).unwrap();
    close("two to one to one", raised.power_sum, 6.0 / 16.0, 1e-14);
    assert_eq!((raised.accuracy, still.with_margin(0.0).unwrap().accuracy), (1.0, 1.0 / 3.0));
    assert!(still.with_margin(f64::NAN).is_err() && still.with_margin(2000.0).is_err());
    assert_eq!(GaussianLogits::new(1, 2.0).unwrap().with_margin(1.0).unwrap().accuracy, 1.0);
}

/// d E ln Z / d sigma = sigma (1 - Y_2): Gaussian integration by parts.
#[test]
fn the_partition_function_integrates_participation() {
    for classes in [2, 10, 1000] {
        for deviation in [0.05, 0.5, 1.0, 3.0, 9.0] {
            let at = |s: f64| GaussianLogits::new(classes, s).unwrap();
            let h = 1e-3 * deviation;
            let [a, b, c, d] = [-2.0, -1.0, 1.0, 2.0].map(|k| at(deviation + k * h).log_partition());
            let slope = (8.0 * (c - b) - (d - a)) / (12.0 * h);
            close(&format!("{classes}, {deviation}"), slope, deviation * at(deviation).trace(), 2e-9);
        }
        let still = GaussianLogits::new(classes, 0.0).unwrap();
        close("no logits", still.log_partition(), (classes as f64).ln(), 1e-14);
        let (small, quarter) = (GaussianLogits::new(classes, 2e-6).unwrap(), (1.0 - 1.0 / classes as f64) * 2e-12);
        close("small logits", small.log_partition(), (classes as f64).ln() + quarter, 1e-12);
    }
}

/// Averages over sampled energies, at four standard errors.
#[test]
fn averages_are_those_of_samples() {
    for (states, deviation, temperature) in [(2, 1.0, 0.7), (16, 2.0, 1.0), (200, 1.5, 0.3), (200, 1.5, 5.0)] {
        let model = RandomEnergyModel::new(states, deviation).unwrap();
        let averages = model.at(temperature).unwrap();
        let largest = model.logits(temperature).unwrap().largest_probability();
        let draws = 1000;
        let mut sampled = vec![Vec::new(); 5];
        for draw in 0..draws {
            let energies: Vec<f64> = normal(states, Key::new(0).split(draw));
            let z: Vec<f64> = energies.iter().map(|e| (-deviation * e / temperature).exp()).collect();
            let total: f64 = z.iter().sum();
            let p: Vec<f64> = z.iter().map(|z| z / total).collect();
            sampled[0].push(total.ln());
            sampled[1].push(p.iter().zip(&energies).map(|(p, e)| p * deviation * e).sum());
            sampled[2].push(-p.iter().map(|p| if *p > 0.0 { p * p.ln() } else { 0.0 }).sum::<f64>());
            sampled[3].push(p.iter().map(|p| p * p).sum());
            sampled[4].push(p.iter().copied().fold(0.0, f64::max));
        }
        let expected = [averages.log_partition, averages.energy, averages.entropy, averages.power_sum, largest];
        for ((name, values), expected) in
            ["ln Z", "energy", "entropy", "Y2", "largest"].iter().zip(&sampled).zip(expected)
        {
            let mean = values.iter().sum::<f64>() / draws as f64;
            let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (draws - 1) as f64;
            let bound = 4.0 * (square / draws as f64).sqrt();
            assert!(
                (mean - expected).abs() <= bound,
                "{states} at {temperature}, {name}: {mean} +- {bound}, {expected}"
            );
        }
        close("F = U - T S", averages.free_energy, averages.energy - temperature * averages.entropy, 1e-12);
        close("participation", averages.participation_ratio() * averages.power_sum, 1.0, 1e-15);
    }
}

/// Toward infinitely many states, from both sides of the transition; the approach is as slow as 1 / ln C.
#[test]
fn the_limit_is_reached_slowly() {
    for x in [0.5, 0.75, 1.5, 3.0] {
        let mut last = f64::INFINITY;
        for spins in [8, 16, 32, 62] {
            let model = RandomEnergyModel::spins(spins).unwrap();
            close("critical temperature", model.critical_temperature(), 0.5 / 2f64.ln().sqrt(), 1e-14);
            let temperature = x * model.critical_temperature();
            let (finite, limit) = (model.at(temperature).unwrap(), model.limit(temperature).unwrap());
            let per_spin = f64::from(spins);
            let gaps = [
                (finite.log_partition - limit.log_partition) / per_spin,
                (finite.energy - limit.energy) / per_spin,
                (finite.entropy - limit.entropy) / per_spin,
                finite.power_sum - limit.power_sum,
            ];
            let gap = gaps.iter().fold(0.0, |largest: f64, gap| largest.max(gap.abs()));
            assert!(gap < 0.8 * last, "T / Tc = {x}, {spins} spins: {gap} after {last}");
            last = gap;
        }
    }
    // The derivative of the limit's free energy is continuous at T_c: no latent heat.
    let model = RandomEnergyModel::new(1000, 2.0).unwrap();
    let critical = model.critical_temperature();
    let (above, below) =
        (model.limit(critical * (1.0 + 1e-12)).unwrap(), model.limit(critical * (1.0 - 1e-12)).unwrap());
    close("energy", above.energy, below.energy, 1e-10);
    close("entropy", above.entropy, 0.0, 1e-10);
}

#[test]
fn temperatures_are_found_from_participation() {
    for (classes, deviation) in [(2, 0.3), (10, 0.01), (10, 4.0), (1000, 20.0)] {
        let frozen = GaussianLogits::new(classes, deviation).unwrap().power_sum(2);
        let found = GaussianLogits::with_power_sum(classes, frozen).unwrap().deviation();
        // Y_2 - 1/C is of the order of sigma^2.
        let tolerance = 1e-9 + 1e-15 / (deviation * deviation) * classes as f64;
        assert!((found / deviation - 1.0).abs() < tolerance, "{classes}: {found} for {deviation}");
        let temperature = RandomEnergyModel::reduced_temperature(classes, frozen).unwrap();
        close("T / Tc", temperature, (2.0 * (classes as f64).ln()).sqrt() / deviation, 1e-6);
    }
    for (classes, power_sum) in [(10, 0.1), (10, 1.0), (10, f64::NAN), (1, 1.0), (0, 0.5), (2, 1.0 - 1e-9)] {
        assert!(RandomEnergyModel::reduced_temperature(classes, power_sum).is_err(), "{classes}, {power_sum}");
    }
}

#[test]
fn impossible_models_are_refused() {
    assert!(RandomEnergyModel::new(1, 1.0).is_err());
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(RandomEnergyModel::new(4, bad).is_err());
        assert!(RandomEnergyModel::new(4, 1.0).unwrap().at(bad).is_err());
        assert!(RandomEnergyModel::new(4, 1.0).unwrap().limit(bad).is_err());
    }
    let error = RandomEnergyModel::spins(63).unwrap_err().to_string();
    assert!(error.contains("is 63; it must be at most 62"), "{error}");
    assert!(RandomEnergyModel::spins(0).is_err());
    assert!(RandomEnergyModel::new(4, 1.0).unwrap().at(1e-6).is_err());
}
