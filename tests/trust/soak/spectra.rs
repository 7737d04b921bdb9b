//! Matrices with a spectrum that is known, and what the methods say of it.

use eigenscape::krylov::{
    ConjugateGradients, Eigensolver, GeneralizedEigensolver, LeastSquares, MatrixFunction, Metric, MinimalResiduals,
    Which,
};
use eigenscape::operator::{AssumePositiveSemidefinite, AssumeSymmetric, Dense};
use eigenscape::random_matrix::HaarFrame;
use eigenscape::saved::Saved;
use eigenscape::spectrum::{
    ExchangeableTrace, HutchPlusPlus, Hutchinson, HutchinsonDiagonal, Probe, SpectralRun, StochasticLanczos, Sylvester,
};

use super::{Draw, near};
use crate::support::{norm, product, with_threads};

/// A symmetric matrix with random eigenvalues: clusters, copies and zeros among them.
struct Known {
    size: usize,
    values: Vec<f64>,
    entries: Vec<f64>,
}

fn known(draw: &mut Draw, least: usize, definite: bool) -> Known {
    let size = draw.between(least, 60);
    let decades = draw.uniform(0.0, 4.0);
    let mut values: Vec<f64> = (0..size)
        .map(|_| {
            let size = 10f64.powf(-draw.uniform(0.0, decades));
            if !definite && draw.coin() { -size } else { size }
        })
        .collect();
    for _ in 0..draw.between(0, 3) {
        let (from, to) = (draw.between(0, size - 1), draw.between(0, size - 1));
        values[to] = if draw.coin() || definite { values[from] } else { 0.0 };
    }
    values.sort_by(f64::total_cmp);
    let basis: Vec<f64> = HaarFrame::new(size, size).unwrap().sample(draw.key());
    let mut entries = vec![0.0; size * size];
    for (value, vector) in values.iter().zip(basis.chunks_exact(size)) {
        for (row, x) in entries.chunks_exact_mut(size).zip(vector) {
            row.iter_mut().zip(vector).for_each(|(entry, y)| *entry += value * x * y);
        }
    }
    // To the bit.
    for row in 0..size {
        for col in 0..row {
            entries[row * size + col] = entries[col * size + row];
        }
    }
    Known { size, values, entries }
}

impl Known {
    fn operator(&self) -> AssumePositiveSemidefinite<Dense<f64>> {
        AssumePositiveSemidefinite::new(Dense::new(self.entries.clone(), self.size, self.size).unwrap())
    }

    fn norm(&self) -> f64 {
        self.values.iter().fold(0.0, |m: f64, x| m.max(x.abs()))
    }

    fn apply(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.values.iter().map(|&x| f(x)).sum()
    }
}

pub fn eigenpairs(draw: &mut Draw) {
    let matrix = known(draw, 2, false);
    let operator = matrix.operator();
    let count = draw.between(1, matrix.size.min(8));
    let which = draw.of(&[Which::Largest, Which::Smallest, Which::LargestMagnitude]);
    let solver = Eigensolver::new(count, draw.key()).which(which).block(draw.between(1, 3)).matvecs(20_000);
    let pairs = with_threads(draw.between(1, 2), || solver.run(&operator)).unwrap();
    let mut expected = matrix.values.clone();
    match which {
        Which::Largest => expected.reverse(),
        Which::Smallest => {}
        _ => expected.sort_by(|a, b| b.abs().total_cmp(&a.abs())),
    }
    let scale = matrix.norm();
    for (index, &value) in pairs.values.iter().enumerate() {
        let vector = pairs.vector(index);
        let image = product(&operator, vector);
        let residual: Vec<f64> = image.iter().zip(vector).map(|(y, x)| y - value * x).collect();
        assert!((norm(vector) - 1.0).abs() < 1e-10, "a unit vector");
        assert!(norm(&residual) <= pairs.residual_norms[index] + 1e-12 * scale, "the residual of pair {index}");
        let nearest = matrix.values.iter().map(|x| (x - value).abs()).fold(f64::INFINITY, f64::min);
        assert!(nearest <= pairs.residual_norms[index] + 1e-12 * scale, "pair {index} is {nearest:e} from all");
    }
    if pairs.report.converged {
        assert_eq!(pairs.len(), count);
        for (index, (value, expected)) in pairs.values.iter().zip(&expected).enumerate() {
            let value = if matches!(which, Which::LargestMagnitude) { value.abs() } else { *value };
            let expected = if matches!(which, Which::LargestMagnitude) { expected.abs() } else { *expected };
            assert!((value - expected).abs() <= 1e-6 * scale, "value {index} is {value}, expected {expected}");
        }
    }
}

