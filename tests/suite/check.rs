//! The public checks themselves: that they hold where there is nothing to hold on to, and that they can fail.

use eigenscape::check;
use eigenscape::objective::{Objective, Point, Recorded, Stochastic};
use eigenscape::operator::{AssumeSymmetric, Closure, Diagonal};
use eigenscape::random::Key;
use eigenscape::{Result, Scalar};

fn degenerate<T: Scalar>() {
    let constant = Recorded::<T>::new(3, |x| (x * T::zero()).sum()).unwrap();
    let valley = Recorded::<T>::new(2, |x| {
        let (x, y) = (x.at(0), x.at(1));
        (-x + T::one()).powi(2) + (y - x * x).powi(2) * T::of(100.0)
    })
    .unwrap();
    for key in (0..8).map(Key::new) {
        // Nothing but zeros, and a minimum of value zero.
        assert!(check::gradient(&constant, &[T::one(); 3], key).unwrap().holds());
        assert!(check::hessian(&constant, &[T::one(); 3], key).unwrap().holds());
        let check = check::gradient(&valley, &[T::one(); 2], key).unwrap();
        assert!(check.holds(), "at the bottom of the valley: {check:?}");
        assert!(check::hessian(&valley, &[T::one(); 2], key).unwrap().holds());
        let zero = Diagonal::new(vec![T::zero(); 3]);
        assert!(check::symmetric(&zero, key).unwrap().holds());
        assert!(check::semidefinite(&zero, key).unwrap().holds());
        assert!(check::adjoint(&zero, key).unwrap().holds());
        let broken = AssumeSymmetric::new(Closure::new(3, 3, |_: &[T], y: &mut [T]| y.fill(T::nan())));
        assert!(!check::symmetric(&broken, key).unwrap().holds());
        assert!(!check::semidefinite(&broken, key).unwrap().holds());
    }
    assert!(check::gradient(&valley, &[T::nan(), T::one()], Key::new(0)).is_err());
}

#[test]
fn degenerate_functions_and_operators_have_answers() {
    degenerate::<f32>();
    degenerate::<f64>();
}

/// An objective whose gradient is wrong by a little, and whose Hessian is that of the true gradient.
struct Wrong(Recorded<f64>);

impl Stochastic<f64> for Wrong {
    fn dim(&self) -> usize {
        self.0.dim()
    }
    fn sample(&self, step: u64, theta: &[f64], gradient: &mut [f64]) -> Result<f64> {
        let value = self.0.sample(step, theta, gradient)?;
        gradient.iter_mut().for_each(|g| *g *= 1.0 + 1e-4 * theta[0]);
        Ok(value)
    }
}

impl Objective<f64> for Wrong {
    type Point<'a> = <Recorded<f64> as Objective<f64>>::Point<'a>;
    fn value(&self, theta: &[f64]) -> Result<f64> {
        self.0.value(theta)
    }
    fn at(&self, theta: &[f64]) -> Result<Self::Point<'_>> {
        self.0.at(theta)
    }
}

#[test]
fn wrong_derivatives_are_found() {
    let wrong = Wrong(Recorded::new(3, |x| (x.sin() * x).sum()).unwrap());
    assert_eq!(wrong.at(&[1.0; 3]).unwrap().gradient().len(), 3);
    for key in (0..8).map(Key::new) {
        assert!(!check::gradient(&wrong, &[1.0, 0.5, -0.5], key).unwrap().holds());
        assert!(!check::hessian(&wrong, &[1.0, 0.5, -0.5], key).unwrap().holds());
    }
}
