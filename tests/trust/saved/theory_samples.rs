//! Something of each kind that `random_matrix` can save.

use eigenscape::random::Key;
use eigenscape::random_matrix::*;

use super::sample::{Sample, seen};

fn law<L: Law>(read: L) {
    let _ = (read.support(), read.atoms(), read.density(0.5), read.cumulative(0.5), read.quantile(0.3));
    let _ = (read.moment(3), read.stieltjes(Complex::new(0.3, 0.1)));
}

pub fn laws() -> Vec<Sample> {
    let triangle = PiecewiseLinear::new(&[0.0, 0.3, 2.0], &[0.1, 1.0, 0.0], &[Atom { location: 0.0, weight: 0.3 }]);
    let marchenko_pastur = MarchenkoPastur::new(0.3, 1.7).unwrap();
    let semicircle = Semicircle::new(0.7).unwrap();
    let edge = Edge::wishart(20, 50, 1.0, Side::Upper).unwrap();
    let eigenvalues = Wishart::new(20, 50, 1.0).unwrap().eigenvalues(Key::new(0)).unwrap();
    let test = OutlierTest::wishart(20, 50).unwrap().level(0.05).unwrap();
    let count = test.run(&eigenvalues).unwrap();
    let wigner = GaussianOrthogonal::new(30, 1.0).unwrap().eigenvalues(Key::new(1)).unwrap();
    let fit = MarchenkoPasturFit::new().ratio(0.4).run(&eigenvalues).unwrap();
    let population = PopulationFit::new(1, 0.4).unwrap();
    let fitted = population.run(&eigenvalues).unwrap();
    let spiked = SpikedCovariance::new(marchenko_pastur, 9.0).unwrap();
    let spiked_wigner = SpikedWigner::new(semicircle, 2.0).unwrap();
    let hermite = BetaHermite::new(9, 2.0, 1.0).unwrap().spike(3.0).unwrap();
    let laguerre = BetaLaguerre::new(9, 12, 1.0, 1.0).unwrap().spike(7.0).unwrap();
    let used = |read: Tridiagonal| {
        let _ = (read.diagonal(), read.subdiagonal(), read.count_below(0.5), read.overlap(0.5), read.eigenvalues());
        let _ = (read.size() > 0).then(|| read.eigenvalue(0, 1e-9));
    };
    let used_test = |read: OutlierTest| seen((read.run(&[0.1, 0.5, 3.0]), read.ritz(&[(0.5, 0.1)])));
    let small = |read: Wishart| seen(read.law());
    let generalized = GeneralizedMarchenkoPastur::new(Discrete::uniform(&[1.0, 5.0]).unwrap(), 0.2).unwrap();
    let rectangular = RectangularSpike::gaussian(0.5, 2.0).unwrap();
    vec![
        Sample::used(&Arcsine::new(-0.1, 0.3).unwrap(), law::<Arcsine>),
        Sample::used(&Uniform::new(-0.1, 0.3).unwrap(), law::<Uniform>),
        Sample::used(&semicircle, law::<Semicircle>),
        Sample::used(&marchenko_pastur, law::<MarchenkoPastur>),
        Sample::used(&Discrete::new(&[0.1, 0.7, 0.7], &[0.2, 0.3, 0.5]).unwrap(), law::<Discrete>),
        Sample::used(&triangle.unwrap(), law::<PiecewiseLinear>),
        Sample::used(&Interval { lower: f64::NEG_INFINITY, upper: -0.0 }, |read: Interval| seen(read.contains(0.0))),
        Sample::new(&Atom { location: 0.1, weight: f64::from_bits(0xfff8_0000_0000_0001) }),
        Sample::new(&Complex::new(0.1, f64::INFINITY)),
        Sample::new(&Side::Lower),
        Sample::used(&edge, |read: Edge| seen((read.p_value(3.0), read.threshold(0.05), read.interval(0.9)))),
        Sample::used(&TracyWidom::complex(), |read: TracyWidom| {
            let _ = (read.density(0.0), read.log_cumulative(-9.0), read.quantile(0.3), read.mean());
        }),
        Sample::used(&OrthogonalOrderStatistics::new(4, 1.5).unwrap(), |read: OrthogonalOrderStatistics| {
            let _ = read.densities(0.5);
        }),
        Sample::used(&test, used_test),
        Sample::used(&OutlierTest::edge(edge), used_test),
        Sample::used(&count, |read: OutlierCount| seen(read.number())),
        Sample::new(&count.sides[0]),
        Sample::new(&count.sides[0].next.unwrap()),
        Sample::used(&MarchenkoPasturFit::new().ratio(0.4), move |read: MarchenkoPasturFit| {
            seen(read.run(&eigenvalues));
        }),
        Sample::new(&fit),
        Sample::new(&MarchenkoPasturFit::new().ratio(0.4).standard_errors(&fit, 3, Key::new(0)).unwrap()),
        Sample::used(&SemicircleFit::new(), |read: SemicircleFit| seen(read.run(&[-1.0, -0.5, 0.1, 0.6, 1.0]))),
        Sample::new(&SemicircleFit::new().run(&wigner).unwrap()),
        Sample::new(&CovarianceLoss::Stein),
        Sample::used(&SpikedShrinkage::new(marchenko_pastur), |read: SpikedShrinkage| {
            seen(read.shrink(CovarianceLoss::Stein, 9.0));
        }),
        Sample::new(&MatrixLoss::Nuclear),
        Sample::used(&SingularShrinkage::new(4, 9, 0.3).unwrap(), |read: SingularShrinkage| {
            let _ = (read.shrink(MatrixLoss::Nuclear, 3.0), read.edge());
        }),
        Sample::used(&population, |read: PopulationFit| seen(read.run(&[0.3, 0.5, 1.0, 1.4, 2.0]))),
        Sample::new(&fitted),
        Sample::new(&generalized.curve(5).unwrap()[2]),
        Sample::used(&GaussianOrthogonal::new(5, 0.3).unwrap().spike(1.0).unwrap(), |read: GaussianOrthogonal| {
            seen(read.law());
        }),
        Sample::used(&Wishart::new(3, 5, 0.3).unwrap().spike(1.0).unwrap(), small),
        Sample::new(&Wishart::new(3, 5, 0.3).unwrap().sample(Key::new(0)).unwrap()),
        Sample::used(&hermite, |read: BetaHermite| seen(read.law())),
        Sample::used(&laguerre, |read: BetaLaguerre| seen((read.law(), read.zeros()))),
        Sample::used(&hermite.tridiagonal(Key::new(0)), used),
        Sample::used(&laguerre.tridiagonal(Key::new(0)), used),
        Sample::new(&HaarFrame::new(7, 2).unwrap()),
        Sample::used(&spiked, |read: SpikedCovariance| seen(read.outlier())),
        Sample::used(&spiked.outlier(), |read: Outlier| seen(read.standard_deviation(50))),
        Sample::used(&spiked_wigner, |read: SpikedWigner| seen(read.outlier())),
        Sample::new(&rectangular.outlier().unwrap()),
    ]
}

