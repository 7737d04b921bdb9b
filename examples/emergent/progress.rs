//! Progress bars for the phases of the work; silent where nobody watches, so that logs stay clean.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often the clock on a bar moves while the work is busy elsewhere.
const TICK: Duration = Duration::from_millis(200);

/// One phase of the work; its bar goes when the value does.
#[derive(Debug)]
pub struct Phase {
    bar: ProgressBar,
}

impl Phase {
    /// A phase of so many equal pieces, shown on the standard error stream if that is a terminal.
    pub fn begin(name: &'static str, pieces: usize) -> Phase {
        let bar = ProgressBar::with_draw_target(Some(pieces as u64), ProgressDrawTarget::stderr_with_hz(10));
        let template = "{prefix:>24} [{bar:32}] {pos:>4}/{len:4} {elapsed:>4} {msg}";
        // The template is a constant; the default style stands in if a new version should read it otherwise.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(name);
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Phase { bar }
    }

    /// Says what is being worked on: `seed 3`.
    pub fn on_work(&self, text: String) {
        self.bar.set_message(text);
    }

    /// Says that so many more pieces are done; from any thread.
    pub fn advance(&self, pieces: usize) {
        self.bar.inc(pieces as u64);
    }
}

impl Drop for Phase {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_counts_from_any_thread_whether_it_is_watched_or_not() {
        let phase = Phase::begin("training", 20);
        phase.bar.set_draw_target(ProgressDrawTarget::hidden());
        phase.on_work("seed 3".to_string());
        std::thread::scope(|scope| {
            scope.spawn(|| phase.advance(15));
        });
        assert_eq!((phase.bar.position(), phase.bar.length()), (15, Some(20)));
        assert_eq!(phase.bar.message(), "seed 3");
    }
}