pub fn generalized(draw: &mut Draw) {
    let matrix = known(draw, 2, false);
    let size = matrix.size;
    let weights: Vec<f64> = (0..size).map(|_| draw.uniform(0.5, 3.0)).collect();
    let metric = Metric::diagonal(weights.clone()).unwrap();
    let count = draw.between(1, size.min(4));
    let pairs = GeneralizedEigensolver::new(count, draw.key()).steps(size).matvecs(2000);
    let pairs = pairs.run(&AssumeSymmetric::new(matrix.operator()), &metric).unwrap();
    let scaled: Vec<f64> =
        (0..size * size).map(|i| matrix.entries[i] / (weights[i / size] * weights[i % size]).sqrt()).collect();
    let mut expected = crate::oracle::symmetric_eigenvalues(&scaled, size);
    expected.reverse();
    let scale = expected.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    for (index, value) in pairs.values.iter().enumerate() {
        let nearest = expected.iter().map(|x| (x - value).abs()).fold(f64::INFINITY, f64::min);
        assert!(nearest <= pairs.residual_norms[index] + 1e-11 * scale, "value {index} is {nearest:e} from all");
    }
    assert!((pairs.values[0] - expected[0]).abs() <= 1e-6 * scale || !pairs.report.converged, "the largest");
}

pub fn systems(draw: &mut Draw) {
    let matrix = known(draw, 1, true);
    let operator = matrix.operator();
    let b = draw.normal(matrix.size);
    let tolerance = 10f64.powf(-draw.uniform(3.0, 9.0));
    let residual = |x: &[f64]| {
        let image = product(&operator, x);
        norm(&image.iter().zip(&b).map(|(y, b)| y - b).collect::<Vec<f64>>())
    };
    let solution = ConjugateGradients::new().relative_tolerance(tolerance).steps(5000).run(&operator, &b).unwrap();
    assert!(solution.report.converged, "conjugate gradients: {:?}", solution.report);
    assert!(residual(&solution.x) <= 1.01 * tolerance * norm(&b), "conjugate gradients");
    let solution = MinimalResiduals::new().relative_tolerance(tolerance).steps(5000).run(&operator, &b).unwrap();
    assert!(residual(&solution.x) <= 1.01 * solution.residual_norm + 1e-12 * norm(&b), "minimal residuals");
    let solution = LeastSquares::new().steps(5000).run(&operator, &b).unwrap();
    assert!(residual(&solution.x) <= 1.01 * solution.residual_norm + 1e-9 * norm(&b), "least squares");
    let root =
        MatrixFunction::new().steps(300).run(&AssumeSymmetric::new(&operator), |x| x.max(0.0).sqrt(), &b).unwrap();
    let twice =
        MatrixFunction::new().steps(300).run(&AssumeSymmetric::new(&operator), |x| x.max(0.0).sqrt(), &root.vector);
    near("a root twice", &twice.unwrap().vector, &product(&operator, &b), 1e-6);
}

pub fn measures(draw: &mut Draw) {
    let matrix = known(draw, 1, false);
    let operator = matrix.operator();
    let probes = draw.between(1, 6);
    let settings = StochasticLanczos::new(draw.key()).probes(probes).steps(draw.between(1, matrix.size));
    let settings = settings.width(draw.between(1, 3)).probe(draw.of(&[Probe::Sphere, Probe::Normal]));
    let measure = settings.run(&operator).unwrap();
    near("the mass", &[measure.mean().mass()], &[1.0], 1e-10);
    for probe in measure.rules() {
        near("the mass of a rule", &[probe.measure().mass()], &[1.0], 1e-9);
        let (low, high) = (matrix.values[0], matrix.values[matrix.size - 1]);
        let slack = 1e-10 * matrix.norm();
        assert!(probe.measure().nodes().iter().all(|&x| low - slack <= x && x <= high + slack), "nodes within");
    }
    if matrix.norm() == 0.0 {
        return;
    }
    // Intervals of an error probability of 1e-9 hold.
    let (low, high) = (draw.uniform(-1.0, 0.0) * matrix.norm(), draw.uniform(0.0, 1.0) * matrix.norm());
    let slack = 1e-9 * matrix.norm();
    let inside = |slack: f64| matrix.values.iter().filter(|&&x| low - slack <= x && x <= high + slack).count() as f64;
    let interval = measure.count(low, high).unwrap().interval(1.0 - 1e-9).unwrap();
    let (least, most) = (inside(-slack), inside(slack));
    assert!(interval.lower <= most && least <= interval.upper, "{least} to {most} eigenvalues, said {interval:?}");
    // At full depth the rule of a probe is exact: the same moments, whatever the degree.
    let whole = StochasticLanczos::new(draw.key()).probes(1).steps(matrix.size).run(&operator).unwrap();
    let degrees = [0, 1, 2, 5, 9];
    let moments: Vec<f64> = degrees.iter().map(|&k| whole.rules()[0].measure().integrate(|x| x.powi(k))).collect();
    let bounded: Vec<f64> = degrees.iter().map(|&k| matrix.norm().powi(k)).collect();
    assert!(moments.iter().zip(&bounded).all(|(m, b)| m.abs() <= b * (1.0 + 1e-9)), "moments within their bounds");
    if let Some(density) = whole.density(&Default::default()).ok().filter(|density| density.grid.len() > 2) {
        assert!((density.mass() - 1.0).abs() < 1e-2, "the mass of a density is {}", density.mass());
    }
}

