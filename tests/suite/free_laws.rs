//! Laws made of other laws: tables of others, closed forms, and laws over wide ranges.

use eigenscape::random_matrix::*;

fn agrees(actual: f64, expected: f64, tolerance: f64) -> bool {
    (actual - expected).abs() <= tolerance * expected.abs().max(1.0)
}

#[track_caller]
fn assert_agrees(what: &str, actual: f64, expected: f64, tolerance: f64) {
    assert!(agrees(actual, expected, tolerance), "{what}: {actual:e} should be {expected:e} within {tolerance:e}");
}

fn coin() -> Discrete {
    Discrete::new(&[-1.0, 1.0], &[0.5, 0.5]).unwrap()
}

fn dens(law: &dyn Law, x: &[f64], expected: &[f64], tol: f64) {
    println!("SUPPORT {:?} atoms {:?}", law.support(), law.atoms());
    for (x, e) in x.iter().zip(expected) {
        let d = law.density(*x);
        println!("{x} {d:?} {e}");
    }
    for (x, e) in x.iter().zip(expected) {
        assert_agrees("density", law.density(*x).unwrap(), *e, tol);
    }
    let t = std::time::Instant::now();
    println!("support {:?} atoms {:?}", law.support(), law.atoms());
    for u in [0.0, 0.01, 0.3, 0.5, 0.9, 1.0] {
        let q = law.quantile(u).unwrap();
        println!("u {u} q {q} F {}", law.cumulative(q).unwrap());
    }
    println!("{:?}", t.elapsed());
    let m: Vec<f64> = (1..5).map(|k| law.moment(k)).collect();
    println!("moments {m:?}");
}

#[test]
fn table() {
    let x = [0.0, 0.3, 1.0, 1.7];
    dens(
        &FreeSum::new(coin(), coin()).unwrap(),
        &x,
        &[0.15915494309189535, 0.16097622868015757, 0.1837762984739307, 0.30212637359841277],
        1e-10,
    );
    let e = [0.15915494309189537, 0.16448128924512517, 0.1774804424064498, 0.172155358866888];
    dens(&DeformedWigner::new(coin(), 2f64.sqrt()).unwrap(), &x, &e, 1e-12);
    let sc = Semicircle::new(2f64.sqrt()).unwrap();
    dens(&FreeSum::new(coin(), sc).unwrap(), &x, &e, 1e-10);
    dens(&FreeSum::new(sc, coin()).unwrap(), &x, &e, 1e-10);
    let mp = MarchenkoPastur::new(0.5, 1.0).unwrap();
    let x = [-0.5, 0.5, 1.5, 3.0];
    let e = [0.22189927063329729, 0.2676257049057014, 0.24762682492983534, 0.1352334080449166];
    dens(&FreeSum::new(Semicircle::new(1.0).unwrap(), mp).unwrap(), &x, &e, 1e-6);
    dens(&DeformedWigner::new(mp, 1.0).unwrap(), &x, &e, 1e-6);
    dens(
        &FreeSum::new(mp, mp).unwrap(),
        &[0.8, 2.0, 4.0],
        &[0.4192003433677978, 0.30820222203074993, 0.1052710998369481],
        1e-10,
    );
    let one = MarchenkoPastur::new(1.0, 1.0).unwrap();
    let x = [0.1, 0.5, 1.0, 3.0, 6.0];
    let e = [1.0797205618244938, 0.3183098861837907, 0.17897912748802847, 0.0599733865381194, 0.015045765651317756];
    dens(&FreeProduct::new(one, one).unwrap(), &x, &e, 1e-10);
    let pop = Discrete::new(&[1.0, 3.0], &[0.5, 0.5]).unwrap();
    let x = [0.3, 1.0, 2.0, 4.0, 6.0];
    let e = [0.6057318023848756, 0.3001054387190806, 0.15026293941620694, 0.08777540457894056, 0.04318391323323332];
    dens(&GeneralizedMarchenkoPastur::new(pop.clone(), 0.5).unwrap(), &x, &e, 1e-10);
    dens(&FreeProduct::new(mp, pop.clone()).unwrap(), &x, &e, 1e-10);
    dens(&FreeProduct::new(pop.clone(), mp).unwrap(), &x, &e, 1e-10);
    let unit = Discrete::new(&[1.0], &[1.0]).unwrap();
    dens(&SeparableCovariance::new(pop.clone(), unit, 0.5).unwrap(), &x, &e, 1e-10);
    dens(
        &GeneralizedMarchenkoPastur::new(Discrete::new(&[1.0, 10.0], &[0.5, 0.5]).unwrap(), 0.1).unwrap(),
        &[],
        &[],
        1e-10,
    );
}
