//! Words: how wide they are, and the pixels of their letters.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, OutlinedGlyph, PxScale, ScaleFont, point};

/// DejaVu Sans, without the letters and tables that pictures do not need; its licence stands beside it.
static BYTES: &[u8] = include_bytes!("font/DejaVuSans-subset.ttf");

const ELLIPSIS: char = '\u{2026}';

fn font() -> &'static FontRef<'static> {
    static FONT: OnceLock<FontRef<'static>> = OnceLock::new();
    FONT.get_or_init(|| FontRef::try_from_slice(BYTES).expect("the font is part of the crate"))
}

/// The scale of the font at which an em is so many pixels.
fn scale(size: f64) -> PxScale {
    let em = f64::from(font().units_per_em().unwrap_or(2048.0));
    PxScale::from((size * f64::from(font().height_unscaled()) / em) as f32)
}

/// The width of words in pixels, at so many pixels an em.
pub(super) fn width(words: &str, size: f64) -> f64 {
    let font = font().as_scaled(scale(size));
    words.chars().map(|letter| f64::from(font.h_advance(font.glyph_id(letter)))).sum()
}

/// The letters of words whose left end is at x on the baseline y, placed to the fraction of a pixel.
pub(super) fn letters(words: &str, size: f64, x: f64, y: f64) -> impl Iterator<Item = OutlinedGlyph> {
    let (font, scale) = (font(), scale(size));
    let scaled = font.as_scaled(scale);
    let mut at = x as f32;
    words.chars().filter_map(move |letter| {
        let id = font.glyph_id(letter);
        let glyph: Glyph = id.with_scale_and_position(scale, point(at, y as f32));
        at += scaled.h_advance(id);
        font.outline_glyph(glyph)
    })
}

/// Words on one line, without what neither a line nor XML can hold.
pub(super) fn clean(words: &str) -> String {
    let forbidden =
        |letter: char| letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}');
    let spaced: String = words.chars().map(|letter| if forbidden(letter) { ' ' } else { letter }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words, or as many of their letters as fit a width with an ellipsis.
pub(super) fn fit(words: &str, size: f64, limit: f64) -> String {
    if width(words, size) <= limit {
        return words.to_string();
    }
    let dots = width(&ELLIPSIS.to_string(), size);
    let mut used = dots;
    let fits = |letter: &char| {
        used += width(letter.encode_utf8(&mut [0; 4]), size);
        used <= limit
    };
    let mut kept: String = words.chars().take_while(fits).collect();
    kept.truncate(kept.trim_end().len());
    kept.push(ELLIPSIS);
    kept
}

/// Lines of words that fit a width, at most so many; the last one ends with an ellipsis if there is more.
pub(super) fn wrap(words: &str, size: f64, limit: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        if lines.len() + 1 == most && !line.is_empty() {
            // In place: what is cut off in the end may be very long.
            line.push(' ');
            line.push_str(word);
            continue;
        }
        let longer = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
        if line.is_empty() || width(&longer, size) <= limit {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_string()));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.into_iter().map(|line| fit(&line, size, limit)).collect()
}
