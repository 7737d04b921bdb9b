//! Chi-square values of any real number of degrees of freedom, one normal value each.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::random::Key;

/// How many values one task makes; fixed, though the values do not depend on it.
const PIECE: usize = 1 << 14;

/// Where the expansion takes over: below it is not accurate to the last digits in the far tails.
const LARGE_SHAPE: f64 = 48.0;

/// Where the first terms of the expansion are enough.
const HUGE_SHAPE: f64 = 4096.0;

/// Fills with entries `offset..` of this key's stream of independent chi-square values.
///
/// Each is a quantile, F^(-1)(Phi(z)) for the entry z of the key's normal stream ([`Key::normal`]): a fixed number of
/// words per value, so that any stretch of the stream can be had without the ones before it, and an increasing function
/// of z, so that one key gives coupled values at different degrees of freedom. Both tails are resolved as far as the
/// normal values reach.
///
/// Degrees of freedom are any positive real number; the mean is `degrees`, the variance twice that. Relative accuracy:
/// 1e-13 from 1 to 1e15 degrees of freedom. Below that a value loses as many digits as its logarithm has. Cost: 70 ns per
/// value from 8192 degrees of freedom on, 150 ns from 96 on, some two microseconds below.
///
/// # Errors
/// Unless the degrees of freedom are positive and finite.
///
/// ```
/// use eigenscape::random::Key;
/// use eigenscape::random_matrix::chi_squared;
///
/// let mut values = vec![0.0; 10_000];
/// chi_squared(Key::new(0), 7.5, 0, &mut values)?;
/// let mean = values.iter().sum::<f64>() / 1e4;
/// assert!((mean - 7.5).abs() < 4.0 * (15.0 / 1e4f64).sqrt());
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Temme 1992 (doi:10.2307/2153214, inversion for a large shape).
pub fn chi_squared(key: Key, degrees: f64, offset: u64, values: &mut [f64]) -> Result<()> {
    Error::positive("the number of degrees of freedom", degrees)?;
    fill(key, offset, values, |_| degrees);
    Ok(())
}

/// The same with the degrees of freedom of each entry of the stream; they must be positive.
pub(in crate::random_matrix) fn fill(key: Key, offset: u64, values: &mut [f64], degrees: impl Fn(u64) -> f64 + Sync) {
    values.par_chunks_mut(PIECE).enumerate().for_each(|(piece, values)| {
        let start = offset + (piece * PIECE) as u64;
        key.normal(start, values);
        for (index, value) in (start..).zip(values) {
            *value = 2.0 * quantile(0.5 * degrees(index), *value);
        }
    });
}

/// The quantile of the gamma distribution of a shape and scale 1 at the probability Phi(z).
fn quantile(shape: f64, z: f64) -> f64 {
    if shape >= HUGE_SHAPE {
        expansion::<4, 12>(shape, z)
    } else if shape >= LARGE_SHAPE {
        expansion::<8, 28>(shape, z)
    } else {
        search(shape, z)
    }
}

/// x / a = sum_k sum_j EXPANSION[k][j] e^j / a^k with e = z / sqrt a, for a shape a.
fn expansion<const ORDERS: usize, const TERMS: usize>(shape: f64, z: f64) -> f64 {
    let e = z / shape.sqrt();
    let mut sums = [0.0; ORDERS];
    for term in (0..TERMS).rev() {
        for (sum, coefficients) in sums.iter_mut().zip(&EXPANSION) {
            *sum = *sum * e + coefficients[term];
        }
    }
    shape * sums.iter().rev().fold(0.0, |total, sum| total / shape + sum)
}

