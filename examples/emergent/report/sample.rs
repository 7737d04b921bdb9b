//! An invented report, close to what the digits give: for the tests, and for looking at the pictures without a run.

use super::*;

const STEPS: [usize; 18] = [0, 1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000];
const TOPS: [(usize, [f64; 10]); 3] = [
    (0, [4.05, 3.03, 2.68, 2.45, 2.06, 1.74, 1.60, 1.57, 1.44, 1.34]),
    (30, [3.34, 2.88, 2.58, 2.23, 2.01, 1.84, 1.48, 1.46, 1.02, 0.73]),
    (1000, [0.81, 0.66, 0.58, 0.47, 0.42, 0.36, 0.31, 0.27, 0.25, 0.23]),
];

/// Five keys of both methods, three densities, four hyperplanes at five radii.
pub fn report() -> Report {
    let rows = |method| STEPS.iter().map(|step| row(method, 0, *step)).collect::<Vec<_>>();
    let runs = (0..5).flat_map(|seed| {
        Method::ALL.map(|method| Run {
            seed,
            method,
            rows: STEPS.iter().map(|step| row(method, seed, *step).compact(10)).collect(),
        })
    });
    Report {
        data: "digits".to_string(),
        network: "64-64-64-10 tanh".to_string(),
        scalar: "f64".to_string(),
        parameters: 8970,
        classes: 10,
        examples: Examples { train: 1500, test: 297 },
        seed: 0,
        keys: 5,
        settings: Settings {
            words: "--data digits --scalar f64 --seed 0 --keys 5".to_string(),
            quick: false,
            batch: 32,
            rate: 0.3,
            steps: 1000,
            rate_full_batch: 0.1,
            steps_full_batch: 1000,
            mini_batches: 10,
            trace_probes: 16,
            subspace_optimizer: "Adam".to_string(),
            subspace_rate: 0.05,
            full_space_rate: 0.003,
            subspace_steps: 300,
        },
        training: rows(Method::Stochastic),
        training_full_batch: rows(Method::FullBatch),
        runs: runs.collect(),
        spectrum: TOPS.iter().map(|(step, top)| spectrum(*step, top)).collect(),
        model: TOPS.iter().map(|(step, top)| model(*step, top)).collect(),
        account: STEPS.iter().map(|step| account(*step)).collect(),
        subspace: subspace(),
        full_space_accuracy: 0.963,
        seconds: 41.25,
    }
}

/// The same shape with every number not a number, for what must not panic.
pub fn without_numbers() -> Report {
    let mut report = report();
    let nan = f64::NAN;
    for row in report.training.iter_mut().chain(&mut report.training_full_batch) {
        (row.train_loss, row.test_accuracy, row.trace, row.trace_standard_error) = (nan, nan, f64::INFINITY, nan);
        row.largest_eigenvalues.fill(nan);
        (row.gradient_share_top_classes, row.mini_batch_share_top_classes) = (nan, nan);
        (row.gradient_share_top_classes_less_one, row.mini_batch_share_top_classes_less_one) = (nan, nan);
        row.baseline_share = nan;
    }
    let rows: Vec<RunRow> = report.training.iter().map(|row| row.compact(10)).collect();
    report.runs.iter_mut().for_each(|run| run.rows = rows.clone());
    for spectrum in &mut report.spectrum {
        let Curve { grid, density, standard_error } = &mut spectrum.drawn;
        for list in [grid, density, standard_error, &mut spectrum.outliers] {
            list.fill(nan);
        }
        spectrum.eigenvalues.fill(f64::NEG_INFINITY);
        spectrum.eigenvalue_residuals.fill(nan);
        spectrum.bulk_edge = nan;
    }
    for row in &mut report.model {
        row.comparison.iter_mut().for_each(|row| (row.gauss_newton, row.hessian, row.paper) = (nan, nan, nan));
        row.comparison.iter_mut().for_each(|row| (row.sampled, row.refined) = (f64::INFINITY, nan));
        row.clustering.norm = nan;
        row.parameters.mean_deviation = (nan, nan);
        (row.paper.edge, row.refined.edge) = (nan, f64::NEG_INFINITY);
        row.paper.outliers.fill(nan);
    }
    for row in &mut report.account {
        (row.largest_eigenvalue, row.paper, row.three_deviations) = (nan, f64::INFINITY, nan);
        (row.with_margin, row.hessian, row.fitted_margin, row.kept) = (f64::NEG_INFINITY, nan, nan, nan);
    }
    for row in &mut report.subspace {
        (row.radius, row.test_accuracy, row.train_loss) = (nan, nan, nan);
    }
    (report.full_space_accuracy, report.seconds, report.settings.rate) = (nan, nan, nan);
    report
}

