//! Clustering, the calibrated model and the comparison, as tables.

use std::fmt::Write;

use super::escape;
use crate::report::{ComparedRow, ModelRow, Report, decimal};

/// Names and numbers of the columns of the first table.
type Column = (&'static str, fn(&ModelRow) -> String);

/// Nothing if no model was made.
pub fn section(report: &Report) -> String {
    let Some(first) = report.model.first() else { return String::new() };
    let mut html = format!(
        "<h2>The random model</h2>\n<p class=\"quiet\">On {} examples of the first key's stochastic run. Cosines of gradients \
         of logits; the model's parameters with standard errors.</p>\n<div class=\"scroll\"><table>\n<tr><th>step</th>",
        first.examples
    );
    let columns: [Column; 7] = [
        ("same logit and class", |row| decimal(row.clustering.same_logit_and_class, 3)),
        ("same logit", |row| decimal(row.clustering.same_logit, 3)),
        ("different logits", |row| decimal(row.clustering.different_logits, 3)),
        ("\u{3c3}<sub>c</sub>", |row| measured(row.parameters.mean_deviation)),
        ("\u{3c3}<sub>E</sub>", |row| measured(row.parameters.residue_deviation)),
        ("\u{3c3}<sub>z</sub>", |row| measured(row.parameters.logit_deviation)),
        ("Y<sub>2</sub>", |row| measured(row.parameters.power_sum)),
    ];
    for (name, _) in columns {
        let _ = write!(html, "<th>{name}</th>");
    }
    html.push_str("</tr>\n");
    for row in &report.model {
        let cells = columns.map(|(_, of)| of(row));
        let _ = writeln!(html, "<tr><td>{}</td><td>{}</td></tr>", row.step, cells.join("</td><td>"));
    }
    html.push_str(
        "</table></div>\n<p class=\"quiet\">Measured, in a draw of the paper's model, and predicted; in brackets, the difference \
         from the Gauss-Newton matrix G.</p>\n<div class=\"scroll\"><table>\n<tr><th></th><th>G</th><th>Hessian</th>\
         <th>paper's model</th><th>a draw of it</th><th>refined model</th></tr>\n",
    );
    for row in &report.model {
        let _ = writeln!(html, "<tr><th colspan=\"6\">step {}</th></tr>", row.step);
        for compared in &row.comparison {
            let ComparedRow { property, gauss_newton, hessian, paper, sampled, refined } = compared;
            let cells = [
                decimal(*gauss_newton, 3),
                decimal(*hessian, 3),
                beside(*paper, *gauss_newton),
                beside(*sampled, *gauss_newton),
                beside(*refined, *gauss_newton),
            ];
            let _ = writeln!(html, "<tr><td>{}</td><td>{}</td></tr>", escape(property), cells.join("</td><td>"));
        }
    }
    html.push_str("</table></div>\n");
    html
}

fn measured((value, error): (f64, f64)) -> String {
    format!("{} \u{b1} {}", decimal(value, 4), decimal(error, 4))
}

fn beside(value: f64, measured: f64) -> String {
    let difference = 100.0 * (value / measured - 1.0);
    match difference.is_finite() {
        true => format!("{} ({difference:+.0} %)", decimal(value, 3)),
        false => decimal(value, 3),
    }
}
