//! Success probabilities: intervals against a table, coverage at fixed keys, resumed runs.

use std::ops::ControlFlow;

use eigenscape::Error;
use eigenscape::random::Key;
use eigenscape::subspace::{SuccessCurve, SuccessProbability, Successes};
use serde_json::Value;

#[test]
fn intervals_are_those_of_clopper_and_pearson() {
    let table: Value = serde_json::from_str(include_str!("../data/successes.json")).unwrap();
    let rows = table.as_array().unwrap();
    assert_eq!(rows.len(), 44);
    for row in rows {
        let number = |name: &str| row[name].as_f64().unwrap();
        let (successes, trials) = (number("successes") as usize, number("trials") as usize);
        let interval = Successes { dim: 1, successes, trials }.interval(number("confidence")).unwrap();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(
            close(interval.lower, number("lower")) && close(interval.upper, number("upper")),
            "{row}: {interval:?}"
        );
    }
}

fn curve(rows: &[(usize, usize, usize)]) -> SuccessCurve {
    SuccessCurve::new(rows.iter().map(|&(dim, successes, trials)| Successes { dim, successes, trials }).collect())
        .unwrap()
}

#[test]
fn curves_are_fitted_without_falling() {
    let fallen = curve(&[(40, 9, 10), (10, 0, 10), (20, 6, 10), (30, 2, 10), (10, 1, 10)]);
    let dims: Vec<(usize, usize)> = fallen.rows().iter().map(|row| (row.dim, row.trials)).collect();
    assert_eq!(dims, [(10, 20), (20, 10), (30, 10), (40, 10)], "sorted, equal ones added");
    assert_eq!(fallen.fit(), [0.05, 0.4, 0.4, 0.9]);
    let half = fallen.crossing(0.5).unwrap().unwrap();
    assert!((half - 30.0 * (4.0f64 / 3.0).powf(0.2)).abs() < 1e-9, "{half}");
    assert_eq!(fallen.crossing(0.01).unwrap(), Some(10.0));
    assert_eq!(fallen.crossing(0.95).unwrap(), None);
    let interval = fallen.threshold(0.9).unwrap();
    assert_eq!((interval.lower, interval.upper), (10.0, 40.0));
}

#[test]
fn what_is_not_decided_is_open() {
    let few = curve(&[(10, 0, 5), (20, 5, 5)]);
    let [open, closed] = [0.95, 0.9].map(|confidence| few.threshold(confidence).unwrap());
    assert_eq!((open.lower, open.upper), (0.0, f64::INFINITY));
    assert_eq!((closed.lower, closed.upper), (10.0, 20.0));
    let never = curve(&[(10, 0, 10), (20, 0, 10)]).threshold(0.95).unwrap();
    assert_eq!((never.lower, never.upper), (20.0, f64::INFINITY));
    let always = curve(&[(10, 10, 10), (20, 10, 10)]).threshold(0.95).unwrap();
    assert_eq!((always.lower, always.upper), (0.0, 10.0));
    // A falling curve contradicts what it is taken to be; the interval holds both sides.
    let falling = curve(&[(10, 10, 10), (20, 0, 10)]).threshold(0.95).unwrap();
    assert_eq!((falling.lower, falling.upper), (0.0, f64::INFINITY));
}

/// A logistic success probability in log d around 60.
fn luck(dim: usize, key: Key) -> eigenscape::Result<bool> {
    let mut draw = [0.0f64];
    key.split(dim as u64).uniform(0, &mut draw);
    Ok(draw[0] < 1.0 / (1.0 + (dim as f64 / 60.0).powi(-4)))
}

#[test]
fn the_threshold_lies_in_its_interval() {
    let dims = [15, 20, 30, 40, 50, 70, 90, 120, 180, 240];
    let (mut covered, mut widths, runs) = (0, 0.0, 200);
    for key in 0..runs {
        let curve = SuccessProbability::new(&dims, Key::new(key)).trials(12).run(luck).unwrap();
        let interval = curve.threshold(0.9).unwrap();
        covered += usize::from(interval.contains(60.0));
        let place = curve.crossing(0.5).unwrap().unwrap();
        widths += (place / 60.0).ln() / runs as f64;
    }
    let (share, error) = (covered as f64 / runs as f64, (0.09 / runs as f64).sqrt());
    println!("covered {share}, mean logarithm of the crossing off by {widths:.4}");
    assert!(share >= 0.9 - 4.0 * error, "covered in {share} of the runs");
    assert!(widths.abs() < 0.05);
}

