//! The assignment of largest sum.

/// For each row the column that it is assigned to, such that the sum of the `size` x `size` gains is largest: shortest augmenting paths,
/// O(size^3) (Kuhn 1955, doi:10.1002/nav.3800020109; Jonker & Volgenant 1987, doi:10.1007/BF02278710). Ties go to earlier columns.
pub(super) fn assign(gains: &[f64], size: usize) -> Vec<usize> {
    // Potentials of rows and columns keep all reduced costs, -gain - row - column, at 0 or above, and those of assigned pairs at 0.
    let (mut rows, mut columns) = (vec![0.0; size], vec![0.0; size]);
    let mut owner: Vec<Option<usize>> = vec![None; size];
    for start in 0..size {
        let mut distance = vec![f64::INFINITY; size];
        let mut from: Vec<Option<usize>> = vec![None; size];
        let mut done = vec![false; size];
        let (mut row, mut before, mut walked) = (start, None, 0.0);
        let last = loop {
            let mut next: Option<usize> = None;
            for column in 0..size {
                if done[column] {
                    continue;
                }
                let reduced = walked - gains[row * size + column] - rows[row] - columns[column];
                if reduced < distance[column] {
                    (distance[column], from[column]) = (reduced, before);
                }
                if next.is_none_or(|next| distance[column] < distance[next]) {
                    next = Some(column);
                }
            }
            let Some(next) = next else { return (0..size).collect() };
            done[next] = true;
            walked = distance[next];
            match owner[next] {
                Some(other) => (row, before) = (other, Some(next)),
                None => break next,
            }
        };
        // Columns that the search has closed come as near as the last one is far, and their rows with them.
        for column in 0..size {
            if done[column] && column != last {
                let slack = walked - distance[column];
                columns[column] -= slack;
                if let Some(row) = owner[column] {
                    rows[row] += slack;
                }
            }
        }
        rows[start] += walked;
        let mut column = last;
        while let Some(earlier) = from[column] {
            owner[column] = owner[earlier];
            column = earlier;
        }
        owner[column] = Some(start);
    }
    let mut assigned = vec![0; size];
    for (column, row) in owner.into_iter().enumerate() {
        if let Some(row) = row {
            assigned[row] = column;
        }
    }
    assigned
}

#[cfg(test)]
mod tests {
    use super::assign;
    use crate::random::Key;

    /// The best of all permutations, by trying them.
    fn best(gains: &[f64], size: usize, row: usize, used: &mut Vec<bool>) -> f64 {
        if row == size {
            return 0.0;
        }
        let mut most = f64::NEG_INFINITY;
        for column in 0..size {
            if !used[column] {
                used[column] = true;
                most = most.max(gains[row * size + column] + best(gains, size, row + 1, used));
                used[column] = false;
            }
        }
        most
    }

    #[test]
    fn assignments_are_permutations_with_the_largest_sum() {
        for key in 0..200 {
            let size = 1 + key as usize % 7;
            let mut gains = vec![0.0; size * size];
            Key::new(key).normal(0, &mut gains);
            if key % 3 == 0 {
                // Ties.
                gains.iter_mut().for_each(|gain: &mut f64| *gain = gain.round());
            }
            let assigned = assign(&gains, size);
            let mut sorted = assigned.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..size).collect::<Vec<_>>());
            let sum: f64 = assigned.iter().enumerate().map(|(row, column)| gains[row * size + column]).sum();
            let exact = best(&gains, size, 0, &mut vec![false; size]);
            assert!((sum - exact).abs() < 1e-9, "key {key}: {sum} for {exact}");
        }
        // Large, and known: a hidden permutation stands out.
        let hidden = Key::new(0).permutation(120);
        let mut gains = vec![0.0; 120 * 120];
        Key::new(1).uniform(0, &mut gains);
        hidden.iter().enumerate().for_each(|(row, column)| gains[row * 120 + column] += 2.0);
        assert_eq!(assign(&gains, 120), hidden);
    }
}
