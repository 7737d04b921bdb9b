//! Laws against quadrature, samplers against laws, projections against their adjoints, programs against each other.

use eigenscape::operator::{Adjoint, to_dense};
use eigenscape::projection::{Coordinates, Fastfood, Gaussian, Signs, Sparse, SubsampledHadamard};
use eigenscape::random_matrix::{
    Arcsine, BetaHermite, BetaLaguerre, Complex, DeformedWigner, Discrete, FreeCompression, GaussianOrthogonal,
    GeneralizedMarchenkoPastur, Law, MarchenkoPastur, PiecewiseLinear, Semicircle, Uniform, Wishart,
};

use super::{Draw, near};
use crate::support::{dot, norm};

fn law(draw: &mut Draw) -> Box<dyn Law> {
    let spread = draw.uniform(0.2, 3.0);
    match draw.between(0, 7) {
        0 => Box::new(MarchenkoPastur::new(draw.uniform(0.05, 3.0), spread).unwrap()),
        1 => Box::new(Semicircle::new(spread).unwrap()),
        2 => Box::new(Arcsine::new(-spread, draw.uniform(-spread + 0.1, 4.0)).unwrap()),
        3 => Box::new(Uniform::new(-spread, draw.uniform(-spread + 0.1, 4.0)).unwrap()),
        4 => {
            let points = draw.between(2, 9);
            let grid: Vec<f64> = (0..points).map(|i| i as f64 * spread).collect();
            let density: Vec<f64> = (0..points).map(|_| draw.uniform(0.1, 1.0)).collect();
            Box::new(PiecewiseLinear::new(&grid, &density, &[]).unwrap())
        }
        kind => {
            let atoms: Vec<f64> = (0..draw.between(1, 3)).map(|_| draw.uniform(0.5, 6.0)).collect();
            let population = Discrete::uniform(&atoms).unwrap();
            match kind {
                5 => Box::new(GeneralizedMarchenkoPastur::new(population, draw.uniform(0.1, 0.9)).unwrap()),
                6 => Box::new(DeformedWigner::new(population, spread).unwrap()),
                _ => {
                    let base = MarchenkoPastur::new(draw.uniform(0.1, 0.9), spread).unwrap();
                    Box::new(FreeCompression::new(base, draw.uniform(0.2, 0.9)).unwrap())
                }
            }
        }
    }
}

