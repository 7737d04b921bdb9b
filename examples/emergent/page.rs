//! One page that shows the report: the pictures, a sentence for each, the main numbers, and how to get them again.

mod model;

use std::fmt::Write;

use crate::pictures::Picture;
use crate::report::Method::{FullBatch, Stochastic};
use crate::report::{Property, Report, Spread, decimal};

const STYLE: &str = "\
:root { color-scheme: light dark; --ink: #1d1f23; --quiet: #5b6069; --paper: #ffffff; --card: #f4f5f7;
  --line: #d9dce1; --yes: #00694c; --no: #a34700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --quiet: #a5abb5; --paper: #15171b;
  --card: #1f2228; --line: #363b44; --yes: #4cc9a0; --no: #f0a060; } }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .8rem; }
.quiet { color: var(--quiet); }
figure { margin: 0 0 2.2rem; }
figure img { display: block; width: 100%; height: auto; background: #ffffff; border: 1px solid var(--line);
  border-radius: 6px; }
figcaption { margin: .6rem .2rem 0; color: var(--quiet); }
.properties { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: .9rem; }
.property { background: var(--card); border-radius: 6px; padding: .8rem 1rem; }
.property h3 { margin: 0 0 .3rem; font-size: 1rem; }
.property p { margin: 0; }
.mark { float: right; font-size: .85rem; font-weight: 600; }
.present { color: var(--yes); } .absent { color: var(--no); } .unmeasured { color: var(--quiet); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .35rem .7rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; } th:first-child, td:first-child { text-align: left; }
pre { background: var(--card); border-radius: 6px; padding: .8rem 1rem; overflow-x: auto; }
@media (max-width: 30rem) { .properties { grid-template-columns: 1fr; } }
";

/// The page as HTML, with the pictures linked as files beside it and nothing from elsewhere.
pub fn page(report: &Report, pictures: &[Picture]) -> String {
    let title = format!("The geometry of a loss landscape: {}, {}", report.data, report.network);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{0}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
        escape(&title)
    );
    let _ = writeln!(
        html,
        "<p class=\"quiet\">{} parameters, {} classes, {} training and {} test examples, {}, seeds {} to {}, {} s.</p>",
        report.parameters,
        report.classes,
        report.examples.train,
        report.examples.test,
        escape(&report.scalar),
        report.seed,
        report.seed.saturating_add(report.keys.saturating_sub(1) as u64),
        decimal(report.seconds, 1)
    );
    html.push_str("<h2>The four properties in this run</h2>\n<div class=\"properties\">\n");
    for property in report.properties() {
        html.push_str(&card(&property));
    }
    html.push_str("</div>\n<h2>Pictures</h2>\n");
    for picture in pictures {
        let _ = writeln!(
            html,
            "<figure>\n<img src=\"{}\" alt=\"{}\">\n<figcaption>{}</figcaption>\n</figure>",
            escape(picture.file),
            escape(&picture.title),
            escape(&picture.caption)
        );
    }
    html.push_str(&figures(report));
    html.push_str(&model::section(report));
    html.push_str(&reproduce(report));
    html.push_str("</body>\n</html>\n");
    html
}

fn card(property: &Property) -> String {
    let mark = match property.present {
        Some(true) => "present",
        Some(false) => "absent",
        None => "unmeasured",
    };
    format!(
        "<div class=\"property\"><span class=\"mark {mark}\">{mark}</span><h3>{}</h3><p>{}</p></div>\n",
        escape(property.name),
        greek(&escape(&property.finding))
    )
}

/// Start, middle and end of both ways of training, as mean and range over keys.
fn figures(report: &Report) -> String {
    let mut html = format!(
        "<h2>Key figures</h2>\n<p class=\"quiet\">Mean and range over {} key{}. Share: part of the gradient's squared \
         norm in the top {} eigenvectors; a random direction has {}.</p>\n<div class=\"scroll\"><table>\n<tr><th>step</th><th>{}</th><th>{} / {}</th><th>share</th><th>mini-batch share</th><th>training loss</th>\
         <th>test accuracy</th></tr>\n",
        report.keys,
        if report.keys == 1 { "" } else { "s" },
        report.classes,
        decimal(report.classes as f64 / report.parameters as f64, 4),
        greek("lambda_1"),
        greek(&format!("lambda_{}", report.classes.saturating_sub(1))),
        greek(&format!("lambda_{}", report.classes)),
    );
    for method in [Stochastic, FullBatch] {
        let columns = [
            report.over_keys(method, |row| row.largest_eigenvalue),
            report.over_keys(method, |row| row.gap_ratio),
            report.over_keys(method, |row| row.gradient_share_top_classes),
            report.over_keys(method, |row| row.mini_batch_share_top_classes),
            report.over_keys(method, |row| row.train_loss),
            report.over_keys(method, |row| row.test_accuracy),
        ];
        let mut steps: Vec<usize> = report.spectrum.iter().map(|spectrum| spectrum.step).collect();
        steps.extend(columns.iter().flat_map(|rows| [rows.first(), rows.last()]).flatten().map(|row| row.0));
        steps.sort_unstable();
        steps.dedup();
        let _ = writeln!(html, "<tr><th colspan=\"7\">{}</th></tr>", method.title());
        for step in steps {
            let at = |rows: &[(usize, Spread)]| rows.iter().find(|row| row.0 == step).map(|row| row.1);
            let cells: Vec<String> = columns.iter().map(|rows| cell(at(rows), report.keys)).collect();
            let _ = writeln!(html, "<tr><td>{step}</td><td>{}</td></tr>", cells.join("</td><td>"));
        }
    }
    html.push_str("</table></div>\n");
    html
}

