//! Curves that cannot fall.

/// The non-decreasing sequence nearest to `values` in weighted least squares (pool adjacent violators).
///
/// Each value is the mean of a block of neighbours. Weights are positive.
pub(super) fn isotonic(values: &[f64], weights: &[f64]) -> Vec<f64> {
    // Sum of weight times value, sum of weights, and number of values of each block.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for (&value, &weight) in values.iter().zip(weights) {
        let mut block = (value * weight, weight, 1);
        while let Some(&(sum, mass, count)) = blocks.last() {
            if sum / mass < block.0 / block.1 {
                break;
            }
            blocks.pop();
            block = (sum + block.0, mass + block.1, count + block.2);
        }
        blocks.push(block);
    }
    blocks.into_iter().flat_map(|(sum, mass, count)| std::iter::repeat_n(sum / mass, count)).collect()
}

/// Where a non-decreasing curve over dimensions first is at least `level`, linear in the logarithm of the dimension between
/// its points. The first dimension if it begins there; none if it ends below.
pub(super) fn crossing(dims: &[usize], curve: &[f64], level: f64) -> Option<f64> {
    let after = curve.iter().position(|&value| value >= level)?;
    let Some(before) = after.checked_sub(1) else { return Some(dims[0] as f64) };
    if curve[after] == level {
        return Some(dims[after] as f64);
    }
    let share = (level - curve[before]) / (curve[after] - curve[before]);
    let [left, right] = [before, after].map(|index| libm::log(dims[index] as f64));
    let place = libm::exp(left + share * (right - left));
    // Rounding must not carry it past a dimension that is known to reach, or to miss.
    Some(place.clamp(dims[before] as f64, dims[after] as f64))
}

#[cfg(test)]
mod tests {
    use super::{crossing, isotonic};

    #[test]
    fn violators_are_pooled() {
        assert_eq!(isotonic(&[1.0, 3.0, 2.0, 4.0], &[1.0; 4]), [1.0, 2.5, 2.5, 4.0]);
        assert_eq!(isotonic(&[3.0, 2.0, 1.0], &[1.0; 3]), [2.0; 3]);
        assert_eq!(isotonic(&[3.0, 0.0], &[1.0, 2.0]), [1.0; 2]);
        assert_eq!(isotonic(&[0.0, 2.0, 2.0, 0.5, 9.0], &[1.0; 5]), [0.0, 1.5, 1.5, 1.5, 9.0]);
        assert!(isotonic(&[], &[]).is_empty());
    }

    #[test]
    fn crossings_are_linear_in_the_logarithm() {
        let place = crossing(&[10, 1000], &[-1.0, 1.0], 0.0).unwrap();
        assert!((place - 100.0).abs() < 1e-12);
        assert_eq!(crossing(&[10, 1000], &[-1.0, 0.0], 0.0), Some(1000.0));
        assert_eq!(crossing(&[10, 1000], &[0.0, 1.0], 0.0), Some(10.0));
        assert_eq!(crossing(&[10, 1000], &[-2.0, -1.0], 0.0), None);
    }
}