/// The integral of f over [a, b] by Gauss's rule with five nodes in each of many cells.
fn integral(a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
    const NODES: [(f64, f64); 5] = [
        (0.0, 0.568_888_888_888_888_9),
        (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
        (-0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
        (0.906_179_845_938_664, 0.236_926_885_056_189_1),
        (-0.906_179_845_938_664, 0.236_926_885_056_189_1),
    ];
    let cells = 60;
    let half = (b - a) / (2.0 * cells as f64);
    let cell = |i: usize| {
        let middle = a + (2 * i + 1) as f64 * half;
        NODES.iter().map(|(x, w)| w * f(middle + half * x)).sum::<f64>() * half
    };
    (0..cells).map(cell).sum()
}

pub fn laws(draw: &mut Draw) {
    let law = law(draw);
    let atoms: f64 = law.atoms().iter().map(|atom| atom.weight).sum();
    // Cells of equal mass, so that edges are where cells end; the ends themselves may be singular.
    let probabilities: Vec<f64> = (1..20).map(|i| i as f64 / 20.0).collect();
    let places: Vec<f64> = probabilities.iter().map(|&p| law.quantile(p).unwrap()).collect();
    for (&p, &x) in probabilities.iter().zip(&places) {
        let isolated = law.atoms().iter().any(|atom| (atom.location - x).abs() < 1e-9);
        let back = law.cumulative(x).unwrap();
        assert!(isolated || (back - p).abs() < 1e-7, "F(F^-1({p})) is {back}");
    }
    assert!(places.windows(2).all(|pair| pair[0] <= pair[1]), "quantiles rise");
    if atoms == 0.0 {
        for (pair, p) in places.windows(2).zip(probabilities.windows(2)) {
            let gap =
                law.support().len() > 1 && !law.support().iter().any(|s| s.contains(pair[0]) && s.contains(pair[1]));
            let mass = integral(pair[0], pair[1], |x| law.density(x).unwrap());
            let kinked = law.support().iter().any(|s| s.lower > pair[0] && s.lower < pair[1]);
            let tolerance = if gap || kinked { 1e-2 } else { 2e-4 };
            assert!((mass - (p[1] - p[0])).abs() < tolerance, "{mass} between {} and {}", pair[0], pair[1]);
        }
    }
    // m(z) = int rho / (x - z) against the mean over many quantiles, away from the axis.
    let width = (places[18] - places[0]).abs().max(0.1);
    let z = Complex::new(draw.uniform(places[0], places[18].max(places[0] + 0.01)), width);
    let many = 2000;
    let mut sum = Complex::new(0.0, 0.0);
    for i in 0..many {
        let x = law.quantile((i as f64 + 0.5) / many as f64).unwrap();
        sum = sum + Complex::from(1.0) / (Complex::new(x, 0.0) - z);
    }
    let mean = sum * (1.0 / many as f64);
    let exact = law.stieltjes(z).unwrap();
    assert!((mean - exact).modulus() < 3e-3 / width, "m({z:?}) is {exact:?}, by quantiles {mean:?}");
}

/// Eigenvalues of a large sample lie along the law: the mean, and the distance of the distributions.
pub fn samplers(draw: &mut Draw) {
    let size = draw.between(100, 200);
    let scale = draw.uniform(0.3, 2.0);
    let (eigenvalues, law): (Vec<f64>, Box<dyn Law>) = match draw.between(0, 3) {
        0 => {
            let ensemble = GaussianOrthogonal::new(size, scale).unwrap();
            (ensemble.eigenvalues(draw.key()).unwrap(), Box::new(ensemble.law()))
        }
        1 => {
            let ensemble = Wishart::new(size, draw.between(50, 300), scale).unwrap();
            (ensemble.eigenvalues(draw.key()).unwrap(), Box::new(ensemble.law()))
        }
        2 => {
            let ensemble = BetaHermite::new(size, draw.uniform(1.0, 4.0), scale).unwrap();
            (ensemble.eigenvalues(draw.key()).unwrap(), Box::new(ensemble.law()))
        }
        _ => {
            let ensemble = BetaLaguerre::new(size, draw.between(50, 300), draw.uniform(1.0, 4.0), scale).unwrap();
            (ensemble.eigenvalues(draw.key()).unwrap(), Box::new(ensemble.law()))
        }
    };
    assert_eq!(eigenvalues.len(), size);
    let mut sorted = eigenvalues;
    sorted.sort_by(f64::total_cmp);
    let mut distance = 0.0f64;
    for (i, x) in sorted.iter().enumerate() {
        // Zeros of a covariance are zeros up to rounding.
        let x = if x.abs() < 1e-10 { 0.0 } else { *x };
        let next = law.cumulative(x).unwrap();
        let before = law.cumulative(x - 1e-9).unwrap();
        distance = distance.max(before - (i + 1) as f64 / size as f64).max(i as f64 / size as f64 - next);
    }
    assert!(distance < 5.0 / size as f64 + 0.02, "{distance} from the law at size {size}");
}

fn projection(what: &str, map: &impl Adjoint<f64>, draw: &mut Draw) {
    let dense = to_dense(map);
    let (rows, cols) = (map.rows(), map.cols());
    let (x, y) = (draw.normal(cols), draw.normal(rows));
    let mut image = vec![0.0; rows];
    map.apply(&x, &mut image);
    let by_hand: Vec<f64> = (0..rows).map(|row| dot(&dense.entries()[row * cols..][..cols], &x)).collect();
    near(what, &image, &by_hand, 1e-11);
    let mut back = vec![0.0; cols];
    map.apply_adjoint(&y, &mut back);
    let by_hand: Vec<f64> =
        (0..cols).map(|col| (0..rows).map(|row| dense.entries()[row * cols + col] * y[row]).sum()).collect();
    let size = norm(&y) * (dot(dense.entries(), dense.entries()) / cols as f64).sqrt();
    let off: Vec<f64> = back.iter().zip(&by_hand).map(|(a, b)| a - b).collect();
    assert!(norm(&off) <= 1e-11 * size, "{what}: the adjoint is off by {:e}", norm(&off));
    let vectors = draw.between(1, 4);
    let block = draw.normal(vectors * cols);
    let mut images = vec![0.0; vectors * rows];
    map.apply_block(&block, &mut images, vectors);
    for (x, image) in block.chunks_exact(cols).zip(images.chunks_exact(rows)) {
        let mut alone = vec![0.0; rows];
        map.apply(x, &mut alone);
        near("a block", image, &alone, 1e-11);
    }
}

pub fn projections(draw: &mut Draw) {
    let ambient = draw.between(1, 300);
    let dim = draw.between(1, ambient.min(70));
    let key = draw.key();
    match draw.between(0, 5) {
        0 => projection("dense", &Gaussian::<f64>::new(ambient, dim, key).unwrap(), draw),
        1 => projection("signs", &Signs::<f64>::new(ambient, dim, key).unwrap(), draw),
        2 => projection("sparse", &Sparse::<f64>::new(ambient, dim, key).unwrap(), draw),
        3 => projection("Fastfood", &Fastfood::<f64>::new(ambient, dim, key).unwrap(), draw),
        4 => projection("Hadamard", &SubsampledHadamard::<f64>::new(ambient, dim, key).unwrap(), draw),
        _ => projection("coordinates", &Coordinates::<f64>::new(ambient, dim, key).unwrap(), draw),
    }
}

pub fn programs(draw: &mut Draw) {
    let seed = draw.between(0, 1 << 40) as u64;
    crate::tape_fuzz::check(seed);
}