fn cell(spread: Option<Spread>, keys: usize) -> String {
    match spread {
        None => "\u{2013}".to_string(),
        Some(Spread { mean, .. }) if keys == 1 => decimal(mean, 3),
        Some(Spread { mean, low, high }) => {
            let range = format!("{} to {}", decimal(low, 3), decimal(high, 3));
            format!("{}<br><span class=\"quiet\">{range}</span>", decimal(mean, 3))
        }
    }
}

fn reproduce(report: &Report) -> String {
    let settings = &report.settings;
    let mut html = format!(
        "<h2>How to get this again</h2>\n<pre>cargo run --release --example emergent -- {}</pre>\n",
        escape(&settings.words)
    );
    let _ = writeln!(
        html,
        "<p>eigenscape {}. SGD: mini-batches of {}, rate {}, {} steps. Full-batch gradient descent: rate {}, {} steps. \
         Shares of mini-batch gradients: mean over {} mini-batches. Trace: {} probes. Hyperplanes: {}, rate {} (all \
         parameters: {}), {} steps.{}</p>",
        env!("CARGO_PKG_VERSION"),
        settings.batch,
        settings.rate,
        settings.steps,
        settings.rate_full_batch,
        settings.steps_full_batch,
        settings.mini_batches,
        settings.trace_probes,
        escape(&settings.subspace_optimizer),
        settings.subspace_rate,
        settings.full_space_rate,
        settings.subspace_steps,
        report.spectrum.first().map_or(String::new(), |spectrum| format!(
            " Densities: {} probes of {} Lanczos steps.",
            spectrum.probes, spectrum.lanczos_steps
        ))
    );
    html.push_str(
        "<p>All numbers are in <a href=\"report.json\">report.json</a>. Two runs with the same arguments on the same \
         machine give the same file, whatever the number of threads, but for its line <code>seconds</code>.</p>\n",
    );
    html
}

/// Text as HTML shows it, also inside of quoted attributes.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

/// `lambda_10` as a letter with an index.
fn greek(html: &str) -> String {
    let mut pieces = html.split("lambda_");
    let mut text = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let _ = write!(text, "\u{3bb}<sub>{}</sub>{}", &piece[..digits], &piece[digits..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_page_links_every_picture_and_nothing_from_elsewhere() {
        let report = sample::report();
        let pictures = crate::pictures::draw(&report).unwrap();
        let html = page(&report, &pictures);
        assert!(pictures.iter().all(|picture| html.contains(&format!("src=\"{}\"", picture.file))));
        assert!(!html.contains("http") && !html.contains("<script"), "{html}");
        assert!(html.contains("--data digits --scalar f64 --seed 0 --keys 5<"));
        assert!(html.contains("<h2>The random model</h2>") && html.contains("<td>share of top 9</td>"));
        let figures = html.split("<h2>The random model</h2>").next().unwrap();
        for row in figures.lines().filter(|line| line.starts_with("<tr><td>")) {
            assert_eq!(row.matches("<td>").count(), 7, "{row}");
        }
        assert!(html.contains("<tr><td>1000</td>"));
        assert!(html.contains("\u{3bb}<sub>10</sub>") && !html.contains("lambda_"));
    }

    #[test]
    fn text_is_escaped() {
        let name = "<img src=x onerror='x'>&\"";
        let report = Report { data: name.to_string(), network: name.to_string(), ..sample::report() };
        let pictures = crate::pictures::draw(&report).unwrap();
        let html = page(&report, &pictures);
        assert!(!html.contains(name) && html.contains("&lt;img src=x onerror=&#39;x&#39;&gt;&amp;&quot;"));
        assert!(pictures.iter().all(|picture| !picture.svg.contains(name)));
    }

    #[test]
    fn holes_in_the_data_are_dashes() {
        for report in [sample::empty(), sample::without_numbers()] {
            let html = page(&report, &[]);
            assert!(html.contains("Not measured") && !html.contains(">NaN<") && !html.contains("inf"), "{html}");
        }
    }
}
