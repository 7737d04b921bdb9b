//! From what is drawn to files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::figure::Figure;
use super::numbers::Numbers;
use super::png;
use super::provenance::Provenance;
use super::svg;
use crate::error::{Error, Result};

/// Anything that can be drawn: as SVG, as PNG, as the numbers behind it, or all that goes with it in files.
///
/// The same picture has the same bytes, always: no clock, no font of the machine, no order of threads goes in.
///
/// ```
/// use eigenscape::plot::{Axis, Chart, Picture, Series};
///
/// let chart = Chart::new(Axis::linear("x"), Axis::linear("y")).with(Series::line("", [(0.0, 1.0), (1.0, 3.0)]));
/// assert_eq!(chart.svg()?, chart.svg()?);
/// // A picture of nothing is refused, with the remedy.
/// let nothing = Chart::new(Axis::linear("x"), Axis::linear("y")).with(Series::line("nothing", []));
/// assert!(nothing.svg().unwrap_err().to_string().contains("give at least one"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
pub trait Picture {
    /// The panels that it is made of: to change size, title or subtitle, or to put its panels into another figure.
    ///
    /// # Errors
    /// If the result that it shows has nothing to show, or not on these axes.
    fn figure(&self) -> Result<Figure>;

    /// A document in SVG, with its size in pixels. Texts stay texts, in fonts of the reader's.
    ///
    /// # Errors
    /// As [`Picture::figure`], or if an axis has no value with a place on it, a value is beyond 1e307 in size, or the
    /// size is not from
    /// 100 to 8192 pixels.
    fn svg(&self) -> Result<String> {
        svg::svg(&self.figure()?.scene()?)
    }

    /// A file in PNG of the size of the figure, 8 bits of three colours, with smooth edges and a font of its own: letters of
    /// Latin, Greek and the usual signs; others show as a box.
    ///
    /// Cost: 25 kilobytes of memory for each pixel of its width, 3 bytes for each of all, and a fraction of a
    /// microsecond of time.
    ///
    /// # Errors
    /// As [`Picture::svg`].
    fn png(&self) -> Result<Vec<u8>> {
        png::png(&self.figure()?.scene()?)
    }

    /// The numbers behind it.
    ///
    /// # Errors
    /// As [`Picture::figure`].
    fn numbers(&self) -> Result<Numbers> {
        Ok(self.figure()?.all_numbers())
    }

    /// Writes the picture, with its numbers (`.csv`) and where they come from (`.json`) beside it under the same name.
    ///
    /// The ending of the path, `.svg` or `.png`, says which format. All three files are written under other names first and
    /// renamed in the end, the picture last: no reader sees half a file, and a picture has its numbers.
    ///
    /// # Errors
    /// As [`Picture::svg`], if the ending is another one, or the system refuses to write. No half-written file is left
    /// behind then.
    fn write(&self, path: impl AsRef<Path>, provenance: &Provenance) -> Result<()>
    where
        Self: Sized,
    {
        let path = path.as_ref();
        let figure = self.figure()?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let bytes = match ending {
            "svg" => figure.svg()?.into_bytes(),
            "png" => figure.png()?,
            _ => {
                let known = ["svg", "png"].map(str::to_string).to_vec();
                return Err(Error::Name { what: "the ending of a picture's file", name: ending.to_string(), known });
            }
        };
        let (csv, json) = (path.with_extension("csv"), path.with_extension("json"));
        let about = provenance.json(&figure, path, &csv);
        replace(&[(&csv, figure.all_numbers().csv().as_bytes()), (&json, about.as_bytes()), (path, &bytes)])
    }
}

/// How many times files were written by this process.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Writes files beside their places, then moves them there in order.
fn replace(files: &[(&Path, &[u8])]) -> Result<()> {
    let failed = |path: &Path, operation, error: std::io::Error| Error::File {
        path: path.display().to_string(),
        operation,
        reason: error.to_string(),
    };
    // Of its own for each call: two threads may write one picture at once.
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let temporary = |path: &Path| -> PathBuf {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!(".{name}.{}-{call}.part", std::process::id()))
    };
    let mut result = Ok(());
    for (path, bytes) in files {
        result = result.and_then(|()| fs::write(temporary(path), bytes).map_err(|error| failed(path, "write", error)));
    }
    for (path, _) in files {
        result = result.and_then(|()| fs::rename(temporary(path), path).map_err(|error| failed(path, "rename", error)));
    }
    if result.is_err() {
        for (path, _) in files {
            // What was never written cannot be removed.
            let _ = fs::remove_file(temporary(path));
        }
    }
    result
}