pub fn models() -> Vec<Sample> {
    let logits = GaussianLogits::new(4, 1.3).unwrap();
    let probabilities = [0.5, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.7, 0.25, 0.25, 0.25, 0.25];
    let curvature = SoftmaxCurvature::new(&probabilities, 4).unwrap();
    let model = LogitModel::new(50, 0.3, 0.2, curvature.clone()).unwrap();
    let ensemble = LogitEnsemble::new(50, 9, 0.3, 0.2, logits).unwrap();
    let margin = ensemble.clone().with_margin(1.0, &[1.0, 2.0, 1.0, 1.0]).unwrap();
    let energies = RandomEnergyModel::spins(4).unwrap();
    let spectrum = ensemble.draw(Key::new(0)).unwrap();
    let used_model = |read: LogitModel| {
        let gram = vec![0.5; 16];
        let _ = (read.mean_share(), read.cut(3), read.trace_given_means(3, &gram));
    };
    let used_logits = |read: GaussianLogits| {
        if read.classes() < 1000 {
            let _ = (read.log_partition(), read.largest_probability(), read.power_sum(2), read.trace(), read.square());
            let _ = (read.frozen_trace(), read.margin_with_power_sum(0.9), read.with_margin(0.5));
        }
    };
    let row = SignalRow { noise: 1.0, weight: 2.0, mean: 0 };
    let signal = SeparableSignal::new(&[row; 20], &[(1.0, 30.0)], &[9.0]).unwrap();
    vec![
        Sample::new(&row),
        Sample::new(&signal.outliers().unwrap()[0]),
        Sample::used(&logits, used_logits),
        Sample::new(&logits.with_margin(1.0).unwrap()),
        Sample::used(&curvature, |read: SoftmaxCurvature| {
            let _ = (read.examples(), read.trace(), read.own(), read.shared(), read.mean(), read.active_directions());
        }),
        Sample::new(&logits.curvature(5).unwrap()),
        Sample::used(&model, used_model),
        Sample::used(&model.cut(3).unwrap(), |read: CutMoments| seen(read.ratio)),
        Sample::new(&ensemble),
        Sample::used(&margin, |read: LogitEnsemble| {
            let _ = (read.examples() < 1000).then(|| (read.labels(), read.model()));
            let _ = (read.equal_limit(), read.still_limit(), read.frozen_limit(), read.residue_deviation());
        }),
        Sample::new(&ensemble.still_limit().unwrap()),
        Sample::new(&ensemble.largest_of_draws(3, Key::new(0)).unwrap()),
        Sample::used(&energies, |read: RandomEnergyModel| {
            let _ = (read.critical_temperature(), read.logits(0.7), read.at(0.7), read.limit(0.7));
        }),
        Sample::used(&energies.at(0.7).unwrap(), |read: GibbsAverages| seen(read.participation_ratio())),
        Sample::new(&LogitLabels::Drawn(vec![0.5, 0.5])),
        Sample::new(&spectrum.edge_validity()),
        Sample::new(&spectrum.outliers()[0]).with_buffers(),
        Sample::new(&spectrum.leading(1, 2, Key::new(0)).unwrap()[0]),
        Sample::new(&spectrum.leading(1, 2, Key::new(0)).unwrap()[0].source),
    ]
}
