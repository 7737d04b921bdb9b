//! The error function.

use super::exponential::reduced;
use super::{is_single, polynomial};
use crate::scalar::Scalar;

/// erf(x) / x - 1 as a polynomial in x^2, for |x| <= 1: minimax.
const CENTRE_SINGLE: [f64; 7] =
    [0.128_379_17, -0.376_126_26, 0.112_835_79, -0.026_853_347, 0.005_187_162, -0.000_799_785_3, 7.806_903e-5];
const CENTRE_DOUBLE: [f64; 13] = [
    0.128_379_167_095_512_6,
    -0.376_126_389_031_841,
    0.112_837_916_709_711_01,
    -0.026_866_170_648_032_282,
    0.005_223_977_652_697_595,
    -0.000_854_832_853_516_384_1,
    0.000_120_553_861_226_289_69,
    -1.492_687_842_095_984_3e-5,
    1.648_098_679_766_143_8e-6,
    -1.655_611_121_774_788e-7,
    1.600_466_212_976_021_5e-8,
    -1.642_508_387_168_355e-9,
    1.426_566_603_801_526_8e-10,
];

/// -ln(1 - erf(1 + y)) as a polynomial in y, for y from 0 to 3 (5 in double precision): minimax in erf.
const TAIL_SINGLE: [f64; 7] =
    [1.849_605_6, 2.638_962_7, 0.843_172_4, 0.041_264_758, -0.009_466_14, 0.001_501_099_3, -9.876_364e-5];
const TAIL_DOUBLE: [f64; 19] = [
    1.849_605_509_933_248_2,
    2.638_967_514_234_794_4,
    0.843_107_256_358_349_9,
    0.041_561_098_048_631_166,
    -0.010_033_825_448_213_756,
    0.001_977_903_044_837_231_6,
    -0.000_237_324_483_646_534_68,
    -2.627_211_172_698_353e-5,
    2.714_731_964_970_625_3e-5,
    -9.591_331_229_673_911e-6,
    2.040_421_817_492_561_3e-6,
    -1.269_975_234_221_255_7e-7,
    -1.072_615_398_109_77e-7,
    5.643_888_964_422_569e-8,
    -1.636_376_240_276_802_8e-8,
    3.202_522_408_852_587e-9,
    -4.209_359_572_478_444e-10,
    3.372_147_566_138_052e-11,
    -1.245_411_809_800_159e-12,
];

/// The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.
#[inline(always)]
pub(crate) fn erf<T: Scalar>(x: T) -> T {
    let size = x.abs();
    let z = size * size;
    // Where the tail ends the result is 1 to rounding.
    let end = T::of(if is_single::<T>() { 3.0 } else { 5.0 });
    let y = (size - T::one()).min(end);
    let (centre, tail) = if is_single::<T>() {
        (polynomial(z, &CENTRE_SINGLE), polynomial(y, &TAIL_SINGLE))
    } else {
        (polynomial(z, &CENTRE_DOUBLE), polynomial(y, &TAIL_DOUBLE))
    };
    let (n, p) = reduced(-tail);
    let power = T::exp2_whole(n);
    let value = if size > T::one() { T::one() - power.mul_add(p, power) } else { size.mul_add(centre, size) };
    if x.is_nan() { x } else { value.copysign(x) }
}
