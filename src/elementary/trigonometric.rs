//! Sine, cosine, tangent and the inverse of the last.

use super::{is_single, polynomial};
use crate::scalar::Scalar;

/// (sin(r) / r - 1) / r^2 as a polynomial in r^2, for |r| <= 1.012 pi/4: minimax, as all of this file.
const SINE_SINGLE: [f64; 3] = [-0.166_666_54, 0.008_332_102, -0.000_195_068_47];
const SINE_DOUBLE: [f64; 6] = [
    -0.166_666_666_666_666_27,
    0.008_333_333_333_321_067,
    -0.000_198_412_698_286_856_5,
    2.755_731_328_962_178e-6,
    -2.505_069_336_175_190_2e-8,
    1.589_295_236_376_803e-10,
];

/// ((cos(r) - 1) / r^2 + 1/2) / r^2 as a polynomial in r^2, on the same.
const COSINE_SINGLE: [f64; 3] = [0.041_666_646, -0.001_388_729_5, 2.442_963_3e-5];
const COSINE_DOUBLE: [f64; 6] = [
    0.041_666_666_666_666_58,
    -0.001_388_888_888_887_097,
    2.480_158_728_752_797e-5,
    -2.755_731_379_157_275_5e-7,
    2.087_564_749_156_045_4e-9,
    -1.135_574_410_537_751_6e-11,
];

/// (atan(t) / t - 1) / t^2 as a polynomial in t^2, for |t| <= 1.
const ARC_TANGENT_SINGLE: [f64; 9] = [
    -0.333_333,
    0.199_985_3,
    -0.142_640_14,
    0.109_508_61,
    -0.083_992_09,
    0.057_878_91,
    -0.031_093_616,
    0.010_866_343,
    -0.001_782_167_5,
];
const ARC_TANGENT_DOUBLE: [f64; 20] = [
    -0.333_333_333_333_330_7,
    0.199_999_999_999_517_5,
    -0.142_857_142_825_845_58,
    0.111_111_110_071_277_68,
    -0.090_909_070_028_567_66,
    0.076_922_798_334_762_26,
    -0.066_664_041_410_761_92,
    0.058_805_300_591_255_87,
    -0.052_535_402_559_467_245,
    0.047_224_472_674_294_055,
    -0.042_196_670_201_830_946,
    0.036_655_548_815_692_89,
    -0.029_931_888_272_269_42,
    0.022_027_698_558_403_18,
    -0.013_949_220_903_873_11,
    0.007_237_034_950_234_38,
    -0.002_908_977_241_758_165_2,
    0.000_840_957_710_750_842_3,
    -0.000_154_494_844_919_377_17,
    1.348_331_388_372_639e-5,
];

/// Beyond this size, multiples of pi/2 are not told apart well enough by one number of the type: 65536 and 2^45.
#[inline(always)]
fn limit<T: Scalar>() -> T {
    T::of(1.0 / 128.0) / T::EPSILON
}

/// Whether sine, cosine and tangent of all of these are reached without a branch: none is finite and beyond 65536
/// (`f64`: 2^45).
#[inline(always)]
pub(crate) fn within<T: Scalar>(x: &[T]) -> bool {
    !x.iter().fold(false, |any, &x| any | beyond(x))
}

#[inline(always)]
fn beyond<T: Scalar>(x: T) -> bool {
    x.abs() > limit() && x.abs() < T::infinity()
}

/// sin(r), cos(r) and the lowest two bits of n, for x = n pi/2 + r with |r| at most pi/4 (1 + 2^-7).
#[inline(always)]
fn reduced<T: Scalar>(x: T) -> (T, T, (bool, bool)) {
    let shift = T::of(1.5) / T::EPSILON;
    let shifted = x.mul_add(T::FRAC_2_PI(), shift);
    let n = shifted - shift;
    let (first, second, third) = T::HALF_PI_PARTS;
    // The first difference is exact: a multiple of the last place of `first`, and smaller than 1.
    // The others round once each, relative to what is left.
    let r = n.mul_add(-third, n.mul_add(-second, n.mul_add(-first, x)));
    let z = r * r;
    let (p, q) = if is_single::<T>() {
        (polynomial(z, &SINE_SINGLE), polynomial(z, &COSINE_SINGLE))
    } else {
        (polynomial(z, &SINE_DOUBLE), polynomial(z, &COSINE_DOUBLE))
    };
    let sine = (r * z).mul_add(p, r);
    let cosine = z.mul_add(z.mul_add(q, T::of(-0.5)), T::one());
    (sine, cosine, shifted.lowest_bits())
}

/// The sine of a number that is [`within`] reach.
#[inline(always)]
pub(crate) fn sin_within<T: Scalar>(x: T) -> T {
    let (sine, cosine, (odd, negative)) = reduced(x);
    let value = if odd { cosine } else { sine };
    // -0 stays -0.
    if x == T::zero() {
        x
    } else if negative {
        -value
    } else {
        value
    }
}

/// The cosine of a number that is [`within`] reach.
#[inline(always)]
pub(crate) fn cos_within<T: Scalar>(x: T) -> T {
    let (sine, cosine, (odd, second)) = reduced(x);
    let value = if odd { sine } else { cosine };
    if odd != second { -value } else { value }
}

/// The tangent of a number that is [`within`] reach.
#[inline(always)]
pub(crate) fn tan_within<T: Scalar>(x: T) -> T {
    let (sine, cosine, (odd, _)) = reduced(x);
    let value = if odd { -cosine } else { sine } / if odd { sine } else { cosine };
    if x == T::zero() { x } else { value }
}

macro_rules! everywhere {
    ($(#[$doc:meta])* $name:ident, $within:ident) => {
        $(#[$doc])*
        ///
        /// With a branch, which keeps loops from becoming SIMD code, to a slow way for numbers beyond reach.
        #[inline(always)]
        pub(crate) fn $name<T: Scalar>(x: T) -> T {
            #[cold]
            #[inline(never)]
            fn slow<T: Scalar>(x: T) -> T {
                T::of(libm::$name(x.f64()))
            }
            if beyond(x) { slow(x) } else { $within(x) }
        }
    };
}

everywhere!(
    /// Sine.
    sin,
    sin_within
);
everywhere!(
    /// Cosine.
    cos,
    cos_within
);
everywhere!(
    /// Tangent.
    tan,
    tan_within
);

/// The inverse of the tangent, between -pi/2 and pi/2.
#[inline(always)]
pub(crate) fn atan<T: Scalar>(x: T) -> T {
    let size = x.abs();
    let large = size > T::one();
    let t = if large { size.recip() } else { size };
    let z = t * t;
    let p = if is_single::<T>() { polynomial(z, &ARC_TANGENT_SINGLE) } else { polynomial(z, &ARC_TANGENT_DOUBLE) };
    let inner = (t * z).mul_add(p, t);
    let (high, low, _) = T::HALF_PI_PARTS;
    let value = if large { high - (inner - low) } else { inner };
    value.copysign(x)
}