/// Newton's iteration for ln x on the logarithm of the smaller tail, within a bracket.
fn search(shape: f64, z: f64) -> f64 {
    let lower = z < 0.0;
    let target = 0.5 * libm::erfc(z.abs() * std::f64::consts::FRAC_1_SQRT_2);
    let (log_target, log_gamma) = (libm::log(target), libm::lgamma(shape + 1.0));
    // For small x the lower tail is x^a / Gamma(a + 1); for a large shape the cube root is nearly normal (Wilson and
    // Hilferty 1931).
    let below = libm::log(if lower { target } else { 1.0 - target });
    let small = (below + log_gamma) / shape;
    let root = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * shape.sqrt());
    let mut t = if root > 0.3 { libm::log(shape) + 3.0 * libm::log(root) } else { small };
    // The lower tail is less than x^a / Gamma(a + 1).
    let (mut low, mut high) = (small - 1e-9 * (1.0 + small.abs()), f64::INFINITY);
    t = t.max(low);
    for _ in 0..100 {
        let x = libm::exp(t);
        let (p, q) = tails(shape, x, t, log_gamma);
        let tail = if lower { p } else { q };
        let excess = libm::log(tail) - log_target;
        // Whether x is above the quantile.
        if (excess > 0.0) == lower {
            high = high.min(t);
        } else {
            low = low.max(t);
        }
        // d tail / d ln x = +- x^a e^(-x) / Gamma(a)
        let slope = shape * libm::exp(shape * t - x - log_gamma) / tail;
        let step = excess / if lower { slope } else { -slope };
        let mut next = t - step;
        if !(next >= low && next <= high) {
            next = if high.is_finite() { 0.5 * (low + high) } else { low + 1.0 };
        }
        let moved = (next - t).abs();
        t = next;
        if moved <= f64::EPSILON * (2.0 + t.abs()) {
            break;
        }
    }
    libm::exp(t)
}

/// The regularized incomplete gamma functions P(a, x) and Q(a, x), for t = ln x and ln Gamma(a + 1).
fn tails(shape: f64, x: f64, t: f64, log_gamma: f64) -> (f64, f64) {
    let power = libm::exp(shape * t - x - log_gamma);
    if x < shape + 1.0 {
        let (mut term, mut sum, mut denominator) = (1.0, 1.0, shape);
        while term > sum * 0.25 * f64::EPSILON {
            denominator += 1.0;
            term *= x / denominator;
            sum += term;
        }
        let p = (power * sum).min(1.0);
        (p, 1.0 - p)
    } else {
        // Legendre's continued fraction by Lentz's method; all its terms are positive.
        let mut b = x + 1.0 - shape;
        let (mut c, mut d) = (f64::MAX, 1.0 / b);
        let mut fraction = d;
        for k in 1..1000 {
            let k = f64::from(k);
            let a = k * (shape - k);
            b += 2.0;
            d = 1.0 / (a * d + b);
            c = b + a / c;
            let change = c * d;
            fraction *= change;
            if (change - 1.0).abs() <= f64::EPSILON {
                break;
            }
        }
        let q = (shape * power * fraction).min(1.0);
        (1.0 - q, q)
    }
}