/// The same shape with every list empty.
pub fn empty() -> Report {
    let (training, runs, spectrum, subspace) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (model, account) = (Vec::new(), Vec::new());
    Report { training_full_batch: Vec::new(), model, account, training, runs, spectrum, subspace, ..report() }
}

/// A number between -1 and 1 that looks random.
fn noise(seed: u64, step: usize, salt: u64) -> f64 {
    let mut word = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (step as u64).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ salt;
    for shift in [30, 27, 31] {
        word = (word ^ (word >> shift)).wrapping_mul(0x94D0_49BB_1331_11EB);
    }
    (word >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// Linear in log(1 + step) through the given points.
fn curve(points: &[(usize, f64)], step: usize) -> f64 {
    let at = |step: usize| (1.0 + step as f64).ln();
    let right = points.iter().position(|point| point.0 >= step).unwrap_or(points.len() - 1);
    let (low, high) = (points[right.saturating_sub(1)], points[right]);
    let width = at(high.0) - at(low.0);
    let part = if width > 0.0 { ((at(step) - at(low.0)) / width).min(1.0) } else { 0.0 };
    low.1 + part * (high.1 - low.1)
}

fn row(method: Method, seed: u64, step: usize) -> TrainingRow {
    let stochastic = method == Method::Stochastic;
    let wobble = |salt: u64, size: f64| 1.0 + size * (0.7 * noise(seed, 0, salt) + 0.3 * noise(seed, step, salt + 9));
    let largest = match stochastic {
        true => curve(&[(0, 4.1), (2, 4.8), (10, 3.8), (30, 3.3), (100, 2.4), (300, 1.45), (1000, 0.8)], step),
        false => curve(&[(0, 4.1), (5, 4.9), (20, 4.6), (100, 3.9), (300, 2.9), (1000, 1.4)], step),
    } * wobble(1, 0.15);
    let gap = match stochastic {
        true => curve(&[(0, 0.07), (5, 0.3), (25, 0.5), (300, 0.1), (1000, 0.06)], step),
        false => curve(&[(0, 0.07), (20, 0.25), (100, 0.55), (300, 0.4), (1000, 0.15)], step),
    };
    let gap = 1.0 + gap * wobble(2, 0.4);
    let share = match stochastic {
        true => curve(&[(0, 0.17), (5, 0.4), (20, 0.65), (200, 0.88), (500, 0.8), (1000, 0.72)], step),
        false => curve(&[(0, 0.17), (10, 0.25), (30, 0.2), (100, 0.05), (300, 0.004), (1000, 0.001)], step),
    } * wobble(3, 0.12);
    let mini = curve(&[(0, 0.15), (20, 0.5), (200, 0.6), (1000, 0.55)], step) * wobble(4, 0.08);
    let mut eigenvalues: Vec<f64> = (0..9).map(|rank| largest * (1.0 - 0.085 * rank as f64)).collect();
    let tenth = eigenvalues[8] / gap;
    eigenvalues.extend((0..2).map(|rank| tenth * (1.0 - 0.05 * rank as f64)));
    TrainingRow {
        step,
        train_loss: curve(&[(0, 2.48), (30, 0.3), (300, 0.033), (1000, 0.004)], step) * wobble(5, 0.1)
            + if stochastic { 0.0 } else { 0.05 },
        test_accuracy: (curve(&[(0, 0.1), (30, 0.9), (300, 0.95), (1000, 0.965)], step) * wobble(6, 0.01)).min(1.0)
            - if stochastic { 0.0 } else { 0.03 },
        largest_eigenvalues: eigenvalues,
        gradient_share_top_classes: share,
        gradient_share_top_classes_less_one: share * 0.96,
        mini_batch_share_top_classes: mini,
        mini_batch_share_top_classes_less_one: mini * 0.93,
        baseline_share: 10.0 / 8970.0,
        trace: curve(&[(0, 15.8), (if stochastic { 30 } else { 90 }, 67.8), (300, 21.9), (1000, 9.0)], step),
        trace_standard_error: 1.5,
    }
}

fn spectrum(step: usize, top: &[f64; 10]) -> Spectrum {
    let edge = 0.9 * top[9];
    let mut eigenvalues = top.to_vec();
    eigenvalues.extend((1..=10).map(|rank| edge * (1.0 - 0.04 * rank as f64)));
    let negative = if step == 0 { 0.5 } else { 0.08 };
    let kernel = |x: f64, center: f64, width: f64| {
        (-0.5 * ((x - center) / width).powi(2)).exp() / (width * (2.0 * std::f64::consts::PI).sqrt())
    };
    let density = |x: f64| {
        let tail = match x >= 0.0 {
            true => 0.06 * (-x / (0.18 * edge)).exp() / (0.18 * edge),
            false => 0.03 * (x / (0.15 * negative)).exp() / (0.15 * negative),
        };
        let outliers: f64 = top[..9].iter().map(|outlier| kernel(x, *outlier, 0.02) / 8970.0).sum();
        0.91 * kernel(x, 0.0, 0.002) + tail * kernel(x / (1.5 * edge), 0.0, 1.0) * 2.5 + outliers
    };
    let mut grid: Vec<f64> = (0..=700).map(|index| -1.5 + 0.01 * index as f64).collect();
    grid.extend((0..200).map(|index| -0.02 + 0.0002 * index as f64));
    grid.extend(top.iter().flat_map(|outlier| (-40..40).map(move |index| outlier + 0.0021 * index as f64)));
    grid.sort_by(f64::total_cmp);
    grid.dedup();
    let density: Vec<f64> = grid.iter().map(|x| density(*x)).collect();
    let standard_error = grid.iter().zip(&density).map(|(x, value)| value * (0.08 + 0.1 * x.abs().min(2.0))).collect();
    let residuals = eigenvalues.iter().map(|value| value * 1e-9).collect();
    let outliers = top[..if step == 1000 { 0 } else { 9 }].to_vec();
    let curve = Curve { grid, density, standard_error };
    Spectrum {
        step,
        drawn: curve.clone(),
        drawn_width: 0.002,
        curve,
        outliers,
        eigenvalues,
        eigenvalue_residuals: residuals,
        bulk_edge: edge,
        probes: 8,
        lanczos_steps: 90,
    }
}

fn model(step: usize, top: &[f64; 10]) -> ModelRow {
    let compared = |property: String, value: f64, paper: f64| ComparedRow {
        property,
        gauss_newton: value,
        hessian: 1.1 * value,
        paper,
        sampled: 1.05 * paper,
        refined: 0.95 * value,
    };
    let paper = if step == 0 { 0.96 } else { 0.5 };
    let mut comparison: Vec<ComparedRow> = (0..10)
        .map(|rank| compared(format!("eigenvalue {}", rank + 1), 0.9 * top[rank], 0.9 * paper * top[rank]))
        .collect();
    comparison[9].refined = f64::NAN;
    comparison.push(compared("trace / norm".to_string(), 5.2, 3.1));
    comparison.push(compared("share of top 9".to_string(), 0.5, 0.8));
    let outliers: Vec<f64> = top[..9].iter().map(|value| paper * value).collect();
    let spectrum = |edge: f64| PredictedSpectrum { outliers: outliers.clone(), overlaps: vec![0.9; 9], edge };
    ModelRow {
        step,
        examples: 200,
        clustering: ClusteringRow { same_logit_and_class: 0.63, same_logit: 0.3, different_logits: -0.02, norm: 9.0 },
        parameters: ModelParameters {
            mean_deviation: (0.05, 0.001),
            residue_deviation: (0.08, 0.001),
            logit_deviation: (1.2, 0.02),
            power_sum: (0.5, 0.02),
        },
        paper: spectrum(0.02),
        refined: spectrum(0.4),
        comparison,
    }
}

fn account(step: usize) -> AccountRow {
    let largest = curve(&[(0, 3.9), (2, 4.4), (30, 3.0), (1000, 0.8)], step);
    AccountRow {
        step,
        largest_eigenvalue: largest,
        hessian: 1.1 * largest,
        paper: 0.7 * largest,
        three_deviations: curve(&[(0, 2.5), (1000, 3.0)], step),
        with_margin: 0.5 * largest,
        mean_deviation: 0.05,
        residue_deviation: 0.08,
        logit_deviation: curve(&[(0, 0.4), (1000, 5.0)], step),
        within_deviation: curve(&[(0, 0.4), (1000, 3.2)], step),
        fitted_margin: curve(&[(0, 0.0), (1000, 15.0)], step),
        kept: curve(&[(0, 0.88), (30, 0.3), (1000, 0.01)], step),
    }
}

fn subspace() -> Vec<SubspaceRow> {
    let row = |dimension: usize, radius: f64| {
        let reach = (1.0 + dimension as f64).ln() / (1.0 + 0.8 * (radius.log2() + 0.3).abs());
        let test_accuracy = 0.1 + 0.855 * (1.0 - (-0.75 * reach).exp());
        SubspaceRow { dimension, radius, test_accuracy, train_loss: -test_accuracy.ln() * 1.3 }
    };
    let radii = [0.25, 0.5, 1.0, 2.0, 4.0];
    [5, 20, 50, 100, 300].into_iter().flat_map(|dimension| radii.map(|radius| row(dimension, radius))).collect()
}
