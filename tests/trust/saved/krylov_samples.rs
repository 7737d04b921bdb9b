//! Something of each kind that `krylov` and `spectrum` can save.

use eigenscape::krylov::{
    BlockLanczos, Eigensolver, GeneralizedEigensolver, Lanczos, LeastSquares, MatrixFunction, Metric, MinimalResiduals,
    Multiplicity, Orthogonalization, Storage, Which,
};
use eigenscape::operator::{AssumePositiveSemidefinite, Dense, Diagonal};
use eigenscape::plot::{DensityPlot, Picture};
use eigenscape::random::Key;
use eigenscape::spectrum::{
    Axis, DiscreteMeasure, ExchangeableDiagonal, ExchangeableTrace, HutchPlusPlus, Hutchinson, HutchinsonDiagonal,
    KernelPolynomial, NystromTrace, Probe, Quadrature, SchattenNorm, Smoothing, StochasticLanczos, Sylvester,
    Tolerance,
};

use super::sample::{Sample, seen};

pub fn operator() -> Diagonal<f64> {
    Diagonal::new((0..20).map(|i| f64::from(i * i) / 10.0 - 3.0).collect())
}

fn start() -> Vec<f64> {
    let mut start = vec![0.0; 20];
    Key::new(7).normal(0, &mut start);
    start
}

pub fn krylov() -> Vec<Sample> {
    let operator = operator();
    let lanczos = Lanczos::new(5).check_symmetry(Key::new(1));
    let mut factorization = lanczos.run(&operator, &start()).unwrap();
    let mut samples = vec![
        Sample::used(&lanczos, |read: Lanczos| seen(read.run(&self::operator(), &start()).is_ok())),
        Sample::new(&lanczos.orthogonalization(Orthogonalization::Full)),
        Sample::new(&Storage::Kept),
        Sample::new(&Orthogonalization::Full),
        Sample::used(&factorization, |mut read: eigenscape::krylov::Factorization<f64>| {
            if read.dim() == 20 {
                let _ = read.expand(&self::operator(), read.steps() + 2);
            }
            let _ = (read.ritz_values(), read.orthogonality(), Quadrature::new(&read));
        })
        .with_buffers(),
        Sample::new(&factorization.ritz_values().unwrap()),
        Sample::used(&Quadrature::new(&factorization).unwrap(), |read: Quadrature| {
            seen((read.measure().law(), read.residual_norms().len(), read.ghosts(), read.rounding()));
        }),
        Sample::new(&factorization.report()),
        Sample::new(&factorization.report().stop),
    ];
    factorization.expand(&operator, 9).unwrap();
    samples.push(Sample::new(&factorization).with_buffers());

    let block_lanczos = BlockLanczos::new(8);
    let block = [start(), start().iter().rev().copied().collect()].concat();
    let blocks = block_lanczos.run(&operator, &block).unwrap();
    samples.push(Sample::used(&block_lanczos, |read: BlockLanczos| {
        seen(read.run(&self::operator(), &start()).is_ok());
    }));
    let used = |mut read: eigenscape::krylov::BlockFactorization<f64>| {
        if read.dim() == 20 {
            let _ = read.expand(&self::operator(), (read.size() + 2).min(20));
        }
        let _ = (read.values(), read.orthogonality(), read.projected());
        (0..read.size().min(3)).for_each(|index| seen(read.vector(index)));
    };
    samples.push(Sample::used(&blocks, used).with_buffers());

    let solver = Eigensolver::new(2, Key::new(3)).which(Which::Smallest);
    let mut search = solver.begin(&operator).unwrap();
    search.advance(&operator).unwrap();
    samples.push(Sample::used(&solver, |read: Eigensolver| {
        seen(read.run(&self::operator()).is_ok());
    }));
    samples.push(Sample::new(&Which::Largest));
    samples.push(Sample::new(&search.progress()));
    let used = |mut read: eigenscape::krylov::EigenSearch<f64>| {
        for _ in 0..3 {
            let _ = read.advance(&self::operator());
        }
        let _ = (read.pairs(&self::operator()), read.progress());
    };
    samples.push(Sample::used(&search, used).with_buffers());
    let pairs = solver.run(&operator).unwrap();
    let used = |read: eigenscape::krylov::Eigenpairs<f64>| {
        (0..read.len()).for_each(|index| seen(read.vector(index).to_vec()));
    };
    samples.push(Sample::used(&pairs, used));
    samples.push(Sample::new(&pairs.multiplicity));
    samples.push(Sample::new(&Multiplicity::Unchecked));

    let metric = Metric::diagonal((0..20).map(|i| 1.0 + f64::from(i)).collect()).unwrap();
    let generalized = GeneralizedEigensolver::new(2, Key::new(3));
    let pairs = generalized.run(&operator, &metric).unwrap();
    samples.push(Sample::used(&generalized, |read: GeneralizedEigensolver| {
        let metric = Metric::diagonal((0..20).map(|i| 1.0 + f64::from(i)).collect()).unwrap();
        seen(read.run(&self::operator(), &metric).is_ok());
    }));
    let used = |read: eigenscape::krylov::GeneralizedEigenpairs<f64>| {
        (0..read.len()).for_each(|index| seen(read.vector(index).to_vec()));
    };
    samples.push(Sample::used(&pairs, used));

    let function = MatrixFunction::new().steps(2);
    samples.push(Sample::used(&function, |read: MatrixFunction| {
        seen(read.run(&self::operator(), libm::exp, &start()).is_ok());
    }));
    samples.push(Sample::new(&function.run(&operator, libm::exp, &start()).unwrap()));
    samples.push(Sample::new(&LeastSquares::new().steps(3).run(&operator, &start()).unwrap()));
    samples.push(Sample::new(&MinimalResiduals::new().steps(3).run(&operator, &start()).unwrap()));
    let indefinite = Dense::new(vec![1.0f32, 0.0, 0.0, -1.0], 2, 2).unwrap();
    let indefinite = AssumePositiveSemidefinite::new(indefinite);
    let solution = eigenscape::krylov::ConjugateGradients::new().run(&indefinite, &[0.5, 1.0]).unwrap();
    samples.push(Sample::new(&solution.negative_curvature.clone().unwrap()));
    samples.push(Sample::new(&solution));
    samples
}

