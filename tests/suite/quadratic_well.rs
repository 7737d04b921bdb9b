//! Thresholds of quadratic wells against planes that are minimized over by dense algebra.

use eigenscape::krylov::Lanczos;
use eigenscape::operator::Diagonal;
use eigenscape::random::Key;
use eigenscape::spectrum::{DiscreteMeasure, Quadrature, StochasticLanczos};
use eigenscape::subspace::QuadraticWell;
use statrs::distribution::{Beta, ContinuousCDF};

use crate::support::normal;

const DIM: usize = 100;
const PLANES: usize = 160;

/// Spectra of all sorts, largest eigenvalue first.
fn spectra() -> [(&'static str, Vec<f64>); 4] {
    let of = |f: &dyn Fn(usize) -> f64| (0..DIM).map(f).collect();
    [
        ("equal", of(&|_| 2.0)),
        ("power law", of(&|i| ((i + 1) as f64).powf(-1.5))),
        ("exponential", of(&|i| (-(i as f64) / 15.0).exp())),
        ("with flat directions", of(&|i| [5.0, 0.1, 0.1, 0.0][i * 4 / DIM])),
    ]
}

/// Offsets in no direction, in steep ones, in flat ones.
fn offsets(eigenvalues: &[f64], key: Key) -> [(&'static str, Vec<f64>); 3] {
    let draws: Vec<f64> = normal(DIM, key);
    let scaled =
        |weight: &dyn Fn(f64) -> f64| draws.iter().zip(eigenvalues).map(|(x, &value)| x * weight(value)).collect();
    let largest = eigenvalues[0];
    [
        ("spread", draws.clone()),
        ("steep", scaled(&f64::sqrt)),
        ("flat", scaled(&|value| (value + 1e-3 * largest).powf(-0.5))),
    ]
}

/// (1/2) min over psi of (delta + P psi)'H(delta + P psi): half of the squared residual of H^(1/2) delta on the columns of
/// H^(1/2) G, orthonormalized twice by Gram and Schmidt.
fn least(eigenvalues: &[f64], offset: &[f64], columns: usize, key: Key) -> f64 {
    let draws: Vec<f64> = normal(columns * DIM, key);
    let root: Vec<f64> = eigenvalues.iter().map(|value| value.sqrt()).collect();
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let mut rest: Vec<f64> = root.iter().zip(offset).map(|(r, x)| r * x).collect();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for draw in draws.chunks_exact(DIM) {
        let mut column: Vec<f64> = root.iter().zip(draw).map(|(r, x)| r * x).collect();
        let before = dot(&column, &column);
        for _ in 0..2 {
            for unit in &basis {
                let part = dot(&column, unit);
                column.iter_mut().zip(unit).for_each(|(x, u)| *x -= part * u);
            }
        }
        let length = dot(&column, &column);
        if length > 1e-24 * before {
            column.iter_mut().for_each(|x| *x /= length.sqrt());
            let part = dot(&rest, &column);
            rest.iter_mut().zip(&column).for_each(|(x, u)| *x -= part * u);
            basis.push(column);
        }
    }
    0.5 * dot(&rest, &rest)
}

/// Whatever the spectrum and the offset: the least excess in the mean, and the success probability below, at and above the
/// threshold to one dimension.
#[test]
fn planes_meet_wells_as_predicted() {
    let mut key = 0;
    for (spectrum, eigenvalues) in spectra() {
        for (direction, offset) in offsets(&eigenvalues, Key::new(7)) {
            let well = QuadraticWell::new(&eigenvalues, &offset).unwrap();
            for share in [0.3, 0.03] {
                let what = format!("{spectrum}, offset {direction}, {share} of the excess");
                let excess = share * well.excess();
                let threshold = well.threshold(excess).unwrap();
                println!("{what}: threshold {threshold:?}, Larsen et al. {:?}", well.larsen(excess).unwrap());
                assert!(well.larsen(excess).unwrap().lower >= threshold.dim - 1e-9, "{what}");
                for step in [-1.5, 0.0, 1.5] {
                    let dim = (threshold.dim + step * threshold.width).round().clamp(1.0, well.rank() - 1.0) as usize;
                    key += 1;
                    let planes =
                        (0..PLANES).map(|plane| least(&eigenvalues, &offset, dim, Key::new(key).split(plane as u64)));
                    let values: Vec<f64> = planes.collect();
                    let count = PLANES as f64;
                    let hits = values.iter().filter(|&&value| value <= excess).count() as f64 / count;
                    let low = well.success(dim - 1, excess).unwrap();
                    let high = well.success(dim + 1, excess).unwrap();
                    let noise = |p: f64| 4.0 * (p * (1.0 - p) / count).sqrt() + 0.5 / count;
                    println!("    {dim}: {hits:.3} for {:.3}", well.success(dim, excess).unwrap());
                    assert!(
                        hits >= low - noise(low) && hits <= high + noise(high),
                        "{what}: {hits} at {dim}, {low} to {high}"
                    );
                    let bounds = well.success_bounds(dim, excess).unwrap();
                    assert!(bounds.lower - noise(bounds.lower) <= hits && hits <= bounds.upper + noise(bounds.upper));
                    let mean = values.iter().sum::<f64>() / count;
                    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
                    // Leading order: what a dimension more or less would leave.
                    let [above, below] = [dim - 1, dim + 1].map(|dim| well.least_excess(dim).unwrap());
                    let error = 4.0 * (variance / count).sqrt();
                    assert!(
                        (below - error..=above + error).contains(&mean),
                        "{what}: {mean} is left at {dim}, {below} to {above}"
                    );
                }
            }
        }
    }
}

/// Equal curvatures: what is left is a share of Beta((P - d)/2, d/2) of the excess, exactly.
#[test]
fn equal_curvatures_are_a_beta_law() {
    for dim in [50, 400, 3000] {
        let offset: Vec<f64> = normal(dim, Key::new(1));
        let well = QuadraticWell::new(&vec![3.0; dim], &offset).unwrap();
        for share in [0.9, 0.5, 0.1] {
            let excess = share * well.excess();
            let threshold = well.threshold(excess).unwrap();
            assert!((threshold.dim - (1.0 - share) * dim as f64).abs() < 1e-6 * dim as f64);
            let exact = |d: usize| Beta::new((dim - d) as f64 / 2.0, d as f64 / 2.0).unwrap().cdf(share);
            let half = (1..dim).find(|&d| exact(d) >= 0.5).unwrap() as f64;
            assert!((half - threshold.dim).abs() <= 1.5, "{dim}, {share}: half at {half}, {threshold:?}");
            for d in (1..dim).step_by(1 + dim / 50) {
                let [low, high] = [d - 1, d + 1].map(|d| well.success(d, excess).unwrap());
                let exact = exact(d);
                assert!((low - 0.01..=high + 0.01).contains(&exact), "{dim}, {share}: {exact} at {d}, {low} to {high}");
                let bounds = well.success_bounds(d, excess).unwrap();
                assert!(bounds.contains(exact), "{dim}, {share}: {exact} at {d} is outside of {bounds:?}");
            }
        }
    }
}

/// The formula of Larsen et al. 2021, spelled out in radii.
#[test]
fn larsen_is_its_formula() {
    for (spectrum, eigenvalues) in spectra() {
        let offset: Vec<f64> = normal(DIM, Key::new(2));
        let well = QuadraticWell::new(&eigenvalues, &offset).unwrap();
        let square = offset.iter().map(|x| x * x).sum::<f64>();
        for excess in [1e-3, 0.1, 10.0] {
            let widths = eigenvalues.iter().map(|value| {
                let radius = 2.0 * excess / value;
                if radius.is_finite() { radius / (square + radius) } else { 1.0 }
            });
            let width: f64 = widths.sum();
            let interval = well.larsen(excess).unwrap();
            let expected = [DIM as f64 - width, DIM as f64 - 2.0 / std::f64::consts::PI * width];
            let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert!(
                close(interval.lower, expected[0]) && close(interval.upper, expected[1]),
                "{spectrum}: {interval:?}"
            );
        }
    }
}

#[test]
fn ends_are_exact() {
    let well = QuadraticWell::new(&[4.0, 0.0, 1.0, -2.0], &[1.0, 100.0, 2.0, 50.0]).unwrap();
    assert_eq!((well.excess(), well.rank()), (4.0, 2.0));
    assert!((well.distance() - 12505f64.sqrt()).abs() < 1e-9);
    // A start that is good enough needs nothing; the minimum needs every direction that is not flat.
    let threshold = well.threshold(4.0).unwrap();
    assert_eq!((threshold.dim, threshold.width), (0.0, 0.0));
    let threshold = well.threshold(0.0).unwrap();
    assert_eq!((threshold.dim, threshold.width), (2.0, 0.0));
    assert_eq!([0, 1, 2, 4].map(|dim| well.success(dim, 0.0).unwrap()), [0.0, 0.0, 1.0, 1.0]);
    assert_eq!([0, 1].map(|dim| well.success(dim, 4.0).unwrap()), [1.0, 1.0]);
    assert_eq!(well.success(0, 3.999).unwrap(), 0.0);
    assert_eq!([0, 2, 4].map(|dim| well.least_excess(dim).unwrap()), [4.0, 0.0, 0.0]);
    // At the minimum already, or no well at all.
    for well in
        [QuadraticWell::new(&[1.0, 2.0], &[0.0; 2]).unwrap(), QuadraticWell::new(&[-1.0, 0.0], &[3.0; 2]).unwrap()]
    {
        assert_eq!((well.excess(), well.threshold(0.0).unwrap().dim), (0.0, 0.0));
        assert_eq!((well.success(1, 0.0).unwrap(), well.least_excess(1).unwrap()), (1.0, 0.0));
    }
    // Numbers far from 1.
    for scale in [1e-200, 1e150] {
        let well = QuadraticWell::new(&[4.0 * scale, scale], &[1.0, 2.0]).unwrap();
        let near = QuadraticWell::new(&[4.0, 1.0], &[1.0, 2.0]).unwrap();
        let [a, b] = [well.threshold(scale).unwrap(), near.threshold(1.0).unwrap()];
        assert!((a.dim - b.dim).abs() < 1e-9 && (a.width - b.width).abs() < 1e-9, "{a:?}, {b:?}");
    }
    // The least excess and the threshold are each other's inverses.
    let (_, eigenvalues) = spectra().into_iter().nth(1).unwrap();
    let well = QuadraticWell::new(&eigenvalues, &[1.0; DIM]).unwrap();
    for dim in [1, 10, 50, 99] {
        let threshold = well.threshold(well.least_excess(dim).unwrap()).unwrap();
        assert!((threshold.dim - dim as f64).abs() < 1e-6, "{dim}: {threshold:?}");
    }
}

/// From the spectral measure of a matrix and that of the offset, both by Lanczos.
#[test]
fn measures_stand_for_eigenvalues() {
    let dim = 400;
    let eigenvalues: Vec<f64> = (0..dim).map(|i| (-(i as f64) / 40.0).exp()).collect();
    let offset: Vec<f64> = normal(dim, Key::new(3));
    let exact = QuadraticWell::new(&eigenvalues, &offset).unwrap();
    let operator = Diagonal::new(eigenvalues.clone());
    let measure = StochasticLanczos::new(Key::new(4)).probes(20).steps(60).run(&operator).unwrap().mean();
    let factorization = Lanczos::new(60).run(&operator, &offset).unwrap();
    let rule = Quadrature::new(&factorization).unwrap();
    let well = QuadraticWell::from_measures(&measure, dim, rule.measure(), exact.distance()).unwrap();
    let blind = QuadraticWell::isotropic(&measure, dim, exact.distance()).unwrap();
    assert!((well.excess() / exact.excess() - 1.0).abs() < 1e-9, "a rule is exact on the offset's own quadratic form");
    for share in [0.3, 0.03, 0.003] {
        let excess = share * exact.excess();
        let [a, b] = [&well, &exact].map(|well| well.threshold(excess).unwrap());
        println!("{share}: {a:?} for {b:?}, isotropic {:?}", blind.threshold(excess).unwrap());
        assert!(
            (a.dim / b.dim - 1.0).abs() < 0.05 && (a.width / b.width - 1.0).abs() < 0.05,
            "{share}: {a:?} for {b:?}"
        );
        let c = blind.threshold(excess).unwrap();
        assert!((c.dim / b.dim - 1.0).abs() < 0.25, "an offset in a random direction: {c:?} for {b:?}");
    }
    let uniform = DiscreteMeasure::uniform(eigenvalues).unwrap();
    let blind = QuadraticWell::isotropic(&uniform, dim, 20.0).unwrap();
    let same = QuadraticWell::new(uniform.nodes(), &vec![1.0; dim]).unwrap();
    assert!((blind.threshold(0.5).unwrap().dim - same.threshold(0.5).unwrap().dim).abs() < 1e-9);
}

#[test]
fn impossible_wells_are_refused() {
    let error = |result: eigenscape::Result<QuadraticWell>| result.unwrap_err().to_string();
    assert_eq!(error(QuadraticWell::new(&[1.0], &[])), "the offset of a well has 0 entries; it must have 1");
    assert!(error(QuadraticWell::new(&[], &[])).starts_with("the list of eigenvalues is empty"));
    assert!(error(QuadraticWell::new(&[f64::NAN], &[1.0])).starts_with("entry 0 of the eigenvalues of a well is NaN"));
    assert!(error(QuadraticWell::new(&[1.0], &[f64::INFINITY])).starts_with("entry 0 of the offset"));
    assert!(error(QuadraticWell::new(&[1e300], &[1e200])).contains("rescale"));
    // Its excess is a number, but no kappa is.
    assert!(error(QuadraticWell::new(&[1.7e308; 3], &[1e-4; 3])).contains("rescale"));
    // A sum of nothing is 0, and not -0.
    assert!(QuadraticWell::new(&[-1.0], &[1.0]).unwrap().excess().is_sign_positive());
    let measure = DiscreteMeasure::uniform(vec![1.0, 2.0]).unwrap();
    assert_eq!(
        error(QuadraticWell::isotropic(&measure, 0, 1.0)),
        "the dimension of a well is 0; it must be at least 1"
    );
    assert!(error(QuadraticWell::isotropic(&measure, 2, -1.0)).starts_with("the distance from the minimum is -1"));
    let well = QuadraticWell::new(&[1.0; 3], &[1.0; 3]).unwrap();
    for excess in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(well.threshold(excess).is_err() && well.larsen(excess).is_err() && well.success(1, excess).is_err());
    }
    assert!(
        well.success(4, 1.0)
            .unwrap_err()
            .to_string()
            .starts_with("the dimension of a subspace is 4; it must be at most 3")
    );
    assert!(well.least_excess(4).is_err() && well.success_bounds(4, 0.1).is_err());
}
