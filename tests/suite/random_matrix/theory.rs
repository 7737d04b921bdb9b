//! Values computed elsewhere: closed forms, reference implementations and simulations; provenance in the file.
//!
//! Of the entries that describe a model of a network, what concerns their spectrum is tested here: population, edges, scales,
//! spikes, overlaps, quantiles. What they say of gradients, traces and moments of softmax is the model's.

use eigenscape::random::Key;
use eigenscape::random_matrix::{
    AdditiveSpike, Affine, Arcsine, DeformedWigner, Discrete, FreeProduct, FreeSum, GeneralizedMarchenkoPastur, Law,
    MarchenkoPastur, MultiplicativeSpike, RectangularSpike, Semicircle, SeparableCovariance, SpikedCovariance,
    SpikedWigner, Uniform,
};
use faer::{Mat, Side};
use serde_json::Value;

use super::{assert_agrees, mean};
use crate::oracle::{numbers, symmetric_eigenvalues};

fn entries(group: &str, prefix: &str, count: usize) -> Vec<Value> {
    let table: Value = serde_json::from_str(include_str!("../../data/random_matrix_theory.json")).unwrap();
    let found: Vec<Value> = (table["entries"].as_array().unwrap().iter())
        .filter(|entry| entry["group"] == group && entry["name"].as_str().unwrap().starts_with(prefix))
        .cloned()
        .collect();
    assert_eq!(found.len(), count, "entries of {group} that begin with {prefix}");
    found
}

