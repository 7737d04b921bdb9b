//! Where the numbers of a picture come from.

use std::path::Path;

use super::axis::Axis;
use super::figure::{Figure, Panel};
use crate::random::Key;

/// Where the numbers of a picture come from: keys and settings, written beside it as JSON with the version of this crate, the
/// titles, the axes and units of each panel, and what the columns of its table are.
///
/// ```
/// use eigenscape::plot::{Axis, Chart, Picture, Provenance, Series};
/// use eigenscape::random::Key;
///
/// let chart = Chart::new(Axis::linear("x").unit("m"), Axis::linear("y")).with(Series::line("", [(0.0, 1.0), (1.0, 3.0)]));
/// let provenance = Provenance::new().key("probes", Key::new(7)).setting("steps", 80).setting("network", "784-128-10 \"tanh\"");
/// let folder = std::env::temp_dir().join(format!("provenance-{}", std::process::id()));
/// std::fs::create_dir_all(&folder).expect("a folder");
/// chart.write(folder.join("line.svg"), &provenance)?;
/// let json = std::fs::read_to_string(folder.join("line.json")).expect("beside the picture");
/// assert!(json.contains(r#""steps": "80""#) && json.contains(r#""unit": "m""#) && json.contains("784-128-10 \\\"tanh\\\""));
/// assert!(folder.join("line.csv").exists());
/// # std::fs::remove_dir_all(&folder).expect("the folder");
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Provenance {
    keys: Vec<(String, Key)>,
    settings: Vec<(String, String)>,
}

impl Provenance {
    /// Of nothing said.
    pub fn new() -> Self {
        Provenance::default()
    }

    /// Adds a key, and what it is for.
    pub fn key(mut self, purpose: impl Into<String>, key: Key) -> Self {
        self.keys.push((purpose.into(), key));
        self
    }

    /// Adds a setting. A name that comes again has the later value.
    pub fn setting(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        let (name, value) = (name.into(), value.to_string());
        match self.settings.iter_mut().find(|setting| setting.0 == name) {
            Some(setting) => setting.1 = value,
            None => self.settings.push((name, value)),
        }
        self
    }

    /// What is written beside a picture.
    pub(super) fn json(&self, figure: &Figure, picture: &Path, numbers: &Path) -> String {
        let name = |path: &Path| quoted(&path.file_name().unwrap_or_default().to_string_lossy());
        let keys: Vec<String> = (self.keys.iter())
            .map(|(purpose, key)| object("    ", &[("purpose", quoted(purpose)), ("key", quoted(&key.hexadecimal()))]))
            .collect();
        let settings: Vec<String> =
            self.settings.iter().map(|(name, value)| format!("    {}: {}", quoted(name), quoted(value))).collect();
        let panels: Vec<String> = figure.panels().enumerate().map(|(index, panel)| described(index, panel)).collect();
        let columns = [
            ("panel", "the title of the panel, or its number from 1"),
            ("series", "the name of the series or of the map"),
            ("x", "place across, in the unit of the panel's x axis; of an arrow its start"),
            ("y", "height, in the unit of the panel's y axis; of an arrow its start"),
            ("low", "lower end of the interval at x, in the unit of y; of an arrow the x of its head"),
            ("high", "upper end of the interval at x, in the unit of y; of an arrow the y of its head"),
            ("value", "value of a map at (x, y), in its unit; empty at holes"),
        ];
        let columns: Vec<String> =
            columns.iter().map(|(name, words)| format!("    {}: {}", quoted(name), quoted(words))).collect();
        let block = |open: char, lines: Vec<String>, close: char| match lines.is_empty() {
            true => format!("{open}{close}"),
            false => format!("{open}\n{}\n  {close}", lines.join(",\n")),
        };
        let fields = [
            ("picture", name(picture)),
            ("numbers", name(numbers)),
            ("title", quoted(&figure.title)),
            ("subtitle", quoted(&figure.subtitle)),
            ("made_by", quoted(concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")))),
            ("keys", block('[', keys, ']')),
            ("settings", block('{', settings, '}')),
            ("panels", block('[', panels, ']')),
            ("columns", block('{', columns, '}')),
        ];
        let lines: Vec<String> = fields.iter().map(|(name, value)| format!("  {}: {value}", quoted(name))).collect();
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }
}

fn object(indent: &str, fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{}: {value}", quoted(name))).collect();
    format!("{indent}{{ {} }}", fields.join(", "))
}

fn described(index: usize, panel: &Panel) -> String {
    let axis = |axis: &Axis| {
        let fields = [("name", quoted(&axis.name)), ("unit", quoted(&axis.unit)), ("scale", quoted(axis.scale.name()))];
        object("", &fields)
    };
    let (title, x, y, maps) = match panel {
        Panel::Chart(chart) => (&chart.title, &chart.x, &chart.y, &chart.maps[..]),
        Panel::Relief(relief) => (&relief.title, &relief.x, &relief.y, std::slice::from_ref(&relief.map)),
    };
    let maps: Vec<String> =
        maps.iter().map(|map| object("", &[("name", quoted(&map.name)), ("unit", quoted(&map.unit))])).collect();
    let title = if title.is_empty() { (index + 1).to_string() } else { title.clone() };
    let maps = format!("[{}]", maps.join(", "));
    object("    ", &[("title", quoted(&title)), ("x", axis(x)), ("y", axis(y)), ("maps", maps)])
}

/// A string of JSON (RFC 8259).
fn quoted(words: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in words.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
