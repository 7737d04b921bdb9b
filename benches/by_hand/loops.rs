//! The elementwise loops, each one pass over memory, run with the widest vector instructions of the machine.

/// Runs a loop with the widest vector instructions of this machine.
#[inline(always)]
fn vectorized(body: impl FnOnce()) {
    struct Body<F>(F);
    impl<F: FnOnce()> pulp::NullaryFnOnce for Body<F> {
        type Output = ();
        #[inline(always)]
        fn call(self) {
            (self.0)();
        }
    }
    pulp::Arch::new().dispatch(Body(body));
}

/// The quotient of polynomials that Eigen and XLA use; within some units in the last place.
#[inline(always)]
fn tanh_of(x: f32) -> f32 {
    const ODD: [f32; 7] = [
        4.893_524_6e-3,
        6.372_619_3e-4,
        1.485_722_4e-5,
        5.122_297_1e-8,
        -8.604_672e-11,
        2.000_188e-13,
        -2.760_768_5e-16,
    ];
    const EVEN: [f32; 4] = [4.893_525e-3, 2.268_434_6e-3, 1.185_347_1e-4, 1.198_258_4e-6];
    let x = x.clamp(-7.905_311, 7.905_311);
    let square = x * x;
    let mut top = ODD[6];
    for index in (0..6).rev() {
        top = top.mul_add(square, ODD[index]);
    }
    let mut bottom = EVEN[3];
    for index in (0..3).rev() {
        bottom = bottom.mul_add(square, EVEN[index]);
    }
    x * top / bottom
}

/// out = tanh(out + bias), row by row
pub fn tanh(out: &mut [f32], bias: &[f32]) {
    vectorized(
        #[inline(always)]
        || {
            for row in out.chunks_exact_mut(bias.len()) {
                row.iter_mut().zip(bias).for_each(|(out, &b)| *out = tanh_of(*out + b));
            }
        },
    );
}

/// out = softmax(out + bias), row by row. Ten classes: not worth vector instructions.
pub fn softmax(out: &mut [f32], bias: &[f32]) {
    for row in out.chunks_exact_mut(bias.len()) {
        row.iter_mut().zip(bias).for_each(|(out, b)| *out += b);
        let largest = row.iter().fold(f32::NEG_INFINITY, |largest, &z| largest.max(z));
        row.iter_mut().for_each(|z| *z = (*z - largest).exp());
        let inverse = row.iter().sum::<f32>().recip();
        row.iter_mut().for_each(|p| *p *= inverse);
    }
}

/// out = weight (x - y)
pub fn difference(out: &mut [f32], x: &[f32], y: &[f32], weight: f32) {
    out.iter_mut().zip(x).zip(y).for_each(|((out, x), y)| *out = weight * (x - y));
}

/// out = or += the sum of the rows
pub fn sum_of_rows(out: &mut [f32], rows: &[f32], first: bool) {
    vectorized(
        #[inline(always)]
        || {
            if first {
                out.fill(0.0);
            }
            for row in rows.chunks_exact(out.len()) {
                out.iter_mut().zip(row).for_each(|(out, &x)| *out += x);
            }
        },
    );
}

/// e is replaced by (1 - a^2) e, and -2 a e left in `curvature`.
pub fn backward(e: &mut [f32], curvature: &mut [f32], a: &[f32]) {
    vectorized(
        #[inline(always)]
        || {
            e.iter_mut().zip(curvature).zip(a).for_each(|((e, m), &a)| {
                *m = -2.0 * a * *e;
                *e *= 1.0 - a * a;
            });
        },
    );
}

/// t = (1 - a^2) (t + bias), row by row
pub fn forward(t: &mut [f32], bias: &[f32], a: &[f32]) {
    vectorized(
        #[inline(always)]
        || {
            for (t, a) in t.chunks_exact_mut(bias.len()).zip(a.chunks_exact(bias.len())) {
                t.iter_mut().zip(bias).zip(a).for_each(|((t, &b), &a)| *t = (1.0 - a * a) * (*t + b));
            }
        },
    );
}

/// r = (1 - a^2) r + m s
pub fn backward_tangent(r: &mut [f32], a: &[f32], m: &[f32], s: &[f32]) {
    vectorized(
        #[inline(always)]
        || {
            r.iter_mut().zip(a).zip(m).zip(s).for_each(|(((r, &a), &m), &s)| *r = (1.0 - a * a).mul_add(*r, m * s));
        },
    );
}

/// t = weight (p t - p <p, t>) with the bias added to t before, row by row
pub fn softmax_derivative(t: &mut [f32], bias: &[f32], p: &[f32], weight: f32) {
    // Rows of known length unroll.
    match bias.len() {
        10 => softmax_derivative_of::<10>(t, bias, p, weight),
        len => {
            for (t, p) in t.chunks_exact_mut(len).zip(p.chunks_exact(len)) {
                t.iter_mut().zip(bias).for_each(|(t, b)| *t += b);
                let mean: f32 = t.iter().zip(p).map(|(t, p)| t * p).sum();
                t.iter_mut().zip(p).for_each(|(t, p)| *t = weight * p * (*t - mean));
            }
        }
    }
}

fn softmax_derivative_of<const N: usize>(t: &mut [f32], bias: &[f32], p: &[f32], weight: f32) {
    let bias: &[f32; N] = bias.try_into().expect("the caller has looked");
    vectorized(
        #[inline(always)]
        || {
            for (t, p) in t.as_chunks_mut::<N>().0.iter_mut().zip(p.as_chunks::<N>().0) {
                let mut sums = [0.0; 2];
                for index in 0..N {
                    t[index] += bias[index];
                    sums[index % 2] += t[index] * p[index];
                }
                let mean = sums[0] + sums[1];
                for index in 0..N {
                    t[index] = weight * p[index] * (t[index] - mean);
                }
            }
        },
    );
}

/// out = or += x
pub fn add(out: &mut [f32], x: &[f32], first: bool) {
    if first {
        return out.copy_from_slice(x);
    }
    vectorized(
        #[inline(always)]
        || out.iter_mut().zip(x).for_each(|(out, &x)| *out += x),
    );
}