fn f(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn size(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn coin() -> Discrete {
    Discrete::new(&[-1.0, 1.0], &[0.5, 0.5]).unwrap()
}

#[track_caller]
fn assert_density(entry: &Value, law: &dyn Law) {
    for (x, expected) in numbers(&entry["inputs"]["x"]).into_iter().zip(numbers(&entry["value"])) {
        let name = format!("{} at {x}", entry["name"]);
        assert_agrees(&name, law.density(x).unwrap(), expected, f(&entry["tolerance"]));
    }
}

#[test]
fn convolutions_agree_with_the_table() {
    let noise = |c| MarchenkoPastur::new(c, 1.0).unwrap();
    let population = || Discrete::new(&[1.0, 3.0], &[0.5, 0.5]).unwrap();
    let one = || Discrete::new(&[1.0], &[1.0]).unwrap();
    for entry in entries("free", "", 8) {
        let laws: Vec<Box<dyn Law>> = match entry["name"].as_str().unwrap() {
            "free_add_bernoulli_bernoulli" => vec![Box::new(FreeSum::new(coin(), coin()).unwrap())],
            "free_add_semicircle_bernoulli" => {
                let s = 2f64.sqrt();
                vec![
                    Box::new(DeformedWigner::new(coin(), s).unwrap()),
                    Box::new(FreeSum::new(coin(), Semicircle::new(s).unwrap()).unwrap()),
                ]
            }
            "free_add_semicircle_MP0.5" => vec![
                Box::new(DeformedWigner::new(noise(0.5), 1.0).unwrap()),
                Box::new(FreeSum::new(noise(0.5), Semicircle::new(1.0).unwrap()).unwrap()),
            ],
            "free_add_MP_MP" => vec![Box::new(FreeSum::new(noise(0.5), noise(0.5)).unwrap())],
            "free_mul_MP1_MP1" => vec![
                Box::new(FreeProduct::new(noise(1.0), noise(1.0)).unwrap()),
                Box::new(GeneralizedMarchenkoPastur::new(noise(1.0), 1.0).unwrap()),
            ],
            "free_mul_MP0.5_atoms13" => vec![
                Box::new(GeneralizedMarchenkoPastur::new(population(), 0.5).unwrap()),
                Box::new(FreeProduct::new(noise(0.5), population()).unwrap()),
                Box::new(SeparableCovariance::new(population(), one(), 0.5).unwrap()),
            ],
            support => {
                let c = f(&entry["inputs"]["c"]);
                let atoms = numbers(&entry["inputs"]["atoms"]);
                let law = Discrete::new(&atoms, &numbers(&entry["inputs"]["weights"])).unwrap();
                let parts = GeneralizedMarchenkoPastur::new(law, c).unwrap().support();
                let expected: Vec<Vec<f64>> = entry["value"].as_array().unwrap().iter().map(numbers).collect();
                assert_eq!(parts.len(), expected.len(), "{support}");
                for (part, ends) in parts.iter().zip(expected) {
                    assert_agrees(support, part.lower, ends[0], f(&entry["tolerance"]));
                    assert_agrees(support, part.upper, ends[1], f(&entry["tolerance"]));
                }
                continue;
            }
        };
        for law in laws {
            assert_density(&entry, &*law);
        }
    }
}

#[test]
fn spikes_agree_with_the_table() {
    for entry in entries("classical", "", 8) {
        let name = entry["name"].as_str().unwrap();
        let (value, tolerance) = (&entry["value"], f(&entry["tolerance"]));
        let theta = f(&entry["inputs"]["theta"]);
        if name.starts_with("bgn_additive") {
            let spiked = match name.split('_').nth(2).unwrap() {
                "uniform" => AdditiveSpike::new(Uniform::new(-1.0, 1.0).unwrap(), theta),
                "arcsine" => AdditiveSpike::new(Arcsine::new(-2.0, 2.0).unwrap(), theta),
                other => panic!("unknown law {other}"),
            };
            let outlier = spiked.unwrap().outlier().unwrap();
            assert_agrees(name, outlier.position, f(&value["location"]), tolerance);
            // The overlap is a ratio of values near 1e-2: ten more roundings.
            assert_agrees(name, outlier.overlap, f(&value["overlap2"]), 10.0 * tolerance);
        } else {
            let outlier = RectangularSpike::gaussian(f(&entry["inputs"]["c"]), theta).unwrap().outlier().unwrap();
            let position = value.get("singular").or(value.get("rho")).unwrap();
            assert_agrees(name, outlier.position, f(position), 1e2 * tolerance);
            assert_agrees(name, outlier.left, f(&value["left2"]), 1e2 * tolerance);
            assert_agrees(name, outlier.right, f(&value["right2"]), 1e2 * tolerance);
        }
    }
}

/// Twenty draws each: five standard errors, for the tails of Student's law.
#[test]
fn spikes_agree_with_simulations() {
    for entry in entries("bgn", "sim_", 11) {
        let name = entry["name"].as_str().unwrap();
        let numbers: Vec<f64> = name.split(['=', ',']).filter_map(|part| part.parse().ok()).collect();
        let parameter = |key: &str| {
            let part = name.split(['_', ',']).find_map(|part| part.strip_prefix(&format!("{key}=")));
            part.unwrap().parse::<f64>().unwrap()
        };
        assert!(!numbers.is_empty());
        let theta = parameter("theta");
        let (position, overlap) = if name.contains("spiked_wigner") {
            let outlier = SpikedWigner::new(Semicircle::new(1.0).unwrap(), theta).unwrap().outlier();
            (outlier.position, outlier.overlap)
        } else if name.contains("add_") {
            let spiked = if name.contains("arcsine") {
                AdditiveSpike::new(Arcsine::new(-2.0, 2.0).unwrap(), theta)
            } else {
                AdditiveSpike::new(Uniform::new(-1.0, 1.0).unwrap(), theta)
            };
            let outlier = spiked.unwrap().outlier().unwrap();
            (outlier.position, outlier.overlap)
        } else if name.contains("spiked_cov") {
            let bulk = MarchenkoPastur::new(parameter("c"), 1.0).unwrap();
            let outlier = SpikedCovariance::new(bulk, 1.0 + theta).unwrap().outlier();
            (outlier.position, outlier.overlap)
        } else if name.contains("info_plus_noise") {
            let outlier = RectangularSpike::gaussian(parameter("c"), theta).unwrap().outlier().unwrap();
            (outlier.position, if name.contains("left") { outlier.left } else { outlier.right })
        } else {
            assert!(name.contains("mult_arcsine13"));
            let law = Arcsine::new(1.0, 3.0).unwrap();
            let outlier = MultiplicativeSpike::new(law, theta).unwrap().outlier().unwrap();
            (outlier.position, outlier.overlap)
        };
        let value = &entry["value"];
        for (ours, what) in [(position, "location"), (overlap, "overlap2")] {
            let (simulated, error) = (f(&value[format!("sim_{what}")]), f(&value[format!("se_{what}")]));
            assert!((ours - simulated).abs() < 5.0 * error, "{name}: {what} {ours}, simulated {simulated} +- {error}");
            assert_agrees(name, ours, f(&value[format!("pred_{what}")]), 1e-9);
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The curvature of softmax regression with independent gradients: H = (1/N) sum_m J_m' S_m J_m.

fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().fold(f64::MIN, |m, &z| m.max(z));
    let weights: Vec<f64> = logits.iter().map(|z| (z - largest).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}

/// Eigenvalues of S = diag(p) - p p', without the one that is exactly 0.
fn curvature(p: &[f64]) -> Vec<f64> {
    let classes = p.len();
    let entry = |i: usize, j: usize| if i == j { p[i] * (1.0 - p[i]) } else { -p[i] * p[j] };
    let matrix: Vec<f64> = (0..classes * classes).map(|ij| entry(ij / classes, ij % classes)).collect();
    symmetric_eigenvalues(&matrix, classes)[1..].iter().map(|s| s.max(0.0)).collect()
}

/// L with S = L L': diag(sqrt p) - p sqrt(p)', by rows.
fn factor(p: &[f64]) -> Vec<f64> {
    let classes = p.len();
    let entry = |i: usize, j: usize| if i == j { p[i].sqrt() } else { 0.0 } - p[i] * p[j].sqrt();
    (0..classes * classes).map(|ij| entry(ij / classes, ij % classes)).collect()
}

/// The law of the Gram dual's bulk for P parameters: the population is t s over the nonzero eigenvalues s of all S_m.
fn bulk(probabilities: &[Vec<f64>], parameters: usize, variance: f64) -> GeneralizedMarchenkoPastur {
    let t = parameters as f64 * variance / probabilities.len() as f64;
    let tau: Vec<f64> = probabilities.iter().flat_map(|p| curvature(p)).map(|s| t * s).collect();
    GeneralizedMarchenkoPastur::new(Discrete::uniform(&tau).unwrap(), tau.len() as f64 / parameters as f64).unwrap()
}

/// Eigenvalues of L' (t I + U K U' / N) L: the population with the class means in it.
fn spiked_population(probabilities: &[Vec<f64>], t: f64, k: &[Vec<f64>]) -> Vec<f64> {
    let (examples, classes) = (probabilities.len(), k.len());
    let factors: Vec<Vec<f64>> = probabilities.iter().map(|p| factor(p)).collect();
    let size = examples * classes;
    let mut matrix = vec![0.0; size * size];
    for (m, left) in factors.iter().enumerate() {
        for (n, right) in factors.iter().enumerate() {
            for i in 0..classes {
                for j in 0..classes {
                    let mut sum = 0.0;
                    for a in 0..classes {
                        for (b, entry) in k[a].iter().enumerate() {
                            let middle = entry / examples as f64 + if m == n && a == b { t } else { 0.0 };
                            sum += left[a * classes + i] * middle * right[b * classes + j];
                        }
                    }
                    matrix[(m * classes + i) * size + n * classes + j] = sum;
                }
            }
        }
    }
    symmetric_eigenvalues(&matrix, size).into_iter().map(|value| if value < 1e-12 { 0.0 } else { value }).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

/// Bulk, threshold and spikes of a population against an entry's values.
fn assert_bulk(name: &str, value: &Value, law: &GeneralizedMarchenkoPastur, parameters: usize, tolerance: f64) {
    let hidden = law.hidden_spikes();
    assert_agrees(name, hidden[hidden.len() - 1].upper, f(&value["u_plus"]), tolerance);
    let edges = law.edges(parameters).unwrap();
    let top = edges[edges.len() - 1];
    assert_agrees(name, top.location(), f(&value["lambda_plus"]), tolerance);
    assert_agrees(name, top.scale(), f(&value["tw_scale"]), tolerance);
}

/// Eigenvalues of R' A(u) R, descending, with their derivatives by u: A(u) = (1/N) sum_m S_m (u - t S_m)^(-1), R R' = K.
fn secular(probabilities: &[Vec<f64>], t: f64, k: &[Vec<f64>], u: f64) -> Vec<(f64, f64)> {
    let classes = k.len();
    let root = {
        let eigen = Mat::from_fn(classes, classes, |i, j| k[i][j]).self_adjoint_eigen(Side::Lower).unwrap();
        let scaled = Mat::from_fn(classes, classes, |i, j| eigen.U()[(i, j)] * eigen.S()[j].sqrt());
        &scaled * eigen.U().transpose()
    };
    let [mut a, mut slope] = [Mat::<f64>::zeros(classes, classes), Mat::<f64>::zeros(classes, classes)];
    for p in probabilities {
        let s = Mat::from_fn(classes, classes, |i, j| if i == j { p[i] * (1.0 - p[i]) } else { -p[i] * p[j] });
        let eigen = s.self_adjoint_eigen(Side::Lower).unwrap();
        let of = |f: &dyn Fn(f64) -> f64| {
            let scaled = Mat::from_fn(classes, classes, |i, j| eigen.U()[(i, j)] * f(eigen.S()[j].max(0.0)));
            &scaled * eigen.U().transpose()
        };
        a += of(&|s| s / (u - t * s) / probabilities.len() as f64);
        slope += of(&|s| -s / (u - t * s).powi(2) / probabilities.len() as f64);
    }
    let eigen = (&root * &a * &root).self_adjoint_eigen(Side::Lower).unwrap();
    let turned = &root * &slope * &root;
    let along = |j: usize| eigen.U().col(j).transpose() * &turned * eigen.U().col(j);
    (0..classes).rev().map(|j| (eigen.S()[j], along(j))).collect()
}

/// What detaches, by the secular equation at the law's edge, and the overlap of each outlier with the class means,
/// z'(u) / (-u a'(u)).
fn assert_secular(
    name: &str,
    value: &Value,
    law: &GeneralizedMarchenkoPastur,
    at: impl Fn(f64) -> Vec<(f64, f64)>,
    us: &[f64],
    alphas: &[f64],
    tolerance: f64,
) {
    let edge = law.hidden_spikes().last().unwrap().upper;
    for ((ours, _), theirs) in at(edge).into_iter().zip(numbers(&value["a_at_edge"])) {
        assert_agrees(name, ours, theirs, tolerance);
    }
    for (j, (u, alpha)) in us.iter().zip(alphas).enumerate() {
        let (a, slope) = at(*u)[j];
        assert_agrees(name, a, 1.0, 100.0 * tolerance);
        let outlier = law.outlier(*u).unwrap();
        let turn = outlier.overlap * outlier.position / u;
        assert_agrees(name, turn / (-u * slope), *alpha, 100.0 * tolerance);
    }
}

/// The largest eigenvalue of the mean of S_m, 40 draws of theirs and ours.
#[test]
fn mean_curvatures_of_softmax_agree() {
    for entry in entries("limits", "lam1_Sbar", 3) {
        let (inputs, tolerance) = (&entry["inputs"], f(&entry["tolerance"]));
        let (examples, classes) = (size(&inputs["N"]), size(&inputs["C"]));
        for (sigma, expected) in numbers(&inputs["sigma_z"]).into_iter().zip(numbers(&entry["value"])) {
            let draws: Vec<f64> = (0..40)
                .map(|draw| {
                    let mut sum = vec![0.0; classes * classes];
                    for p in random_probabilities(Key::new(draw), examples, classes, sigma) {
                        for (ij, entry) in sum.iter_mut().enumerate() {
                            let (i, j) = (ij / classes, ij % classes);
                            *entry += (if i == j { p[i] } else { 0.0 } - p[i] * p[j]) / examples as f64;
                        }
                    }
                    classes as f64 * symmetric_eigenvalues(&sum, classes)[classes - 1]
                })
                .collect();
            assert_agrees(&format!("{} at {sigma}", entry["name"]), mean(&draws).0, expected, tolerance);
        }
    }
}

#[test]
fn explicit_populations_agree() {
    for entry in entries("explicit", "explicit_K", 2) {
        let name = entry["name"].as_str().unwrap();
        let (inputs, value, tolerance) = (&entry["inputs"], &entry["value"], f(&entry["tolerance"]));
        let probabilities = rows(&inputs["p"]);
        let parameters = size(&inputs["P"]);
        let law = bulk(&probabilities, parameters, f(&inputs["sigma_E2"]));
        let mut tau: Vec<f64> = probabilities.iter().flat_map(|p| curvature(p)).map(|s| f(&value["t"]) * s).collect();
        tau.sort_by(f64::total_cmp);
        for (ours, theirs) in tau.iter().zip(numbers(&value["tau"])) {
            assert_agrees(name, *ours, theirs, tolerance);
        }
        assert_bulk(name, value, &law, parameters, tolerance);
        let outliers = value["outliers"].as_array().unwrap();
        let of = |key: &str| -> Vec<f64> { outliers.iter().map(|outlier| f(&outlier[key])).collect() };
        let at = |u: f64| secular(&probabilities, f(&value["t"]), &rows(&inputs["K"]), u);
        assert_secular(name, value, &law, at, &of("u"), &of("alpha"), tolerance);
        let spikes = spiked_population(&probabilities, f(&value["t"]), &rows(&inputs["K"]));
        for (spike, outlier) in spikes.iter().rev().zip(value["outliers"].as_array().unwrap()) {
            assert_agrees(name, *spike, f(&outlier["u"]), tolerance);
            let ours = law.outlier(*spike).unwrap();
            assert!(ours.detached);
            assert_agrees(name, ours.position, f(&outlier["lam"]), tolerance);
            assert_agrees(name, law.spike(ours.position).unwrap(), *spike, tolerance);
        }
    }
    let entry = &entries("explicit", "explicit_bulk", 1)[0];
    let (inputs, value) = (&entry["inputs"], &entry["value"]);
    let tau = numbers(&inputs["tau"]);
    let parameters = size(&inputs["P"]);
    let law = GeneralizedMarchenkoPastur::new(Discrete::uniform(&tau).unwrap(), tau.len() as f64 / parameters as f64);
    let law = law.unwrap().companion();
    let support = rows(&value["support"]);
    assert_eq!(law.support().len(), support.len());
    assert_agrees("lower edge", law.support()[0].lower, support[0][0], 1e-10);
    assert_agrees("upper edge", law.support()[0].upper, support[0][1], 1e-10);
    assert_agrees("zeros", law.atoms()[0].weight, f(&value["mass_zero"]), 1e-14);
    let tolerance = f(&entry["tolerance"]);
    for ((x, density), cumulative) in
        numbers(&value["x"]).into_iter().zip(numbers(&value["density"])).zip(numbers(&value["cdf"]))
    {
        assert_agrees("density", law.density(x).unwrap(), density, tolerance);
        assert_agrees("distribution", law.cumulative(x).unwrap(), cumulative, tolerance);
    }
}

#[test]
fn explicit_instances_agree() {
    for entry in entries("explicit", "instance_", 9) {
        let name = entry["name"].as_str().unwrap();
        let (inputs, value, tolerance) = (&entry["inputs"], &entry["value"], f(&entry["tolerance"]));
        let (examples, classes, parameters) = (size(&inputs["N"]), size(&inputs["C"]), size(&inputs["P"]));
        let sigma = f(&inputs["sigma_z"]);
        let logit = |m: usize, k: usize| {
            let (m, k) = (m as f64, k as f64);
            sigma * 2f64.sqrt() * (1.0 + 1.7 * m + 2.9 * k + 0.31 * m * k).sin()
        };
        let probabilities: Vec<Vec<f64>> =
            (0..examples).map(|m| softmax(&(0..classes).map(|k| logit(m, k)).collect::<Vec<f64>>())).collect();
        let variance = f(&inputs["sigma_E2"]);
        let law = bulk(&probabilities, parameters, variance);
        assert_bulk(name, value, &law, parameters, tolerance);
        let t = parameters as f64 * variance / examples as f64;
        let means = parameters as f64 * f(&inputs["sigma_c2"]);
        let k: Vec<Vec<f64>> =
            (0..classes).map(|i| (0..classes).map(|j| if i == j { means } else { 0.0 }).collect()).collect();
        let at = |u: f64| secular(&probabilities, t, &k, u);
        assert_secular(name, value, &law, at, &numbers(&value["u"]), &numbers(&value["alpha"]), tolerance);
        let spiked = spiked_population(&probabilities, t, &k);
        let threshold = law.hidden_spikes().last().unwrap().upper;
        let detached: Vec<f64> = spiked.iter().rev().copied().take_while(|u| *u > threshold).collect();
        let expected = numbers(&value["u"]);
        assert_eq!(detached.len(), expected.len(), "{name}: outliers");
        for (j, u) in detached.iter().enumerate() {
            assert_agrees(name, *u, expected[j], tolerance);
            let outlier = law.outlier(*u).unwrap();
            assert_agrees(name, outlier.position, numbers(&value["lam"])[j], tolerance);
            let slope = outlier.overlap * outlier.position / u;
            assert_agrees(name, slope, numbers(&value["dpsi"])[j], tolerance);
        }
        let dual = law.companion();
        let zeros = dual.atoms().first().map_or(0.0, |atom| atom.weight);
        assert_agrees(name, zeros, f(&value["mass_zero_generic"]), 1e-12);
        for (p, x) in numbers(&value["quantile_p"]).into_iter().zip(numbers(&value["quantile_x"])) {
            assert_agrees(name, dual.quantile(p).unwrap(), x, tolerance);
        }
        for (x, density) in numbers(&value["density_x"]).into_iter().zip(numbers(&value["density"])) {
            assert_agrees(name, dual.density(x).unwrap(), density, tolerance);
        }
        // With the class means in the population: quantiles at (j - 1/2) / P from the top.
        let count = spiked.len() as f64;
        let full = GeneralizedMarchenkoPastur::new(Discrete::uniform(&spiked).unwrap(), count / parameters as f64);
        let full = full.unwrap().companion();
        for (j, expected) in numbers(&value["fullpop_lambda"]).into_iter().enumerate() {
            let quantile = full.quantile(1.0 - (j as f64 + 0.5) / parameters as f64).unwrap();
            assert_agrees(name, quantile, expected, tolerance);
        }
    }
}

/// Softmax probabilities of normal logits.
fn random_probabilities(key: Key, examples: usize, classes: usize, sigma: f64) -> Vec<Vec<f64>> {
    let mut logits = vec![0.0; examples * classes];
    key.normal(0, &mut logits);
    logits.chunks(classes).map(|row| softmax(&row.iter().map(|z| sigma * z).collect::<Vec<f64>>())).collect()
}

/// The non-zero eigenvalues of H, ascending, for independent standard normal gradients.
fn sampled_spectrum(key: Key, probabilities: &[Vec<f64>], parameters: usize) -> Vec<f64> {
    let (examples, classes) = (probabilities.len(), probabilities[0].len());
    let rank = examples * (classes - 1);
    let mut y = vec![0.0; examples * classes * parameters];
    let mut gradients = vec![0.0; classes * parameters];
    for (m, p) in probabilities.iter().enumerate() {
        key.normal((m * classes * parameters) as u64, &mut gradients);
        let l = factor(p);
        for i in 0..classes {
            let row = &mut y[(m * classes + i) * parameters..][..parameters];
            for a in 0..classes {
                let weight = l[a * classes + i] / (examples as f64).sqrt();
                row.iter_mut().zip(&gradients[a * parameters..]).for_each(|(y, g)| *y += weight * g);
            }
        }
    }
    let rows = examples * classes;
    let y = faer::MatRef::from_row_major_slice(&y, rows, parameters);
    let gram = if rows <= parameters { y * y.transpose() } else { y.transpose() * y };
    let all = gram.self_adjoint_eigenvalues(faer::Side::Lower).unwrap();
    all[all.len() - rank.min(parameters)..].to_vec()
}

/// Twenty draws each, as theirs: five standard errors of both.
#[test]
fn bulks_agree_with_simulations() {
    for entry in entries("bulk", "", 9) {
        let name = entry["name"].as_str().unwrap();
        let (inputs, value) = (&entry["inputs"], &entry["value"]);
        let (examples, classes, parameters) = (size(&inputs["N"]), size(&inputs["C"]), size(&inputs["P"]));
        let mut deviations = Vec::new();
        let mut tops = Vec::new();
        for draw in 0..20 {
            let key = Key::new(draw);
            let probabilities = random_probabilities(key.split(0), examples, classes, f(&inputs["sigma_z"]));
            let law = bulk(&probabilities, parameters, 1.0);
            let spectrum = sampled_spectrum(key.split(1), &probabilities, parameters);
            let top = spectrum[spectrum.len() - 1];
            // At 40 quantiles of the eigenvalues that are not as good as 0, as shares of P.
            let seen: Vec<f64> = spectrum.into_iter().filter(|x| *x > 1e-6 * top).collect();
            let dual = law.companion();
            let deviation = (0..40)
                .map(|q| {
                    let index = ((f64::from(q) + 0.5) / 40.0 * seen.len() as f64) as usize;
                    let x = seen[index];
                    let below = 1.0 - (seen.len() - index) as f64 / parameters as f64;
                    let at = dual.cumulative(x).unwrap();
                    (below - at).abs().min((below + 1.0 / parameters as f64 - at).abs())
                })
                .fold(0.0, f64::max);
            deviations.push(deviation * parameters as f64);
            tops.push(top);
        }
        // Their measure of the deviation has steps of its own (of one eigenvalue): an upper bound, not a mean to hit.
        let (deviation, _) = mean(&deviations);
        assert!(deviation < f(&value["maxdev_times_P"]) + 0.5, "{name}: deviation {deviation} eigenvalues");
        let (top, error) = mean(&tops);
        let (theirs, their_error) = (f(&value["top_sim"]), f(&value["top_se"]));
        let bound = 5.0 * error.hypot(their_error);
        assert!((top - theirs).abs() < bound, "{name}: top {top} +- {error}, theirs {theirs} +- {their_error}");
    }
}

/// The extreme eigenvalue in units of its edge, at fixed probabilities: four standard errors of both simulations.
#[test]
fn generalized_edges_agree_with_simulations() {
    for entry in entries("edge", "TW_edge", 6) {
        let name = entry["name"].as_str().unwrap();
        let (inputs, value) = (&entry["inputs"], &entry["value"]);
        let (examples, classes, parameters) = (size(&inputs["N"]), size(&inputs["C"]), size(&inputs["P"]));
        // A draw of the wide ones costs ten times as much: half as many as theirs.
        let draws = size(&inputs["draws"]) / if parameters > 1000 { 2 } else { 1 };
        let probabilities = random_probabilities(Key::new(0).split(0), examples, classes, f(&inputs["sigma_z"]));
        let law = bulk(&probabilities, parameters, 1.0);
        let edge = *law.edges(parameters).unwrap().last().unwrap();
        let standardized: Vec<f64> = (0..draws as u64)
            .map(|draw| {
                let spectrum = sampled_spectrum(Key::new(0).split(1).split(draw), &probabilities, parameters);
                edge.standardize(spectrum[spectrum.len() - 1]).unwrap()
            })
            .collect();
        let (average, error) = mean(&standardized);
        let bound = 4.0 * error.hypot(f(&value["mean_se"]));
        assert!((average - f(&value["mean"])).abs() < bound, "{name}: {average} +- {error}, theirs {}", value["mean"]);
        // The limit is conservative at these sizes: no test exceeds its nominal rate.
        let law = edge.law();
        for nominal in [0.1, 0.05] {
            let threshold = law.upper_quantile(nominal).unwrap();
            let rate = standardized.iter().filter(|s| **s > threshold).count() as f64 / draws as f64;
            let bound = nominal + 4.0 * (nominal * (1.0 - nominal) / draws as f64).sqrt();
            assert!(rate <= bound, "{name}: rate {rate} at {nominal}");
        }
        if f(&inputs["sigma_z"]) == 0.0 {
            assert_agrees(name, edge.location(), f(&value["edge"]), 1e-10);
            assert_agrees(name, edge.scale(), f(&value["gamma"]), 1e-10);
        }
    }
}

/// Few parameters: a semicircle about the first free cumulant, its edges shifted by kappa_3 / kappa_2. Theirs is one draw of
/// the probabilities; twenty of ours say how draws scatter: five standard deviations of one.
#[test]
fn few_parameters_give_a_shifted_semicircle() {
    for entry in entries("limits", "limit_smallP", 3) {
        let name = entry["name"].as_str().unwrap();
        let (inputs, value) = (&entry["inputs"], &entry["value"]);
        let (examples, classes, parameters) = (size(&inputs["N"]), size(&inputs["C"]), size(&inputs["P"]));
        let mut ends = [Vec::new(), Vec::new()];
        for draw in 0..20 {
            let probabilities = random_probabilities(Key::new(draw), examples, classes, f(&inputs["sigma_z"]));
            let law = bulk(&probabilities, parameters, 1.0);
            let kappa = law.companion().free_cumulants(3);
            let part = law.support()[0];
            let shift = kappa[2] / kappa[1];
            for (end, side) in [(part.lower, -1.0), (part.upper, 1.0)] {
                let plain = kappa[0] + side * 2.0 * kappa[1].sqrt();
                let corrected = (end - plain - shift).abs();
                assert!(corrected < 0.4 * (end - plain).abs(), "{name}: {end}, {plain} shifted by {shift}");
                ends[usize::from(side > 0.0)].push(end);
            }
        }
        for (ours, theirs) in ends.iter().zip(numbers(&value["exact"])) {
            let (average, error) = mean(ours);
            let deviation = error * 20f64.sqrt();
            assert!((average - theirs).abs() < 5.0 * deviation, "{name}: {average} +- {deviation}, theirs {theirs}");
        }
    }
}

/// Many parameters: each eigenvalue stays by its own tau, up to its fluctuation tau sqrt(2 / P), of which the largest of 180
/// is some three standard deviations, and the repulsion of its neighbours of the same order: eight of them bound both.
#[test]
fn many_parameters_leave_the_population() {
    for entry in entries("limits", "limit_largeP", 2) {
        let (inputs, value) = (&entry["inputs"], &entry["value"]);
        let (examples, classes, parameters) = (size(&inputs["N"]), size(&inputs["C"]), size(&inputs["P"]));
        let probabilities = random_probabilities(Key::new(0).split(0), examples, classes, f(&inputs["sigma_z"]));
        let t = parameters as f64 / examples as f64;
        let mut tau: Vec<f64> = probabilities.iter().flat_map(|p| curvature(p)).map(|s| t * s).collect();
        tau.sort_by(f64::total_cmp);
        let largest = tau[tau.len() - 1];
        let away = |(a, b): (&f64, &f64)| (a - b).abs() / largest;
        let bound = 8.0 * (2.0 / parameters as f64).sqrt();
        assert!(f(&value["maxdev"]) < bound);
        let mut average = vec![0.0; tau.len()];
        for draw in 0..8 {
            let spectrum = sampled_spectrum(Key::new(0).split(1).split(draw), &probabilities, parameters);
            let farthest = spectrum.iter().zip(&tau).map(away).fold(0.0, f64::max);
            assert!(farthest < bound, "{farthest}");
            average.iter_mut().zip(spectrum).for_each(|(sum, x)| *sum += x / 8.0);
        }
        // The law knows the repulsion: its quantiles are nearer than the population itself.
        let law = bulk(&probabilities, parameters, 1.0);
        let count = tau.len() as f64;
        let quantiles: Vec<f64> = (0..tau.len()).map(|i| law.quantile((i as f64 + 0.5) / count).unwrap()).collect();
        let sum = |others: &[f64]| average.iter().zip(others).map(away).sum::<f64>();
        assert!(sum(&quantiles) < sum(&tau), "{} and {}", sum(&quantiles), sum(&tau));
    }
}

/// Where class means begin to show: the spike of a pool of softmax curvatures at the threshold of its own bulk.
#[test]
fn thresholds_of_pools_agree() {
    for entry in entries("limits", "bbp_critical", 3) {
        let (inputs, value, tolerance) = (&entry["inputs"], &entry["value"], f(&entry["tolerance"]));
        let (examples, classes, parameters) = (size(&inputs["N"]), size(&inputs["C"]), size(&inputs["P"]));
        for (sigma, expected) in numbers(&inputs["sigma_z"]).into_iter().zip(numbers(&value["crit"])) {
            let pool = random_probabilities(Key::new(0), 1500, classes, sigma);
            let s: Vec<f64> = pool.iter().flat_map(|p| curvature(p)).collect();
            let t = parameters as f64 / examples as f64;
            let tau: Vec<f64> = s.iter().map(|s| t * s).collect();
            let ratio = (examples * (classes - 1)) as f64 / parameters as f64;
            let law = GeneralizedMarchenkoPastur::new(Discrete::uniform(&tau).unwrap(), ratio).unwrap();
            let threshold = law.hidden_spikes().last().unwrap().upper;
            // a(u) = P sigma_c^2 / (C - 1) E sum_i s_i / (u - t s_i) = 1.
            let sum = s.iter().map(|s| s / (threshold - t * s)).sum::<f64>() / pool.len() as f64;
            let critical = ((classes - 1) as f64 / (parameters as f64 * sum)).sqrt();
            assert_agrees(&format!("{} at {sigma}", entry["name"]), critical, expected, tolerance);
        }
    }
}

#[test]
fn an_affine_law_is_the_shifted_one() {
    let law = Affine::new(MarchenkoPastur::new(2.0, 1.0).unwrap(), -0.5, 3.0).unwrap();
    let inner = MarchenkoPastur::new(2.0, 1.0).unwrap();
    assert_eq!(law.atoms()[0].location, 3.0);
    assert_eq!(law.cumulative(3.0).unwrap(), 1.0);
    assert!((law.cumulative(2.99).unwrap() - 0.5).abs() < 1e-15);
    let x = law.quantile(0.2).unwrap();
    assert!((law.cumulative(x).unwrap() - 0.2).abs() < 1e-13);
    assert!((law.density(x).unwrap() - 2.0 * inner.density(6.0 - 2.0 * x).unwrap()).abs() < 1e-13);
}