pub fn spectrum() -> Vec<Sample> {
    let operator = operator();
    let settings = StochasticLanczos::new(Key::new(0)).probes(4).steps(6).width(2);
    let mut run = settings.begin(&operator).unwrap();
    (0..7).for_each(|_| run.advance(&operator).unwrap());
    let used = |mut read: eigenscape::spectrum::SpectralRun<f64>| {
        for _ in 0..20 {
            if read.is_done() || read.advance(&self::operator()).is_err() {
                break;
            }
        }
        let _ = (read.measure(), read.progress());
    };
    let measure = settings.run(&operator).unwrap();
    let used_measure = |read: eigenscape::spectrum::SpectralMeasure| {
        let _ = (read.mean(), read.exact_degree(), read.moments(3), read.band(&[-1.0, 0.0, 2.0], 0.9), read.index(0.1));
        let _ = (read.extremes(0.9), read.atom(0.0, 0.1), read.density(&Smoothing::new()), read.log_determinant(50.0));
        let _ = (read.nuclear_norm(), read.bounds(0.5), read.zero_threshold());
    };
    let tolerance = Tolerance::new(0.95).relative(0.1);
    let smoothing = Smoothing::new().atom(0.0, 0.1).minimum(0.1).axis(Axis::SymmetricLog { linear: 0.5 });
    let density = measure.density(&smoothing).unwrap();
    let used_density = |read: eigenscape::spectrum::Density| {
        let _ = (read.law(), read.integral(), read.mass(), read.coordinates(), read.measure());
        seen((DensityPlot::new(&read).svg(), DensityPlot::new(&read).logarithmic(3.0).outliers(&[1.0]).svg()));
    };
    let index = measure.index(0.1).unwrap();
    let used_count = |read: eigenscape::spectrum::EigenvalueCount| seen(read.interval(0.9));
    let band = measure.band(&[-1.0, 0.0, 2.0], 0.9).unwrap();
    let extremes = measure.extremes(0.9).unwrap();
    let mut samples = vec![
        Sample::used(&run, used).with_buffers(),
        Sample::used(&measure, used_measure),
        Sample::new(&tolerance),
        Sample::new(&Probe::Signs),
        Sample::new(&smoothing),
        Sample::used(&Axis::SymmetricLog { linear: 0.5 }, |read: Axis| {
            seen((read.coordinate(3.0), read.eigenvalue(-1.0), read.points(-1.0, 2.0, 5)));
        }),
        Sample::used(&density, used_density),
        Sample::new(&density.atoms[0]),
        Sample::new(&density.below),
        Sample::new(&measure.atom(0.0, 0.1).unwrap()),
        Sample::used(&band, |read: eigenscape::spectrum::Band| seen(read.union())),
        Sample::new(&measure.bounds(0.5).unwrap()),
        Sample::used(&index.negative, used_count),
        Sample::new(&index),
        Sample::used(&extremes, |read: eigenscape::spectrum::Extremes| seen(read.condition_number())),
        Sample::new(&extremes.largest),
        Sample::new(&measure.moments(2).unwrap()[2]),
        Sample::used(&measure.nuclear_norm().unwrap(), |read: SchattenNorm| seen((read.value(), read.interval(0.9)))),
        Sample::used(&measure.mean(), |read: DiscreteMeasure| seen((read.law(), read.mass(), read.cumulative(0.0)))),
    ];

    let hutchinson = Hutchinson::new(40, Key::new(2)).tolerance(tolerance);
    let mut run = hutchinson.begin(&operator).unwrap();
    run.advance(&operator).unwrap();
    let used = |mut read: eigenscape::spectrum::TraceRun| {
        for _ in 0..4 {
            let _ = read.advance(&self::operator());
        }
        let _ = read.estimate().map(|estimate| estimate.interval(0.9));
    };
    let estimate = run.estimate().unwrap();
    samples.push(Sample::new(&hutchinson));
    samples.push(Sample::used(&run, used));
    let used = |read: eigenscape::spectrum::Estimate| seen((read.interval(0.95), read.report()));
    samples.push(Sample::used(&estimate, used));

    let diagonal = HutchinsonDiagonal::new(40, Key::new(2));
    let mut run = diagonal.begin(&operator).unwrap();
    run.advance(&operator).unwrap();
    let used = |mut read: eigenscape::spectrum::DiagonalRun| {
        for _ in 0..4 {
            let _ = read.advance(&self::operator());
        }
        let _ = read.estimate().map(|estimate| (estimate.radius(0.9), estimate.relative_error()));
    };
    samples.push(Sample::new(&diagonal));
    samples.push(Sample::used(&run, used));
    let used = |read: eigenscape::spectrum::DiagonalEstimate| seen((read.radius(0.9), read.relative_error()));
    samples.push(Sample::used(&run.estimate().unwrap(), used));

    let exchangeable = ExchangeableDiagonal::new(12, Key::new(2));
    samples.push(Sample::used(&exchangeable, |read: ExchangeableDiagonal| {
        seen(read.run(&self::operator()).is_ok());
    }));
    samples.push(Sample::new(&exchangeable.run(&operator).unwrap()));
    let exchangeable = ExchangeableTrace::new(12, Key::new(2));
    let used = |read: eigenscape::spectrum::HeuristicEstimate| seen(read.heuristic_interval(0.9));
    samples.push(Sample::used(&exchangeable, |read: ExchangeableTrace| {
        seen(read.run(&self::operator()).is_ok());
    }));
    samples.push(Sample::used(&exchangeable.run(&operator).unwrap(), used));
    samples.push(Sample::new(&HutchPlusPlus::new(12, Key::new(2)).sketch(3)));
    samples.push(Sample::used(&NystromTrace::new(12, Key::new(2)), |read: NystromTrace| {
        seen(read.run(&AssumePositiveSemidefinite::new(self::operator())).is_ok());
    }));

    let polynomial = KernelPolynomial::new(Key::new(2)).probes(2).degree(9).bounds(-4.0, 40.0);
    let expansion = polynomial.run(&operator).unwrap();
    let used = |read: eigenscape::spectrum::ChebyshevExpansion| {
        let _ = (read.moments(), read.cumulative(0.0), read.resolution(0.0), read.mean());
        if read.degree() < 100 {
            let _ = read.density(Axis::Linear, &read.grid());
        }
    };
    samples.push(Sample::new(&polynomial));
    samples.push(Sample::used(&expansion, used));

    let sylvester = Sylvester::new().threshold(1e-9).memory(1 << 100);
    samples.push(Sample::used(&sylvester, |read: Sylvester| {
        seen(read.run(&self::operator()).is_ok());
    }));
    let sylvester = Sylvester::new();
    samples.push(Sample::new(&sylvester.run(&operator).unwrap()));
    samples.push(Sample::new(&sylvester.count(&operator, 0.0, 2.0).unwrap()));
    samples
}
