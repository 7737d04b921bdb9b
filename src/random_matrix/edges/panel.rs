//! Gauss-Legendre rules, and integrals that start at the left end.

/// Points of a panel.
pub(super) const NODES: usize = 20;

/// The Gauss-Legendre rule on [-1, 1], and the integrals from -1 to each node of what interpolates values at the nodes.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    pub(super) nodes: [f64; NODES],
    pub(super) weights: [f64; NODES],
    /// Row i: the integral from -1 to node i, as weights of values at the nodes.
    pub(super) integrals: [[f64; NODES]; NODES],
}

/// P_0 .. P_NODES at x.
fn polynomials(x: f64) -> [f64; NODES + 1] {
    let mut p = [1.0; NODES + 1];
    p[1] = x;
    for k in 1..NODES {
        let index = k as f64;
        p[k + 1] = ((2.0 * index + 1.0) * x * p[k] - index * p[k - 1]) / (index + 1.0);
    }
    p
}

impl Panel {
    pub(super) fn new() -> Self {
        let n = NODES as f64;
        let (mut nodes, mut weights) = ([0.0; NODES], [0.0; NODES]);
        for i in 0..NODES {
            let mut x = -libm::cos(std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5));
            let mut slope = 0.0;
            for _ in 0..8 {
                let p = polynomials(x);
                slope = n * (p[NODES - 1] - x * p[NODES]) / (1.0 - x * x);
                x -= p[NODES] / slope;
            }
            (nodes[i], weights[i]) = (x, 2.0 / ((1.0 - x * x) * slope * slope));
        }
        let values = nodes.map(polynomials);
        let mut integrals = [[0.0; NODES]; NODES];
        for (i, row) in integrals.iter_mut().enumerate() {
            for (j, entry) in row.iter_mut().enumerate() {
                // The interpolant is sum_k (2k + 1)/2 P_k <P_k, f>, and (2k + 1) int P_k = P_{k+1} - P_{k-1}.
                let first = nodes[i] + 1.0;
                let rest: f64 = (1..NODES).map(|k| values[j][k] * (values[i][k + 1] - values[i][k - 1])).sum();
                *entry = weights[j] * (first + rest) / 2.0;
            }
        }
        Panel { nodes, weights, integrals }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrates_polynomials_up_to_any_node() {
        let panel = Panel::new();
        let f = |x: f64| 3.0 * x.powi(11) - x.powi(4) + 0.5;
        let antiderivative = |x: f64| x.powi(12) / 4.0 - x.powi(5) / 5.0 + x / 2.0;
        for i in 0..NODES {
            let integral: f64 = (0..NODES).map(|j| panel.integrals[i][j] * f(panel.nodes[j])).sum();
            assert!((integral - antiderivative(panel.nodes[i]) + antiderivative(-1.0)).abs() < 1e-14);
        }
        let whole: f64 = (0..NODES).map(|j| panel.weights[j] * panel.nodes[j].powi(38)).sum();
        assert!((whole - 2.0 / 39.0).abs() < 1e-15);
    }
}
