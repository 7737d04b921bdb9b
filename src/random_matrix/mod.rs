//! What theory says of the spectrum of a large random matrix: its bulk, its outliers, and samples to hold against both.
//!
//! ```text
//!     law of a spectrum     mu = (1/p) sum_j delta(lambda_j)  ->  rho(x) dx + atoms,     p = number of eigenvalues
//!     Stieltjes transform   m(z) = int mu(dx) / (x - z),      rho(x) = Im m(x + i0) / pi
//! ```
//!
//! A single entry of a random matrix is unpredictable; the histogram of its eigenvalues is not. As the matrix grows
//! the histogram settles on a fixed curve with sharp ends, the **bulk**, which depends on the variance and the shape of
//! the matrix and on nothing else. That makes it a null hypothesis: an eigenvalue inside the bulk of pure noise needs
//! no explanation, one outside of it does.
//!
//! **Bulks.** For a symmetric matrix of independent entries of variance s^2/n the curve is Wigner's half circle on
//! [-2s, 2s] ([`Semicircle`]). For the sample covariance of n samples of p independent variables of variance v it is the
//! law of Marchenko and Pastur ([`MarchenkoPastur`]): although every population eigenvalue is v, the sample's spread
//! over v (1 -+ sqrt(p/n))^2, and with fewer samples than variables p - n of them are 0.
//!
//! **Outliers.** Add one direction of signal, the **spike**. Its fate changes abruptly at a threshold, found by Baik, Ben
//! Arous and Péché in 2005 (BBP). Below it, the spectrum does not show the spike at all: the top eigenvalue stays at the
//! edge, and its eigenvector is orthogonal to the signal in the limit. Above it, one eigenvalue leaves the bulk, to a
//! place that is *not* the spike's but can be computed from it, and its eigenvector has a definite **overlap** with the
//! signal, less than 1. [`SpikedCovariance`] and [`SpikedWigner`] give the threshold, the place, the overlap and the
//! variance, and lead back from an observed outlier to its spike.
//!
//! **Edges.** Where is the outside? The extreme eigenvalue of pure noise has a law of its own, that of Tracy and Widom
//! ([`TracyWidom`]): it fluctuates about the end of the bulk by size^(-2/3) of its width. An [`Edge`] is that law at a
//! finite size, and says with which probability noise alone puts an eigenvalue so far out. [`OutlierTest`] asks it again
//! and again, and counts the outliers of a spectrum, or of the extremes that a Lanczos run found, at a stated error rate.
//!
//! # Which one when
//!
//! | you have | its bulk | with one direction more | samples |
//! | --- | --- | --- | --- |
//! | a symmetric matrix of noise | [`Semicircle`] | [`SpikedWigner`] | [`GaussianOrthogonal`] |
//! | X X'/n: a covariance, a Gram matrix, a Gauss-Newton matrix of noise | [`MarchenkoPastur`] | [`SpikedCovariance`] | [`Wishart`] |
//! | an eigenvalue, and the question whether noise put it there | [`Edge`], of the laws of [`TracyWidom`] | | |
//! | a spectrum or its extremes, and the question how many outliers it has | [`OutlierTest`] | | |
//! | an outlier, and the question what caused it | | `from_outlier` of either | |
//! | either, at a large size, or complex | [`Semicircle`], [`MarchenkoPastur`] | | [`BetaHermite`], [`BetaLaguerre`] |
//! | a law of your own | implement [`Law`] | | [`Law::sample`]: independent draws |
//! | directions of no preference | | | [`HaarFrame`] |
//!
//! Laws and outliers cost a few operations per value, quantiles some ten times as many, dense samples an
//! eigendecomposition: O(n^3) operations, O(n^2) memory. Tridiagonal samples have the same law of eigenvalues in O(n)
//! memory; all eigenvalues take O(n^2) operations, a count or one eigenvalue O(n).
//!
//! # Conventions
//!
//! * Laws are normalised to 1 over *all* eigenvalues, zeros included. Covariances are divided by the number of samples,
//!   and the ratio is dimension over samples.
//! * m(z) = int mu(dx)/(x - z): the resolvent's trace (1/p) tr (A - z)^(-1), with Im m > 0 above the axis. Part of the
//!   literature has G = -m. On the axis inside the support m is refused rather than given from one side.
//! * A spike of a covariance is a population eigenvalue ell = v (1 + theta); one of a Wigner matrix is the theta in
//!   W + theta u u'. An overlap is a square, <v, u>^2.
//!
//! # Validity
//!
//! Everything here is a limit for large sizes.
//!
//! * *Bulk.* Eigenvalues are rigid: the empirical distribution is within about 1/n of its law, not 1/sqrt(n). Bulk and
//!   edges hold for every law of independent entries with four moments; heavy tails make eigenvalues of their own.
//!   Correlated or unequal entries have another law, generally a wider one: an eigenvalue outside of [`MarchenkoPastur`]
//!   refutes "independent and equal", and not only "no spike".
//! * *Edge.* The extreme eigenvalue of pure noise fluctuates around the edge by about size^(-2/3) of the bulk's width
//!   (Tracy & Widom 1996), and centres somewhat inside. An eigenvalue that close outside is no outlier; [`Edge::p_value`]
//!   says how close is close.
//! * *Critical window.* Within a relative distance of about n^(-1/3) of the threshold the transition is smooth and these
//!   limits are wrong: position and overlap rise gradually, where the limits have a constant below the threshold and a
//!   parabola, or a line, above. A small limiting overlap is the warning: trust one spike from about 1/3 upwards at sizes
//!   of a hundred, several from about 1/2. [`from_outlier`](SpikedCovariance::from_outlier) credits an eigenvalue of noise
//!   that lies just outside of the bulk with a spike just above the threshold.
//! * *Finite size.* A detached outlier fluctuates by [`Outlier::standard_deviation`], of order n^(-1/2); the limits'
//!   systematic error is of order 1/n. Measured over 1500 draws of each of ten spikes
//!   (overlaps 0.3 to 0.96, n from 50 to 200): the mean position is off by less than a tenth of one draw's standard
//!   deviation, the mean overlap by less than a fifth of its own, mostly downwards; only averages over many matrices
//!   show it.
//! * *Several spikes* act independently in the limit, if they are few and apart. At finite size outliers closer than their
//!   standard deviation repel each other.