#[test]
fn runs_stop_and_go_on() {
    let settings = SuccessProbability::new(&[60, 30], Key::new(5)).trials(4);
    let mut calls = Vec::new();
    let whole = settings
        .run(|dim, key| {
            calls.push((dim, key));
            luck(dim, key)
        })
        .unwrap();
    let keys: Vec<Key> = (0..4).map(|number| Key::new(5).split(number)).collect();
    assert_eq!(calls, keys.iter().flat_map(|&key| [(60, key), (30, key)]).collect::<Vec<_>>());
    let mut run = settings.begin().unwrap();
    assert!(run.curve().is_err());
    // An error is not an outcome: the trial comes again.
    let failure = || Error::Empty { what: "a test", remedy: "none" };
    assert_eq!(run.advance(|_, _| Err(failure())), Err(failure()));
    assert!(run.outcomes().is_empty());
    while !run.is_done() {
        #[cfg(feature = "serde")]
        {
            run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
        }
        run.advance(luck).unwrap();
    }
    run.advance(|_, _| panic!("nothing is left to do")).unwrap();
    assert_eq!(run.curve().unwrap(), whole);
    let part = settings.observe(luck, |run| match run.outcomes().len() {
        3 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let trials: Vec<usize> = part.unwrap().rows().iter().map(|row| row.trials).collect();
    assert_eq!(trials, [1, 2]);
}

#[cfg(feature = "serde")]
#[test]
fn damaged_runs_are_refused() {
    use eigenscape::subspace::SuccessRun;

    let run = SuccessProbability::new(&[3, 4], Key::new(0)).trials(1).begin().unwrap();
    let saved = serde_json::to_value(&run).unwrap();
    assert!(serde_json::from_value::<SuccessRun>(saved.clone()).is_ok());
    for (path, value) in [
        ("/settings/dims", serde_json::json!([])),
        ("/settings/dims/0", serde_json::json!(0)),
        ("/settings/dims/0", serde_json::json!(4)),
        ("/settings/trials", serde_json::json!(0)),
        ("/settings/trials", serde_json::json!(u64::MAX)),
        ("/outcomes", serde_json::json!([true, true, false])),
    ] {
        let mut damaged = saved.clone();
        *damaged.pointer_mut(path).unwrap() = value.clone();
        assert!(serde_json::from_value::<SuccessRun>(damaged).is_err(), "{path} = {value}");
    }
}

#[test]
fn impossible_requests_are_refused() {
    let error = |dims: &[usize], trials| {
        SuccessProbability::new(dims, Key::new(0)).trials(trials).run(luck).unwrap_err().to_string()
    };
    assert!(error(&[], 1).starts_with("the list of dimensions is empty"));
    assert_eq!(error(&[3, 0], 1), "a dimension of the trials is 0; it must be at least 1");
    assert!(error(&[3, 5, 3], 1).starts_with("a dimension of the trials is 3; it stands twice"));
    assert_eq!(error(&[3], 0), "the number of trials at each dimension is 0; it must be at least 1");
    assert!(error(&[3, 4], usize::MAX).contains("must be at most"));
    let of = |successes, trials| SuccessCurve::new(vec![Successes { dim: 1, successes, trials }]);
    // Their quantiles would not be found in any time.
    assert!(of(usize::MAX, usize::MAX).is_err() && of(1, usize::MAX).is_err());
    assert!(SuccessCurve::new(Vec::new()).is_err() && of(1, 0).is_err() && of(3, 2).is_err());
    let one = of(1, 2).unwrap();
    for confidence in [0.0, 1.0, f64::NAN] {
        assert!(one.threshold(confidence).is_err() && one.crossing(confidence).is_err());
    }
}