/// The coefficients of the quantile x / a in powers of e = z / sqrt a and of 1 / a.
///
/// From d x / d z = phi(z) / density(x), which with x = a lambda(e) and Stirling's series reads
///
/// ```text
///     ln(lambda' / lambda) - a (lambda - 1 - ln lambda - e^2 / 2) = 1 / (12 a) - 1 / (360 a^3) + ...
/// ```
///
/// order by order in 1/a, in exact rational arithmetic. The series in e converge for |e| < 2 sqrt(pi), those in 1/a are
/// asymptotic. Row k stops where its terms are below rounding for |z| < 8.6 and a >= 48.
#[rustfmt::skip]
const EXPANSION: [[f64; 28]; 8] = [
    [1.0, 1.0, 0.3333333333333333, 0.027777777777777776, -0.003703703703703704, 0.0002314814814814815, 5.878894767783657e-5, -2.553644914756026e-5, 4.899078973153047e-6, -2.428276122977769e-7, -1.85406221071516e-7, 7.542464855411896e-8, -1.47216272806884e-8, 5.159887341078076e-10, 7.32986413160022e-10, -2.921357345635569e-10, 5.717312238897994e-11, -1.5008349408791911e-12, -3.239317851416903e-12, 1.2822077905614429e-12, -2.513834640057088e-13, 5.2401866818838735e-15, 1.5326196647277207e-14, -6.053864010513748e-15, 1.1889539086269768e-15, -2.055644733697029e-17, -7.59703395936517e-17, 2.999822650631319e-17],
    [-0.3333333333333333, -0.19444444444444445, -0.008641975308641974, 0.006584362139917695, -0.0011904761904761906, -2.9619014958521132e-5, 8.37198162301043e-5, -2.5886869379667732e-5, 3.1606390583680632e-6, 7.141944463516492e-7, -4.862830116312092e-7, 1.2597739160689628e-7, -1.0727261975015052e-8, -5.3823156694394545e-9, 2.8318979540274848e-9, -6.665556111231443e-10, 3.910904301146646e-11, 3.574321056092103e-11, -1.6688055607993012e-11, 3.683726902494844e-12, -1.4088828923833832e-13, -2.2853984706020416e-13, 9.932452843100832e-14, -2.0905172639904385e-14, 4.529423893505924e-16, 1.439772283585571e-15, 0.0, 0.0],
    [0.019753086419753086, -0.011136831275720165, -0.004521849892220263, 0.0019699536764865985, -0.0001726108824874257, -0.00012957468509809046, 6.401354139884852e-5, -1.2067700029214249e-5, -1.2910952342610796e-6, 1.6169950999454123e-6, -5.215193450492114e-7, 6.134899589490101e-8, 2.2228338885458432e-8, -1.4366423633156926e-8, 3.806053764149609e-9, -2.6905468454014667e-10, -2.2426106071696063e-10, 1.1382832075513859e-10, -2.650732979992571e-11, 8.825282753724869e-13, 1.921483678292676e-12, -8.516294690932913e-13, 1.7994643537200007e-13, -1.8802185353182068e-16, 0.0, 0.0, 0.0, 0.0],
    [0.007211444248481286, 0.0019713145317569185, -0.0019049977863420935, 0.0003315300488940178, 0.00015464459476106582, -0.00010892212692274078, 2.584903934438905e-5, 2.3373997567293168e-6, -4.03057610274527e-6, 1.4596007989857974e-6, -1.805735457340096e-7, -7.977786275770376e-8, 5.312715013764896e-8, -1.4422469059671219e-8, 7.371149030356418e-10, 1.1339087512400789e-9, -5.545139428883602e-10, 1.2395447645592326e-10, 1.3162684912956363e-12, -1.2462309914987793e-11, 5.130262759425277e-12, -9.824985900117514e-13, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0006526298981717363, 0.0017720095753556973, -0.0003422181639308517, -0.00021062606246895457, 0.00015965487056649542, -3.8088777470510184e-5, -7.441658238208083e-6, 9.103421322062891e-6, -3.187050776764147e-6, 2.56358314487599e-7, 2.915323529852382e-7, -1.6500853528855848e-7, 3.9827196465816445e-8, 1.3833076515233446e-9, -5.195527674914937e-9, 2.1704693441392186e-9, -3.934941235314265e-10, -6.12183207708005e-11, 6.921925384958866e-11, -2.4039646731729554e-11, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [-0.0012385769635511374, 0.00018480123844331257, 0.00033242239699043496, -0.00021660803036033374, 3.5204146127751125e-5, 2.588026549396464e-5, -1.9675371733794243e-5, 5.493108314496663e-6, 4.1534477790124346e-7, -1.0387690624827128e-6, 4.4672074660733784e-7, -7.123626766229464e-8, -2.5970730185600425e-8, 2.164400000596273e-8, -6.917408741827477e-9, 5.605915052531293e-10, 5.773608499601921e-10, -3.3397168525495634e-10, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [-0.0004509888376840951, -0.000580699948552732, 0.00027055607600347514, 1.191280264468795e-5, -7.531125874348814e-5, 3.877459310945645e-5, -5.49533115543186e-6, -4.449369000598513e-6, 3.320218464618623e-6, -9.762954682915173e-7, -3.0117236813032826e-8, 1.645770281841753e-7, -7.802073581681555e-8, 1.5286936807060714e-8, 3.25444800734413e-9, -3.6396459741662535e-9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0006639604003340528, -0.00024025308389214985, -0.00015313216335369304, 0.00017527264149279576, -5.9849859553059604e-5, -9.66389643804874e-6, 1.9232620192929126e-5, -8.761385085446422e-6, 1.073948863457905e-6, 1.024663130926704e-6, -7.335354698243599e-7, 2.1624757042575833e-7, 4.29774357156547e-9, -3.538498699236848e-8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
];

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    #[rustfmt::skip]
    fn quantiles_are_those_of_tables() {
        const NORMAL: [f64; 7] = [-6.0, -2.5, -0.5, 0.0, 1.0, 3.0, 7.0];
        // mpmath 1.4, 40 digits: the root of the smaller tail. (SciPy 1.17 has only six at 1e10, z = -6.)
        let table: [(f64, [f64; 7]); 19] = [
            (0.1, [8.922788973767632e-181, 8.49475886901691e-45, 7.144097716562435e-11, 1.1147756881492495e-6, 0.03758424142529083, 5.007644974289786, 42.92187910808814]),
            (0.5, [1.2789601727683427e-36, 2.00718363624253e-9, 0.012293616507496998, 0.08734760470574682, 0.9642659623670377, 8.230996015931773, 47.38484038603428]),
            (1.0, [1.5289427435172722e-18, 6.057104047850615e-5, 0.15750672961695592, 0.4549364231195728, 1.986996713315959, 10.273018065039553, 50.3599241523489]),
            (2.0, [1.9731752910487516e-9, 0.012458050971720005, 0.7378928305773128, 1.3862943611198906, 3.682043290018527, 13.215452443020698, 54.76861499762215]),
            (3.0, [2.396319850289954e-6, 0.08305449470452227, 1.4603019123689156, 2.365973884375338, 5.186262524204455, 15.63056349845006, 58.41805461301015]),
            (7.5, [0.016807390681855244, 1.2412421001023868, 5.17163581058873, 6.8449054696010725, 11.204090940355771, 24.477387331076752, 71.63114412268041]),
            (20.0, [1.2025511397550828, 7.678454245426787, 16.400898779812884, 19.337429229428263, 26.220408275335288, 44.35181234316944, 99.96138254046578]),
            (60.0, [15.47004416007187, 36.11964861854802, 54.058235010186024, 59.33466627644246, 70.89403928454958, 98.23592703657414, 171.11975323221128]),
            (95.0, [33.99486819893707, 64.04681243389494, 87.63594609105832, 94.33417144634008, 108.73597102207222, 141.719918879401, 225.50523200635004]),
            (96.0, [34.57052971557087, 64.86592804091444, 88.59961699942568, 95.33416264986747, 109.80857841304137, 142.93687895474025, 227.00284008323067]),
            (97.0, [35.14828099640134, 65.68598271225191, 89.56347822814256, 96.33415403611706, 110.88080605419633, 144.15271247511836, 228.4979400035324]),
            (200.0, [102.2589021005233, 153.50663171416056, 189.5191078755017, 199.33372983863097, 219.96680655983255, 265.3598900281315, 373.45996964345346]),
            (1000.0, [754.551950706112, 891.700525960505, 977.1477758195674, 999.333412403381, 1044.7064813006473, 1139.5109221950013, 1345.7438904203934]),
            (8191.0, [7446.226648619013, 7874.52107141676, 8126.506844750556, 8190.3333429804325, 8318.986982194872, 8580.314930451685, 9119.19604172808]),
            (8193.0, [7448.132917672226, 7876.482008739611, 8128.499031890831, 8192.333342978078, 8321.002607829814, 8582.361804858114, 9121.305386665967]),
            (100000.0, [97340.00832546811, 98885.46646992269, 99775.8940414708, 99999.33333412347, 100447.2121050835, 101346.97559626002, 103162.56784262414]),
            (2000000.0, [1988023.3236564777, 1995003.5001038087, 1998999.5001875348, 1999999.3333333728, 2001999.9996666815, 2006005.333665951, 2014032.0163147529]),
            (10000000000.0, [9999151495.195772, 9999646450.109407, 9999929288.821884, 9999999999.333334, 10000141421.356232, 10000424269.40205, 10000989981.493893]),
            (1000000000000000.0, [999999731671866.0, 999999888196604.6, 999999977639319.8, 999999999999999.4, 1000000044721359.5, 1000000134164084.0, 1000000313049548.9]),
        ];
        for (degrees, row) in table {
            for (z, expected) in NORMAL.into_iter().zip(row) {
                let value = 2.0 * quantile(0.5 * degrees, z);
                // ln of a value enters with rounding of its own size, divided by the shape for small ones.
                let bound = 1e-13 * (1.0 + expected.ln().abs());
                assert!((value / expected - 1.0).abs() < bound, "{degrees}, {z}: {value}, expected {expected}");
            }
        }
    }

    #[test]
    fn quantiles_reach_as_far_as_normal_values_do() {
        for degrees in [1e-6, 0.01, 1.0, 10.0, 95.9, 96.1, 1e4, 1e300] {
            let mut before = 0.0;
            for step in -85..=85 {
                let value = quantile(0.5 * degrees, 0.1 * f64::from(step));
                assert!(value.is_finite() && value >= before, "{degrees}, {step}: {value} after {before}");
                before = value;
            }
        }
    }
}