mod additive_spike;
mod affine;
mod angle;
mod arcsine;
mod chi;
mod complex;
mod discrete;
mod edge;
mod ensemble;
mod free;
mod haar;
mod law;
mod marchenko_pastur;
mod multiplicative_spike;
mod outlier;
mod outlier_test;
mod painleve;
mod painleve_table;
mod piecewise;
mod rectangular_spike;
mod root_free;
mod semicircle;
mod sturm;
mod tracy_widom;
mod transforms;
mod tridiagonal;
mod tridiagonal_ensemble;
mod uniform;

pub use additive_spike::AdditiveSpike;
pub use affine::Affine;
pub use arcsine::Arcsine;
pub use chi::chi_squared;
pub use complex::Complex;
pub use discrete::Discrete;
pub use edge::{Edge, Side};
pub use ensemble::{GaussianOrthogonal, SampledSpectrum, Wishart};
pub use free::{
    CurvePoint, DeformedWigner, FreeCompression, FreeProduct, FreeSum, GeneralizedMarchenkoPastur, SeparableCovariance,
};
pub use haar::HaarFrame;
pub use law::{Atom, Interval, Law};
pub use marchenko_pastur::MarchenkoPastur;
pub use multiplicative_spike::MultiplicativeSpike;
pub use outlier::{Outlier, SpikedCovariance, SpikedWigner};
pub use outlier_test::{OutlierCount, OutlierTest, SideCount, TestedEigenvalue};
pub use piecewise::PiecewiseLinear;
pub use rectangular_spike::{RectangularSpike, SingularOutlier};
pub use semicircle::Semicircle;
pub use tracy_widom::TracyWidom;
pub use tridiagonal::Tridiagonal;
pub use tridiagonal_ensemble::{BetaHermite, BetaLaguerre};
pub use uniform::Uniform;
