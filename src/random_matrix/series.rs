//! Moments as power series: free cumulants, reversion, and what the two free convolutions do to them.

/// The product of two power series, cut at the length of the shorter one.
fn product(left: &[f64], right: &[f64]) -> Vec<f64> {
    (0..left.len().min(right.len())).map(|n| (0..=n).map(|k| left[k] * right[n - k]).sum()).collect()
}

/// Free cumulants 1..=n from moments 1..=n: M(z) = C(z M(z)), with M = 1 + sum M_n z^n and C = 1 + sum kappa_n z^n.
///
/// Speicher 1994 (doi:10.1007/BF01459754). O(n^3).
pub(in crate::random_matrix) fn cumulants(moments: &[f64]) -> Vec<f64> {
    let highest = moments.len();
    let series: Vec<f64> = std::iter::once(1.0).chain(moments.iter().copied()).collect();
    // powers[s] = M^s; the coefficient of z^n in C(z M) is sum_s kappa_s [z^(n - s)] M^s.
    let mut power = vec![0.0; highest + 1];
    power[0] = 1.0;
    let powers: Vec<Vec<f64>> = (0..=highest)
        .map(|_| {
            let current = power.clone();
            power = product(&current, &series);
            current
        })
        .collect();
    let mut cumulants = vec![0.0; highest];
    for n in 1..=highest {
        let known: f64 = (1..n).map(|s| cumulants[s - 1] * powers[s][n - s]).sum();
        cumulants[n - 1] = series[n] - known;
    }
    cumulants
}

/// Moments 1..=n from free cumulants 1..=n: the inverse of [`cumulants`]. O(n^4).
pub(in crate::random_matrix) fn moments(cumulants: &[f64]) -> Vec<f64> {
    let highest = cumulants.len();
    let mut series = vec![0.0; highest + 1];
    series[0] = 1.0;
    for n in 1..=highest {
        // [z^(n - s)] M^s needs moments below n alone.
        let mut power = vec![0.0; n];
        power[0] = 1.0;
        let mut sum = 0.0;
        for s in 1..=n {
            power = product(&power, &series[..n]);
            sum += cumulants[s - 1] * power[n - s];
        }
        series[n] = sum;
    }
    series[1..].to_vec()
}

/// The inverse function of f(z) = sum_(k >= 1) f_k z^k, as coefficients 1..=n; f_1 must not be 0.
///
/// Lagrange: n g_n = [w^(n - 1)] (w / f(w))^n. O(n^3).
pub(super) fn reverse(coefficients: &[f64]) -> Vec<f64> {
    let highest = coefficients.len();
    // The reciprocal of f(w) / w.
    let mut reciprocal = vec![0.0; highest];
    for n in 0..highest {
        let known: f64 = (1..=n).map(|k| coefficients[k] * reciprocal[n - k]).sum();
        reciprocal[n] = (if n == 0 { 1.0 } else { -known }) / coefficients[0];
    }
    let mut power = vec![0.0; highest];
    if let Some(first) = power.first_mut() {
        *first = 1.0;
    }
    (1..=highest)
        .map(|n| {
            power = product(&power, &reciprocal);
            power[n - 1] / n as f64
        })
        .collect()
}

/// Moments of the law whose chi is chi_a(t) chi_b(c t) (1 + b t) / (c t), chi being the inverse of psi(z) = sum M_n z^n.
///
/// With (c, b) = (1, 1) this is the free multiplicative convolution, with b = 0 that of a separable covariance.
pub(super) fn multiply(first: &[f64], second: &[f64], scale: f64, shift: f64) -> Vec<f64> {
    // In units of the means, whose n-th powers may not be representable in between.
    let units = (first[0], second[0]);
    let scaled = |moments: &[f64], unit: f64| -> Vec<f64> {
        let mut power = 1.0;
        moments
            .iter()
            .map(|moment| {
                power *= unit;
                moment / power
            })
            .collect()
    };
    let left = reverse(&scaled(first, units.0));
    let mut right = reverse(&scaled(second, units.1));
    let mut power = 1.0;
    for coefficient in &mut right {
        *coefficient *= power;
        power *= scale;
    }
    // chi_a / t and chi_b(c t) / (c t) as series from order 0.
    let mut chi = product(&left, &right);
    for n in (1..chi.len()).rev() {
        chi[n] += shift * chi[n - 1];
    }
    let mut power = 1.0;
    reverse(&chi)
        .into_iter()
        .map(|moment| {
            power *= units.0 * units.1;
            moment * power
        })
        .collect()
}
