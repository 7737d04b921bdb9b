//! What was found, as a table.

use std::fmt::Write;

use eigenscape::subspace::{IntrinsicReport, Stop};

/// A number with so many digits behind the point.
pub fn decimal(value: f64, digits: usize) -> String {
    format!("{value:.digits$}")
}

/// The curve, line by line, and the interval.
pub fn table(report: &IntrinsicReport, full: f64) -> String {
    let mut text = format!("{:>10} {:>9} {:>8}   of each key\n", "dimension", "mean", "reached");
    for level in &report.curve {
        let each =
            level.performances.iter().map(|value| value.map_or("diverged".to_string(), |value| decimal(value, 4)));
        let each = each.collect::<Vec<_>>().join(" ");
        let mean = level.mean().map_or("-".to_string(), |mean| decimal(mean, 4));
        let keys = level.performances.len();
        let _ = writeln!(text, "{:>10} {mean:>9} {:>5}/{keys:<2}   {each}", level.dim, level.reached);
    }
    let _ = writeln!(text, "full space {full:>9.4}; {} runs", report.runs);
    text.push_str(&found(report));
    text
}

fn found(report: &IntrinsicReport) -> String {
    let [Some(dim), Some(estimate)] = [report.dimension().map(|dim| dim as f64), report.estimate()] else {
        let best = report.best().map_or("none is finite".to_string(), |(dim, value)| format!("{value:.4} at {dim}"));
        return format!("not reached ({:?}); the best: {best}\n", report.stop);
    };
    let mut text = format!("intrinsic dimension {dim} (most keys reach it); mean over keys {estimate:.0}");
    for confidence in [0.68, 0.95] {
        if let Ok(interval) = report.interval(confidence) {
            let _ = write!(text, ", {:.0} to {:.0} at {confidence}", interval.lower, interval.upper);
        }
    }
    if report.stop != Stop::Found {
        let _ = write!(text, " ({:?})", report.stop);
    }
    text.push('\n');
    text
}
