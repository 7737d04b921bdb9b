//! The pictures of a report, as SVG texts.

mod axis;
mod density;
mod lines;
mod panel;
mod scree;
mod subspace;
mod theme;

use std::io;

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
    let pictures =
        [density::picture, scree::picture, lines::gradient, lines::eigenvalue, subspace::picture, lines::training];
    pictures.into_iter().map(|picture| picture(report).map_err(io::Error::other)).collect()
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
