//! Something of each kind that `landscape` and `emergent` can save.

use eigenscape::emergent::*;
use eigenscape::krylov::Eigensolver;
use eigenscape::landscape::*;
use eigenscape::network::{Activation, Perceptron};
use eigenscape::objective::{Objective, Point, Recorded};
use eigenscape::operator::Dense;
use eigenscape::optimize::{Adam, DescentRun, Stopping};
use eigenscape::plot::{ClusteringPlot, EigenvaluePlot, GoldilocksPlot, Picture, SlicePlot};
use eigenscape::random::Key;
use eigenscape::tape::Shape;

use super::descent_samples::risk;
use super::sample::{Sample, seen};

fn wells() -> Recorded<f64> {
    Recorded::<f64>::new(2, |x| (x.at(0).powi(2) - 1.0).powi(2) + x.at(1).powi(2)).unwrap()
}

pub fn landscape() -> Vec<Sample> {
    let (risk, theta) = risk(&[0, 1, 2, 0, 1, 2]);
    let wells = wells();
    let mut samples = vec![];

    let pole = Recorded::<f64>::new(1, |x| x.at(0).recip()).unwrap();
    samples.push(Sample::new(&linear_barrier(&pole, &[-1.0], &[1.0], 4).unwrap()));
    let curve = Curve::new(CurveKind::Bezier, &[-1.0, 0.0], &[1.0, 0.0], 2).unwrap();
    samples.push(Sample::new(&CurveKind::Bezier));
    samples.push(Sample::used(&curve, |read: Curve<f64>| {
        let _ = (read.bends(), read.at(0.3), read.coefficients(0.3));
    }));
    samples.push(Sample::new(&curve.profile(&wells, 4).unwrap()));
    let band = ElasticBand::new(3).unwrap().steps(5);
    samples.push(Sample::new(&band));
    samples.push(Sample::new(&band.run(&wells, &[-1.0, 0.0], &[1.0, 0.1]).unwrap()));
    let units = HiddenUnits::new(&Perceptron::new(&[4, 5, 3], Activation::Tanh).unwrap()).unwrap();
    let other: Vec<f64> = theta.iter().rev().copied().collect();
    samples.push(Sample::new(&weight_matching(&units, &theta, &other, Key::new(0)).unwrap()));

    let search = CriticalSearch::newton();
    let approached = search.run(&wells, &[0.1, 0.3]).unwrap();
    let classifier = Classifier::new().symmetries(1);
    let critical = classifier.run(&wells, &approached.theta).unwrap();
    samples.push(Sample::used(&search, |read: CriticalSearch| seen(read.run(&self::wells(), &[0.1, 0.3]).is_ok())));
    samples.push(Sample::new(&CriticalSearch::of_index(1, Key::new(2))));
    samples.push(Sample::new(&approached));
    samples.push(Sample::new(&approached.stop));
    samples.push(Sample::used(&classifier, |read: Classifier| seen(read.run(&self::wells(), &[1.0, 0.0]).is_ok())));
    samples.push(Sample::used(&critical, |read: CriticalPoint<f64>| seen(read.index())));
    samples.push(Sample::new(&critical.kind));
    samples.push(Sample::new(&critical.certificate.counted_by));
    samples.push(Sample::new(&critical.certificate));
    let survey = CriticalSurvey::new(search, 6, Key::new(0)).unwrap().batch(2);
    let start = |key: Key| {
        let mut theta = vec![0.0; 2];
        key.normal(0, &mut theta);
        theta
    };
    let mut points = survey.begin(2);
    points.advance(&wells, start).unwrap();
    samples.push(Sample::used(&survey, |read: CriticalSurvey| seen(read.begin::<f64>(2))));
    samples.push(Sample::new(&points.points()[0]));
    samples.push(Sample::new(&points.starts()[0]));
    let used = move |mut read: CriticalPoints<f64>| {
        (0..4).for_each(|_| seen(read.advance(&super::landscape_samples::wells(), start)));
    };
    samples.push(Sample::used(&points, used));
    let quartic = Recorded::<f64>::new(2, |x| x.at(0).powi(4) + x.at(1).powi(2)).unwrap();
    let flat = Classifier::new().run(&quartic, &[0.0; 2]).unwrap();
    samples.push(Sample::new(&flat.null_directions[0]));
    samples.push(Sample::new(&flat));

    let plane =
        RecordedMetric::new(2, |x| x.tape().constant(Shape::matrix(2, 2), &[1.0, 0.0, 0.0, 1.0]) * x.at(1).powi(-2));
    let plane = plane.unwrap();
    samples.push(Sample::new(&exponential_map(&plane, &[0.0, 1.0], &[1.0, 0.5]).unwrap()));
    samples.push(Sample::new(&path_length(&plane, &[&[0.0, 1.0], &[1.0, 2.0]], 1e-6).unwrap()));
    samples.push(Sample::new(&LocalEffectiveDimension::new(0.5, 100, Key::new(0)).unwrap().draws(7)));

    let mut record = EdgeOfStability::new(2, Key::new(0)).unwrap();
    let mut run = DescentRun::new(&theta, Adam::new(0.01).unwrap(), Stopping::steps(4)).unwrap();
    while run.advance(&risk).unwrap() {
        record.observe(&risk, &run).unwrap();
    }
    samples.push(Sample::used(&record, |read: EdgeOfStability<f64>| seen(read.rows().len())));
    samples.push(Sample::new(&record.rows()[0]));
    samples.push(Sample::new(&ExpectedSharpness::new(0.1, 3, Key::new(0)).unwrap()));
    let neighborhood = Neighborhood::ball(2, 0.5).unwrap();
    let worst = WorstCase::new(Key::new(0)).steps(3);
    samples.push(Sample::used(&neighborhood, |read: Neighborhood| {
        seen((read.scales().len(), read.norm(), read.radius()));
    }));
    samples.push(Sample::new(&neighborhood.norm()));
    samples.push(Sample::new(&worst));
    samples.push(Sample::new(&worst.run(&wells, &[1.0, 0.0], &neighborhood).unwrap()));
    samples.push(Sample::new(&rank_correlation(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 4.0, 3.0]).unwrap()));
    let flatness = Flatness::new(Key::new(0)).probes(4).steps(2);
    let report = flatness.run(&risk.at(&theta).unwrap()).unwrap();
    samples.push(Sample::new(&flatness));
    samples.push(Sample::new(&report.readings[0]));
    samples.push(Sample::new(&report.readings[0].measure));
    samples.push(Sample::new(&report.readings[0].measure.invariance()));
    samples.push(Sample::used(&report, |read: FlatnessReport| {
        FlatnessMeasure::ALL.into_iter().for_each(|measure| seen(read.reading(measure)));
    }));

    let method = RungeKutta::new(1e-6).unwrap();
    let frame = SliceFrame::plane(&[0.0; 2], &[1.0, 0.0], &[0.5, 1.0]).unwrap();
    samples.push(Sample::used(&method, |read: RungeKutta| {
        seen(gradient_flow(&self::wells(), &[0.5, 0.5], 0.1, &read, |_, _| true).is_ok());
    }));
    samples.push(Sample::new(&gradient_flow(&wells, &[0.5, 0.5], 0.1, &method, |_, _| true).unwrap()));
    let line = gradient_flow_on(&wells, &frame, &[0.3, 0.3], 0.1, &method, |_| true).unwrap();
    samples.push(Sample::new(&line));
    samples.push(Sample::used(&frame, |read: SliceFrame<f64>| {
        seen((read.distance(&[0.1, 0.2][..read.axes()]), read.coordinates(&[0.0; 2])));
    }));
    samples.push(Sample::new(&FilterNormalization::layers().with_biases()));
    let axis = evenly(-1.0, 1.0, 5).unwrap();
    let mut slice = Slice::new(frame.clone(), &[&axis, &axis]).unwrap();
    slice.run(read_gradient(&wells), |_| std::ops::ControlFlow::Continue(())).unwrap();
    samples.push(Sample::used(&slice, |read: Slice<f64>| {
        let _ = (read.values(), read.lowest(), read.highest(), read.contours(&[0.5]));
        seen((SlicePlot::new(&read).svg(), SlicePlot::new(&read).logarithmic().flat().svg()));
    }));
    samples.push(Sample::new(&slice.samples()[3]));
    let expansion = frame.expand(&wells).unwrap();
    samples.push(Sample::new(&slice.validity(1.0, |at| expansion.quadratic(at), 0.1).unwrap()));
    samples.push(Sample::used(&expansion, |read: SliceExpansion| {
        let at = &[0.1, 0.2][..read.slopes.len()];
        seen((read.quadratic(at), read.cubic(at)));
    }));
    let contours = slice.contours(&[0.5]).unwrap();
    samples.push(Sample::new(&contours.levels[0].lines[0]));
    samples.push(Sample::new(&contours.levels[0]));
    samples.push(Sample::new(&contours));
    samples.push(Sample::new(&read_gradient(&wells)(&[0.5, 0.5]).unwrap()));

    samples.push(Sample::used(&SpinGlassComplexity::new(3).unwrap(), |read: SpinGlassComplexity| {
        let _ = (read.threshold(), read.total(-1.7), read.of_index(1, -1.7), read.layer(2), read.index_share(-1.0));
    }));
    samples.push(Sample::used(&GaussianLandscape::new(1.0, -1.0, 3.0).unwrap(), |read: GaussianLandscape| {
        let _ = (read.shift(-1.0), read.index_share(-1.0), read.complexity(-1.0), read.complexity_at(-1.0, 0.5));
    }));
    samples.push(Sample::used(&KacRice::new(3, 4).unwrap(), |read: KacRice| seen(read.densities(-1.0))));
    let mut trajectory = Trajectory::new(2, 1, 1 << 12).unwrap();
    for step in 0..6u64 {
        let at = step as f64;
        trajectory.record(step, &[at, at.sin()]).unwrap();
    }
    samples.push(Sample::new(&TrajectoryCenter::Mean));
    let principal = trajectory.principal(TrajectoryCenter::Mean, 2).unwrap();
    let shown = slice.clone();
    samples.push(Sample::used(&principal, move |read: PrincipalComponents<f64>| {
        seen((read.plane(), SlicePlot::new(&shown).principal(&read).map(|plot| plot.svg())));
    }));
    samples.push(Sample::used(&trajectory, |read: Trajectory<f64>| {
        let _ = (read.points().count(), read.principal(TrajectoryCenter::Mean, 2));
    }));
    samples
}