pub fn traces(draw: &mut Draw) {
    let matrix = known(draw, 2, false);
    let operator = matrix.operator();
    let exact = matrix.apply(|x| x);
    let square = matrix.apply(|x| x * x);
    let probes = draw.between(20, 60);
    let probe = draw.of(&[Probe::Sphere, Probe::Normal, Probe::Signs]);
    let rounding = 1e-10 * matrix.norm() * matrix.size as f64;
    // Chebyshev with the variance that is known: 2 |A|^2 per probe at most, times a little for rounding; ten deviations.
    let bound = |count: usize| 10.0 * (2.1 * square / count as f64).sqrt() + rounding;
    let plain = Hutchinson::new(probes, draw.key()).probe(probe).run(&operator).unwrap();
    assert!((plain.mean - exact).abs() <= bound(probes), "Hutchinson: {} for {exact}", plain.mean);
    let better = HutchPlusPlus::new(probes, draw.key()).probe(probe).run(&operator).unwrap();
    assert!((better.mean - exact).abs() <= bound((probes / 3).max(1)), "Hutch++: {} for {exact}", better.mean);
    let exchangeable = ExchangeableTrace::new(probes, draw.key()).run(&operator).unwrap();
    assert!((exchangeable.value - exact).abs() <= bound((probes / 3).max(1)), "XTrace: {}", exchangeable.value);
    let diagonal = HutchinsonDiagonal::new(probes, draw.key()).run(&operator).unwrap();
    for (i, mean) in diagonal.means.iter().enumerate() {
        let row = &matrix.entries[i * matrix.size..][..matrix.size];
        let spread = (norm(row).powi(2) - row[i] * row[i]).max(0.0);
        let off = (mean - row[i]).abs();
        assert!(off <= 10.0 * (spread / probes as f64).sqrt() + rounding, "entry {i} is off by {off}");
    }
}

pub fn inertia(draw: &mut Draw) {
    let matrix = known(draw, 1, false);
    let operator = AssumeSymmetric::new(matrix.operator());
    let shift = if draw.coin() { 0.0 } else { draw.uniform(-1.0, 1.0) };
    let counted = Sylvester::new().shift(shift).run(&operator).unwrap();
    let slack = counted.threshold.max(1e-10 * matrix.norm());
    let below = |x: f64| matrix.values.iter().filter(|&&value| value < x).count();
    assert!(counted.negative + counted.zero + counted.positive == matrix.size);
    let (least, most) = (below(shift - slack), below(shift + slack));
    assert!((least..=most).contains(&counted.negative), "{} below {shift}, from {least} to {most}", counted.negative);
    let bounds = Sylvester::new().count(&operator, shift - 0.3, shift + 0.3).unwrap();
    let between =
        |slack: f64| matrix.values.iter().filter(|&&x| shift - 0.3 - slack < x && x < shift + 0.3 + slack).count();
    assert!(bounds.least <= between(slack) && between(-slack) <= bounds.most, "counts between {bounds:?}");
}

/// A run that is written and read between any two steps ends in the same bits.
pub fn saved(draw: &mut Draw) {
    let matrix = known(draw, 2, false);
    let operator = AssumeSymmetric::new(matrix.operator());
    let key = draw.key();
    let probes = draw.between(1, 4);
    let settings = StochasticLanczos::new(key).probes(probes).steps(draw.between(1, matrix.size)).width(2);
    let mut run: SpectralRun<f64> = settings.begin(&operator).unwrap();
    let text = draw.coin();
    while !run.is_done() {
        run.advance(&operator).unwrap();
        if draw.coin() {
            run = if text {
                let saved = serde_json::to_string(&Saved::new(&run)).unwrap();
                serde_json::from_str::<Saved<SpectralRun<f64>>>(&saved).unwrap().into_content()
            } else {
                let saved = postcard::to_stdvec(&Saved::new(&run)).unwrap();
                postcard::from_bytes::<Saved<SpectralRun<f64>>>(&saved).unwrap().into_content()
            };
        }
    }
    assert_eq!(run.measure().unwrap(), settings.run(&operator).unwrap());
    let solver = Eigensolver::new(draw.between(1, 2), key).block(draw.between(1, 2));
    let mut search = solver.begin::<f64, _>(&operator).unwrap();
    while search.advance(&operator).unwrap() {
        let saved = postcard::to_stdvec(&Saved::new(&search)).unwrap();
        search = postcard::from_bytes::<Saved<eigenscape::krylov::EigenSearch<f64>>>(&saved).unwrap().into_content();
    }
    assert_eq!(search.pairs(&operator).unwrap(), solver.run(&operator).unwrap());
}
