//! The numbers behind a picture, as a table that a spreadsheet reads.

use crate::error::{Error, Result};

const HEADER: &str = "panel,series,x,y,low,high,value";

/// One point of what is drawn.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct NumberRow {
    /// The title of its panel; the number of the panel from 1, where it has none.
    pub panel: String,
    /// The name of its series.
    pub series: String,
    /// Where it stands across; none for a horizontal line.
    pub x: Option<f64>,
    /// How high it stands; none for a vertical line or a mark without a height.
    pub y: Option<f64>,
    /// The lower end of its interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The value of a map; none at its holes.
    pub value: Option<f64>,
}

/// The numbers behind a picture: every point of every series, in the order of drawing, also those that the picture
/// leaves out since
/// they lie outside of its axes, are not finite, or fall on pixels that others cover.
///
/// ```
/// use eigenscape::plot::{Axis, Chart, Numbers, Picture, Series};
///
/// let chart = Chart::new(Axis::linear("x"), Axis::linear("y"))
///     .with(Series::line("a third, \"roughly\"", [(0.0, 1.0 / 3.0), (1.0, f64::NAN), (2.0, 1e-300)]));
/// let csv = chart.numbers()?.csv();
/// let read = Numbers::read(&csv)?;
/// assert_eq!(read.rows[0].y, Some(1.0 / 3.0)); // to the last bit
/// assert_eq!((read.rows.len(), read.csv()), (3, csv));
/// # Ok::<(), eigenscape::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Numbers {
    /// The points.
    pub rows: Vec<NumberRow>,
}

impl Numbers {
    /// As comma-separated values (RFC 4180): a header, then a line for each point. Numbers are the shortest that read
    /// back to the
    /// same bits; a cell is empty where there is none, and says `NaN`, `inf` or `-inf` where a number is not finite.
    pub fn csv(&self) -> String {
        let mut csv = String::from(HEADER);
        csv.push('\n');
        for row in &self.rows {
            csv.push_str(&quoted(&row.panel));
            csv.push(',');
            csv.push_str(&quoted(&row.series));
            for cell in [row.x, row.y, row.low, row.high, row.value] {
                csv.push(',');
                csv.extend(cell.map(number));
            }
            csv.push('\n');
        }
        csv
    }

    /// Reads what [`Numbers::csv`] wrote.
    ///
    /// # Errors
    /// If the header is another one, a line does not have its seven cells, a quotation is not closed or has something
    /// behind it, or a cell is not a number.
    pub fn read(csv: &str) -> Result<Self> {
        let mut cells = Cells { csv, at: 0 };
        let mut rows = Vec::new();
        let format = |offset: usize, found: &str, expected: &str| Error::Format {
            format: "numbers of a picture",
            offset,
            found: found.chars().take(40).collect(),
            expected: expected.to_string(),
        };
        let header = cells.line()?.unwrap_or_default();
        if header.join(",") != HEADER {
            return Err(format(0, &header.join(","), HEADER));
        }
        loop {
            let offset = cells.at;
            let Some(line) = cells.line()? else { break };
            let [panel, series, numbers @ ..] = &line[..] else {
                return Err(format(offset, &line.join(","), "seven cells"));
            };
            let mut values = [None; 5];
            if numbers.len() != values.len() {
                return Err(format(offset, &line.join(","), "seven cells"));
            }
            for (value, cell) in values.iter_mut().zip(numbers) {
                if !cell.is_empty() {
                    *value = Some(cell.parse().map_err(|_| format(offset, cell, "a number, or nothing"))?);
                }
            }
            let [x, y, low, high, value] = values;
            rows.push(NumberRow { panel: panel.clone(), series: series.clone(), x, y, low, high, value });
        }
        Ok(Numbers { rows })
    }
}

/// The shortest decimal that reads back to the same bits.
fn number(value: f64) -> String {
    let plain = value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs());
    if plain { format!("{value}") } else { format!("{value:e}") }
}

fn quoted(words: &str) -> String {
    if words.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", words.replace('"', "\"\""))
    } else {
        words.to_string()
    }
}

/// Reads cells, line by line.
struct Cells<'a> {
    csv: &'a str,
    at: usize,
}

impl Cells<'_> {
    fn line(&mut self) -> Result<Option<Vec<String>>> {
        if self.at >= self.csv.len() {
            return Ok(None);
        }
        let mut cells = Vec::new();
        loop {
            cells.push(self.cell()?);
            let rest = &self.csv[self.at..];
            if rest.starts_with(',') {
                self.at += 1;
                continue;
            }
            self.at += match rest.chars().next() {
                None => 0,
                _ if rest.starts_with("\r\n") => 2,
                Some('\n' | '\r') => 1,
                Some(_) => {
                    return Err(Error::Format {
                        format: "numbers of a picture",
                        offset: self.at,
                        found: rest.chars().take(40).collect(),
                        expected: "a comma or the end of the line behind a quotation".to_string(),
                    });
                }
            };
            return Ok(Some(cells));
        }
    }

    fn cell(&mut self) -> Result<String> {
        let rest = &self.csv[self.at..];
        if !rest.starts_with('"') {
            let end = rest.find([',', '\n', '\r']).unwrap_or(rest.len());
            self.at += end;
            return Ok(rest[..end].to_string());
        }
        let start = self.at;
        let mut cell = String::new();
        self.at += 1;
        loop {
            let rest = &self.csv[self.at..];
            let Some(end) = rest.find('"') else {
                let expected = "a second quotation mark".to_string();
                return Err(Error::Format {
                    format: "numbers of a picture",
                    offset: start,
                    found: "the end".to_string(),
                    expected,
                });
            };
            cell.push_str(&rest[..end]);
            self.at += end + 1;
            if !self.csv[self.at..].starts_with('"') {
                return Ok(cell);
            }
            cell.push('"');
            self.at += 1;
        }
    }
}
