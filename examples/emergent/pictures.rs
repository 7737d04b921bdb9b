//! The pictures of a report, as SVG texts.

mod density;
mod lines;
mod model;
mod scree;
mod subspace;

use std::io;

use eigenscape::plot::Axis;

use crate::report::Report;

/// One picture with its words.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Name of its file.
    pub file: &'static str,
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub caption: String,
    /// The picture itself.
    pub svg: String,
}

/// Draws all pictures, in the order of the page.
pub fn draw(report: &Report) -> io::Result<Vec<Picture>> {
    let pictures = [
        density::picture,
        scree::picture,
        lines::gradient,
        lines::eigenvalue,
        model::spectra,
        model::account,
        subspace::picture,
        lines::training,
    ];
    pictures.into_iter().map(|picture| picture(report).map_err(io::Error::other)).collect()
}

/// Steps of training.
fn steps() -> Axis {
    Axis::steps("training step")
}

/// Ranks from 1 on, with a tick at every so many.
fn ranks_axis(ranks: usize, every: usize) -> Axis {
    let ticks = (1..=ranks).step_by(every).map(|rank| (rank as f64, rank.to_string()));
    Axis::linear("rank of the eigenvalue").range(0.5, ranks as f64 + 0.5).ticks(ticks)
}

/// What was trained on what.
fn about(report: &Report) -> String {
    format!("{}, {} ({} parameters), {}", report.data, report.network, report.parameters, report.scalar)
}

fn keys(report: &Report) -> String {
    if report.keys == 1 { "1 key".to_string() } else { format!("{} keys", report.keys) }
}

/// The name of one of `count` points of training.
fn stage(index: usize, count: usize) -> &'static str {
    match index {
        0 => "initialization",
        _ if index + 1 == count => "end",
        _ => "middle",
    }
}

/// The quotient of two eigenvalues, by rank.
fn ratio(upper: usize, lower: usize) -> String {
    let lambda = |rank: usize| {
        let digits = rank.to_string();
        let subscript = |digit: char| char::from_u32(0x2080 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit);
        format!("\u{3bb}{}", digits.chars().map(subscript).collect::<String>())
    };
    format!("{} / {}", lambda(upper), lambda(lower))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn assert_draws(report: &Report) {
        for picture in draw(report).unwrap() {
            let svg = &picture.svg;
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{}", picture.file);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", picture.file);
            // Places of numbers that are not finite would land at the ends of the integers.
            assert!(!svg.contains("2147483"), "{}", picture.file);
        }
    }

    #[test]
    fn every_picture_has_a_title_axes_with_names_and_a_legend() {
        let report = sample::report();
        let pictures = draw(&report).unwrap();
        for (file, words) in [
            (
                "density.svg",
                &["density", "eigenvalue of the Hessian", "standard error", "4.05", "10⁻⁴", "end, step 1000"][..],
            ),
            ("scree.svg", &["rank of the eigenvalue", "training step", "initialization, step 0"]),
            ("gradient.svg", &["share of the squared norm", "training step", "mini-batch gradients, top 9", "10/8970"]),
            (
                "eigenvalue.svg",
                &["\u{3bb}\u{2081}", "\u{3bb}\u{2089} / \u{3bb}\u{2081}\u{2080}", "mean and range over"],
            ),
            (
                "subspace.svg",
                &["test accuracy", "dimension of the hyperplane (of 8970)", "radius 0.25", "full space, 0.963"],
            ),
            ("prediction.svg", &["refined model", "rank of the eigenvalue", "middle, step 30", "draw of the paper"]),
            (
                "account.svg",
                &["largest eigenvalue", "share in the top eigenspace", "trace / norm", "alone", "with the margin"],
            ),
            ("training.svg", &["training loss (nats)", "test accuracy", "trace of the Hessian"]),
        ] {
            let picture = pictures.iter().find(|picture| picture.file == file).unwrap();
            assert!(words.iter().all(|word| picture.svg.contains(word)), "{file}: {words:?}");
            assert!(picture.svg.contains(&picture.title) && picture.caption.len() > 40);
        }
        assert_draws(&report);
        assert_eq!(draw(&report).unwrap()[0].svg, pictures[0].svg, "two drawings of one report are equal");
    }

    #[test]
    fn reports_with_holes_are_drawn() {
        assert_draws(&sample::empty());
        assert_draws(&sample::without_numbers());
        assert_draws(&Report { classes: 0, parameters: 0, ..sample::report() });
        assert_draws(&Report { classes: 1, parameters: 1, keys: 1, ..sample::empty() });
    }

    #[test]
    fn a_single_step_stage_key_and_hyperplane_are_drawn() {
        let mut report = Report { keys: 1, ..sample::report() };
        report.training.truncate(1);
        report.training_full_batch.truncate(1);
        report.runs.truncate(2);
        report.runs.iter_mut().for_each(|run| run.rows.truncate(1));
        report.spectrum.truncate(1);
        report.subspace.truncate(1);
        assert_draws(&report);
        assert_eq!(stage(0, 1), "initialization");
    }

    #[test]
    fn densities_and_eigenvalues_without_logarithm_are_drawn() {
        let mut report = sample::report();
        report.spectrum[0].drawn.density.fill(0.0);
        report.spectrum[1].drawn.density.fill(-1.0);
        report.spectrum[2].drawn.density.truncate(3);
        report.spectrum[2].drawn.grid.fill(0.0);
        report.spectrum[1].eigenvalues.fill(-2.0);
        report.spectrum[0].bulk_edge = 0.0;
        report.spectrum[1].bulk_edge = -1.0;
        for row in &mut report.training {
            row.largest_eigenvalues.fill(0.0);
        }
        for row in &mut report.subspace {
            (row.dimension, row.train_loss) = (0, 0.0);
        }
        assert_draws(&report);
    }
}
