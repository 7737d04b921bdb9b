//! Colours that colour-blind readers tell apart.

/// A colour of 8 bits a channel.
///
/// ```
/// use eigenscape::plot::Color;
///
/// assert_eq!(Color::BLUE.hexadecimal(), "#0072B2");
/// ```
///
/// # References
/// Okabe & Ito 2008, Color Universal Design (the named colours but ink, grey and faint).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

impl Color {
    /// Blue.
    pub const BLUE: Color = Color::new(0, 114, 178);
    /// Vermillion.
    pub const VERMILLION: Color = Color::new(213, 94, 0);
    /// Bluish green.
    pub const GREEN: Color = Color::new(0, 158, 115);
    /// Orange.
    pub const ORANGE: Color = Color::new(230, 159, 0);
    /// Reddish purple.
    pub const PURPLE: Color = Color::new(204, 121, 167);
    /// Sky blue.
    pub const SKY: Color = Color::new(86, 180, 233);
    /// Text and axes.
    pub const INK: Color = Color::new(34, 34, 34);
    /// What stands back: references, subtitles.
    pub const GREY: Color = Color::new(110, 110, 110);
    /// Lines of the grid, and holes of maps.
    pub const FAINT: Color = Color::new(228, 228, 228);
    /// White.
    pub const WHITE: Color = Color::new(255, 255, 255);

    /// Colours of series that ask for none, in this order.
    pub const SERIES: [Color; 7] =
        [Color::BLUE, Color::VERMILLION, Color::GREEN, Color::ORANGE, Color::PURPLE, Color::SKY, Color::INK];

    /// From its channels.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Color { red, green, blue }
    }

    /// `#RRGGBB`.
    pub fn hexadecimal(self) -> String {
        format!("#{:02X}{:02X}{:02X}", self.red, self.green, self.blue)
    }

    /// How light it looks, from 0 to 1 (Rec. 709 weights of the channels as they are).
    pub(super) fn lightness(self) -> f64 {
        (0.2126 * f64::from(self.red) + 0.7152 * f64::from(self.green) + 0.0722 * f64::from(self.blue)) / 255.0
    }

    /// This colour, or a part of the way to another one.
    pub(super) fn towards(self, other: Color, part: f64) -> Color {
        let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * part).round() as u8;
        Color::new(mix(self.red, other.red), mix(self.green, other.green), mix(self.blue, other.blue))
    }
}

/// The colours of a map, from its lowest value to its highest.
///
/// | palette | for | lightness |
/// | --- | --- | --- |
/// | `Viridis` | values in general | rises evenly, so that it reads alike without colour |
/// | `Blues` | shares: 0 is white | falls evenly |
/// | `Diverging` | values of both signs: 0 is white, blue below and red above | falls to either side |
///
/// ```
/// use eigenscape::plot::{Color, Palette};
///
/// assert_eq!(Palette::Viridis.color(0.0), Color::new(68, 1, 84));
/// assert_eq!(Palette::Viridis.color(f64::NAN), Color::FAINT);
/// ```
///
/// # References
/// Smith & van der Walt 2015 (viridis); Brewer 2003, ColorBrewer (the other two).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Palette {
    /// Deep violet to yellow.
    #[default]
    Viridis,
    /// White to deep blue.
    Blues,
    /// Blue over white to red.
    Diverging,
}

const VIRIDIS: [Color; 9] = [
    Color::new(68, 1, 84),
    Color::new(71, 44, 122),
    Color::new(59, 81, 139),
    Color::new(44, 113, 142),
    Color::new(33, 144, 141),
    Color::new(39, 173, 129),
    Color::new(92, 200, 99),
    Color::new(170, 220, 50),
    Color::new(253, 231, 37),
];

const BLUES: [Color; 4] =
    [Color::new(255, 255, 255), Color::new(158, 202, 225), Color::new(33, 113, 181), Color::new(8, 29, 88)];

const DIVERGING: [Color; 9] = [
    Color::new(5, 48, 97),
    Color::new(33, 102, 172),
    Color::new(67, 147, 195),
    Color::new(146, 197, 222),
    Color::new(247, 247, 247),
    Color::new(244, 165, 130),
    Color::new(214, 96, 77),
    Color::new(178, 24, 43),
    Color::new(103, 0, 31),
];

impl Palette {
    /// The colour at a share of the way from the lowest value, at 0, to the highest, at 1; beyond them that of the nearer end,
    /// and that of holes for what is not a number.
    pub fn color(self, share: f64) -> Color {
        if share.is_nan() {
            return Color::FAINT;
        }
        let stops: &[Color] = match self {
            Palette::Viridis => &VIRIDIS,
            Palette::Blues => &BLUES,
            Palette::Diverging => &DIVERGING,
        };
        let place = share.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
        let lower = (place as usize).min(stops.len() - 2);
        stops[lower].towards(stops[lower + 1], place - lower as f64)
    }
}