pub fn emergent() -> Vec<Sample> {
    let labels = [0, 1, 2, 0, 1, 2, 0, 1, 2];
    let (risk, theta) = risk(&labels);
    let point = risk.at(&theta).unwrap();
    let pairs = Eigensolver::new(3, Key::new(0)).run(&point.hessian()).unwrap();
    let mut samples = vec![
        Sample::used(&Confinement::measure(&point, &pairs).unwrap(), |read: Confinement| {
            seen((read.share(2), read.baseline(2)));
        }),
        Sample::used(&Clustering::measure(&point).unwrap(), |read: Clustering| {
            let _ = (read.examples(), read.deviations(), read.kernel_distance(&read));
            seen(ClusteringPlot::new(&read).map(|plot| plot.svg()));
        }),
        Sample::new(&Measurement::new(0.5, None)),
    ];
    let freezing = Freezing::measure(&point).unwrap();
    samples.push(Sample::used(&freezing, |read: Freezing| {
        let _ = (read.reduced_temperature(), read.gaussian_logits(), read.within_logits(), read.fitted_margin());
    }));
    let means = PairMeans::measure(&point).unwrap();
    let refined = RefinedModel::fit(&means, Key::new(0)).unwrap();
    samples.push(Sample::new(&refined.count(&[5.0, 0.1], 0.5, 3, Key::new(1)).unwrap()));
    let gradients = LogitGradients::measure(&point).unwrap();
    samples.push(Sample::used(&gradients, |read: LogitGradients| seen(read.deviations())));

    let cut =
        Cut::new(&eigenscape::operator::AssumeSymmetric::new(Dense::new(vec![2.0f64, 1.0, 1.0, -3.0], 2, 2).unwrap()))
            .unwrap();
    let curvature = cut.curvature(2).unwrap();
    samples.push(Sample::used(&cut, |read: Cut| seen((read.curvature(1), read.less(&read)))));
    samples.push(Sample::new(&curvature));
    let training = PlaneTraining { steps: 3, rate: 0.05, batch: Some(2) };
    let scan = GoldilocksScan::new(&[0.5, 4.0], &[2, 3], Key::new(0)).unwrap().train(training).unwrap();
    let start = |key: Key| {
        let mut theta = vec![0.0; 43];
        key.sphere(&mut theta);
        theta
    };
    let mut run = scan.begin(43).unwrap();
    run.advance(&risk, &risk, start).unwrap();
    samples.push(Sample::new(&training));
    samples.push(Sample::used(&scan, |read: GoldilocksScan| seen(read.begin(43).is_ok())));
    samples.push(Sample::new(&run.samples()[0]));
    samples.push(Sample::new(&run.samples()[0].training.clone().unwrap()));
    samples.push(Sample::used(&run.rows()[0], |read: GoldilocksRow| {
        seen(GoldilocksPlot::of(&[read]).map(|plot| plot.svg()));
    }));
    samples.push(Sample::new(&KeyMean::of([0.1, 0.3]).unwrap()));
    samples.push(Sample::used(&run, |read: GoldilocksRun| {
        seen((read.rows(), GoldilocksPlot::new(&read).map(|plot| plot.svg())));
    }));

    let comparison = ModelComparison::new(Key::new(0)).probes(4).draws(2).ensemble_draws(2).eigenpairs(2);
    let measured = comparison.run(&point).unwrap();
    let row = measured.rows.iter().find(|row| !row.predictions.is_empty()).unwrap();
    samples.push(Sample::new(&comparison));
    samples.push(Sample::new(&ComparisonStage::Draw(3)));
    samples.push(Sample::new(&row.property));
    samples.push(Sample::used(&row.predictions[0], |read: Prediction| seen(read.error())));
    samples.push(Sample::new(row));
    samples.push(Sample::used(&measured, |read: Comparison| seen(read.models().len())));

    let tracker = Tracker::new(Key::new(0)).probes(2).unwrap().eigenpairs(2).unwrap().clustering(1);
    let mut run = tracker.begin::<f64>();
    run.record(&risk, 0, &theta).unwrap();
    run.record(&risk, 5, &theta).unwrap();
    let row = run.rows()[1].clone();
    samples.push(Sample::new(&TrackedMatrix::GaussNewton));
    samples.push(Sample::used(&tracker, |read: Tracker| seen(read.begin::<f64>())));
    samples.push(Sample::used(&row, |read: TrackedRow| {
        seen((read.share(1), EigenvaluePlot::of(&[read]).svg()));
    }));
    samples.push(Sample::new(&row.clustering.unwrap()));
    samples.push(Sample::new(&row.predicted_given.unwrap()));
    samples.push(Sample::used(&run, |read: TrackerRun<f64>| seen((read.require(), read.rows().len()))));
    samples
}
