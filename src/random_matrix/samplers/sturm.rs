//! Sturm counts: the signs of the pivots of T - x, many points x at a time.

use crate::elementary::vectorized;

/// Points whose counts run side by side. A pivot waits for the division of the one before it; the other points fill the
/// time.
const LANES: usize = 16;

/// Pivots closer to 0 than this are taken for it. Entries are near 1, so it is far below their rounding.
const TINY: f64 = 1e-290;

/// Eigenvalues of a Gram matrix below this are taken for 0. Far above `TINY`, so that pivots at this point are right.
const ZERO: f64 = 1e-280;

/// Whether an eigenvalue at a point counts: the sign that a pivot of 0 is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::random_matrix) enum Ends {
    /// Eigenvalues below the point.
    Excluded,
    /// Eigenvalues at or below it.
    Included,
}

/// A tridiagonal matrix with its largest entry near 1.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::random_matrix) enum Form {
    /// Diagonal and subdiagonal.
    Symmetric { diagonal: Vec<f64>, below: Vec<f64> },
    /// B B' by the squares of the lower bidiagonal B: of its diagonal, and of its subdiagonal.
    Gram { squares: Vec<f64>, below: Vec<f64> },
}

impl Form {
    pub(in crate::random_matrix) fn size(&self) -> usize {
        match self {
            Form::Symmetric { diagonal, .. } => diagonal.len(),
            Form::Gram { squares, .. } => squares.len(),
        }
    }

    /// The diagonal, and the squares of the subdiagonal.
    pub(in crate::random_matrix) fn matrix(&self) -> (Vec<f64>, Vec<f64>) {
        match self {
            Form::Symmetric { diagonal, below } => {
                (diagonal.clone(), below.iter().map(|entry| entry * entry).collect())
            }
            Form::Gram { squares, below } => {
                let mut diagonal = squares.clone();
                diagonal[1..].iter_mut().zip(below).for_each(|(entry, below)| *entry += below);
                (diagonal, squares.iter().zip(below).map(|(square, below)| square * below).collect())
            }
        }
    }

    /// For each point the number of eigenvalues below it, or also of those at it.
    pub(in crate::random_matrix) fn counts<const POINTS: usize>(
        &self,
        points: &[(f64, Ends); POINTS],
    ) -> [usize; POINTS] {
        let zeros = points.map(|(_, ends)| if ends == Ends::Included { -TINY } else { TINY });
        // Beyond all entries, so that infinity and what is no number need no care in the loop.
        let bound = 16.0;
        let clamped = points.map(|(x, ends)| match (self, ends) {
            _ if x.is_nan() => -bound,
            // Pivots that are 0 together do not tell how often 0 is an eigenvalue: a point just above it does.
            (Form::Gram { .. }, Ends::Included) if x == 0.0 => ZERO,
            _ => x.clamp(-bound, bound),
        });
        let mut negative = vectorized(
            #[inline(always)]
            || match self {
                Form::Symmetric { diagonal, below } => symmetric(diagonal, below, &clamped, &zeros),
                Form::Gram { squares, below } => gram(squares, below, &clamped, &zeros),
            },
        );
        if let Form::Gram { .. } = self {
            // Nothing is below 0, where the pivots would be all that rounding leaves.
            let possible = |(x, ends): (f64, Ends)| x > 0.0 || x == 0.0 && ends == Ends::Included;
            let none = negative.iter_mut().zip(points).filter(|(_, point)| !possible(**point));
            none.for_each(|(negative, _)| *negative = 0.0);
        }
        negative.map(|negative| negative as usize)
    }
}

/// A pivot by which the next may be divided.
#[inline(always)]
fn pivot(d: f64, zero: f64) -> f64 {
    if d.abs() < TINY { zero } else { d }
}

/// Counts are kept as `f64`, exactly: they stay in the lanes of their pivots.
#[inline(always)]
fn symmetric<const POINTS: usize>(
    diagonal: &[f64],
    below: &[f64],
    points: &[f64; POINTS],
    zeros: &[f64; POINTS],
) -> [f64; POINTS] {
    let mut pivots = [1.0; POINTS];
    let mut negative = [0.0; POINTS];
    let mut step = |entry: f64, square: f64| {
        for lane in 0..POINTS {
            let d = pivot((entry - points[lane]) - square / pivots[lane], zeros[lane]);
            pivots[lane] = d;
            negative[lane] += if d < 0.0 { 1.0 } else { 0.0 };
        }
    };
    step(diagonal[0], 0.0);
    diagonal[1..].iter().zip(below).for_each(|(&entry, &below)| step(entry, below * below));
    negative
}

/// Pivots of B B' - x as q + s, where s is carried along: no difference of nearly equal numbers but s - x itself.
#[inline(always)]
fn gram<const POINTS: usize>(
    squares: &[f64],
    below: &[f64],
    points: &[f64; POINTS],
    zeros: &[f64; POINTS],
) -> [f64; POINTS] {
    let mut shifts = points.map(|x| -x);
    let mut negative = [0.0; POINTS];
    let mut step = |square: f64, below: f64| {
        for lane in 0..POINTS {
            let d = pivot(square + shifts[lane], zeros[lane]);
            negative[lane] += if d < 0.0 { 1.0 } else { 0.0 };
            shifts[lane] = shifts[lane] * (below / d) - points[lane];
        }
    };
    squares.iter().zip(below).for_each(|(&square, &below)| step(square, below));
    step(squares[squares.len() - 1], 0.0);
    negative
}

/// The eigenvalue with an index, by multisection.
pub(in crate::random_matrix) fn search(form: &Form, index: usize, tolerance: f64) -> f64 {
    let (mut low, mut high) = gershgorin(form);
    if let Form::Gram { .. } = form
        && form.counts(&[(0.0, Ends::Included)])[0] > index
    {
        return 0.0;
    }
    // Counts of a symmetric matrix are right for one within rounding of its norm; those of a Gram matrix resolve more.
    let rounding = 0.5 * f64::EPSILON * low.abs().max(high.abs());
    loop {
        let width = high - low;
        let spacing = match form {
            Form::Symmetric { .. } => rounding,
            Form::Gram { .. } => f64::EPSILON * high,
        };
        if width <= (2.0 * tolerance).max(spacing) {
            return low + 0.5 * width;
        }
        let points: [f64; LANES] = std::array::from_fn(|k| low + width * ((k + 1) as f64 / (LANES + 1) as f64));
        let counts = form.counts(&points.map(|x| (x, Ends::Excluded)));
        // By rounding, counts need not ascend: the first point above is taken, and the last below before it.
        let above = counts.iter().position(|&count| count > index).unwrap_or(LANES);
        if above < LANES {
            high = points[above];
        }
        if above > 0 {
            low = points[above - 1];
        }
        if high - low >= width {
            return low + 0.5 * width;
        }
    }
}

/// An interval that holds all eigenvalues.
fn gershgorin(form: &Form) -> (f64, f64) {
    let (diagonal, squares) = form.matrix();
    let (mut low, mut high, mut before) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
    let after = squares.iter().map(|square| square.sqrt()).chain([0.0]);
    for (entry, after) in diagonal.iter().zip(after) {
        low = low.min(entry - before - after);
        high = high.max(entry + before + after);
        before = after;
    }
    let slack = 4.0 * f64::EPSILON * low.abs().max(high.abs());
    match form {
        Form::Symmetric { .. } => (low - slack, high + slack),
        Form::Gram { .. } => (low.max(0.0), high + slack),
    }
}
