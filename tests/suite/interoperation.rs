//! Operators to and from `faer`: the same products on both sides, and solvers of each on operators of the other.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::{Eigensolver, MinimalResiduals, Which};
use eigenscape::network::{Activation, Initialization, Perceptron};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{
    Adjoint, AssumeSymmetric, Closure, Dense, Diagonal, FromFaer, LinearOperator, Shifted, ToFaer, to_dense,
};
use eigenscape::random::Key;
use eigenscape::{Scalar, check};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::matrix_free::eigen::{PartialEigenParams, partial_self_adjoint_eigen, partial_self_adjoint_eigen_scratch};
use faer::matrix_free::{BiLinOp, IdentityPrecond, LinOp, conjugate_gradient as cg};
use faer::sparse::{SparseColMat, SparseRowMat, Triplet};
use faer::{Mat, MatMut, MatRef, Par};
use ndarray::{Array2, ArrayView2, ShapeBuilder, s};

use crate::oracle::symmetric_eigenvalues;
use crate::support::{Table, norm, normal, product, with_threads};

#[track_caller]
fn near<T: Scalar>(what: &str, actual: &[T], expected: &[f64], scale: f64) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    let off: Vec<f64> = actual.iter().zip(expected).map(|(a, e)| a.f64() - e).collect();
    let bound = 8.0 * T::EPSILON.f64() * (1 + expected.len()) as f64 * scale;
    assert!(norm(&off) <= bound, "{what}: off by {} where {bound} is allowed", norm(&off));
}

/// Products, blocks and adjoints of an operator are a table's.
#[track_caller]
fn agrees<T: Scalar>(what: &str, operator: &impl Adjoint<T>, table: &Table, key: Key) {
    assert_eq!((operator.rows(), operator.cols()), (table.rows, table.cols), "{what}");
    let scale = table.norm();
    for vectors in [0, 1, 4] {
        let x: Vec<T> = normal(vectors * table.cols, key.split(vectors as u64));
        // Whatever was in the output must not matter.
        let mut y = vec![T::nan(); vectors * table.rows];
        operator.apply_block(&x, &mut y, vectors);
        for (x, y) in x.chunks(table.cols.max(1)).zip(y.chunks(table.rows.max(1))) {
            near(what, y, &table.product(x), scale * norm(x));
            near(what, &product(operator, x), &table.product(x), scale * norm(x));
        }
        let y: Vec<T> = normal(vectors * table.rows, key.split(10 + vectors as u64));
        let mut x = vec![T::nan(); vectors * table.cols];
        operator.apply_adjoint_block(&y, &mut x, vectors);
        for (y, x) in y.chunks(table.rows.max(1)).zip(x.chunks(table.cols.max(1))) {
            near(what, x, &table.t().product(y), scale * norm(y));
            let mut single = vec![T::nan(); table.cols];
            operator.apply_adjoint(y, &mut single);
            near(what, &single, &table.t().product(y), scale * norm(y));
        }
    }
    if table.rows > 0 && table.cols > 0 {
        assert!(check::adjoint(operator, key.split(20)).unwrap().holds(), "{what}: adjoint check");
    }
}

/// A table with mostly zeros: whole numbers, which both types hold.
fn sparse_table(rows: usize, cols: usize, key: Key) -> Table {
    let mut numbers = vec![0; rows * cols];
    key.integers(0, 40, &mut numbers);
    Table::new(rows, cols, |i, j| if numbers[i * cols + j] < 8 { numbers[i * cols + j] as f64 - 4.0 } else { 0.0 })
}

fn triplets<T: Scalar>(table: &Table) -> Vec<Triplet<usize, usize, T>> {
    (0..table.rows * table.cols)
        .map(|at| (at / table.cols, at % table.cols))
        .filter(|&(i, j)| table.at(i, j) != 0.0)
        .map(|(i, j)| Triplet::new(i, j, T::of(table.at(i, j))))
        .collect()
}

fn products<T: Scalar>() {
    for (seed, (rows, cols)) in [(1, 1), (5, 3), (3, 5), (40, 70), (0, 3), (3, 0)].into_iter().enumerate() {
        let key = Key::new(seed as u64);
        let table = sparse_table(rows, cols, key);
        let entries = triplets::<T>(&table);
        let dense = Mat::<T>::from_fn(rows, cols, |i, j| T::of(table.at(i, j)));
        let by_columns = SparseColMat::<usize, T>::try_new_from_triplets(rows, cols, &entries).unwrap();
        let by_rows = SparseRowMat::<usize, T>::try_new_from_triplets(rows, cols, &entries).unwrap();
        agrees("dense", &FromFaer::new(&dense), &table, key);
        agrees("dense, a view", &FromFaer::new(dense.as_ref()), &table, key);
        agrees("sparse by columns", &FromFaer::new(&by_columns), &table, key);
        agrees("sparse by rows", &FromFaer::new(by_rows), &table, key);
        agrees("dense, transposed", &FromFaer::new(dense.transpose()), &table.t(), key);
        // To faer and back.
        let ours = Dense::new(table.entries.iter().map(|&x| T::of(x)).collect(), rows, cols).unwrap();
        agrees("there and back", &FromFaer::new(ToFaer::new(&ours)), &table, key);
        agrees("there and back twice", &FromFaer::new(ToFaer::new(FromFaer::new(ToFaer::new(ours)))), &table, key);
    }
}

#[test]
fn products_are_those_of_the_matrix_in_double_precision() {
    products::<f64>();
}

#[test]
fn products_are_those_of_the_matrix_in_single_precision() {
    products::<f32>();
}

/// Places of any layout: whole matrices by rows and by columns, parts of larger ones, reversed.
fn layouts<T: Scalar>() {
    let (rows, cols, vectors) = (7, 5, 3);
    let table = sparse_table(rows, cols, Key::new(3));
    let ours = Dense::new(table.entries.iter().map(|&x| T::of(x)).collect(), rows, cols).unwrap();
    let operator = ToFaer::new(&ours);
    let x: Vec<T> = normal(cols * vectors, Key::new(4));
    let y: Vec<T> = normal(rows * vectors, Key::new(5));
    let right = |len: usize, values: &[T]| Mat::from_fn(len, vectors, |i, j| values[j * len + i]);
    let mut memory = MemBuffer::new(LinOp::<T>::apply_scratch(&operator, vectors, Par::Seq));
    let mut back = MemBuffer::new(BiLinOp::<T>::transpose_apply_scratch(&operator, vectors, Par::Seq));
    let (ahead_of, back_of) = (right(cols, &x), right(rows, &y));
    for layout in 0..4 {
        // Stale outputs, in a place larger than they are.
        let mut place = Mat::<T>::full(2 * rows + 1, 2 * rows + 1, T::nan());
        let place_of = |of: &Mat<T>| {
            let (rows, cols) = (of.nrows(), of.ncols());
            let mut wide = Mat::<T>::zeros(2 * rows, 2 * cols);
            for i in 0..rows {
                for j in 0..cols {
                    let at = match layout {
                        2 => (i + 1, j + 1),
                        3 => (rows - 1 - i, j),
                        _ => (i, j),
                    };
                    wide[at] = of[(i, j)];
                }
            }
            wide
        };
        fn cut<T>(of: MatRef<'_, T>, layout: usize, rows: usize, cols: usize) -> MatRef<'_, T> {
            match layout {
                2 => of.submatrix(1, 1, rows, cols),
                3 => of.submatrix(0, 0, rows, cols).reverse_rows(),
                _ => of.submatrix(0, 0, rows, cols),
            }
        }
        fn cut_mut<T>(of: MatMut<'_, T>, layout: usize, rows: usize, cols: usize) -> MatMut<'_, T> {
            match layout {
                1 => of.transpose_mut().submatrix_mut(0, 0, rows, cols),
                2 => of.submatrix_mut(1, 1, rows, cols),
                3 => of.submatrix_mut(0, 0, rows, cols).reverse_rows_mut(),
                _ => of.submatrix_mut(0, 0, rows, cols),
            }
        }
        for width in [1, vectors] {
            let (wide_x, wide_y) = (place_of(&ahead_of), place_of(&back_of));
            let out = cut_mut(place.as_mut(), layout, rows, width);
            operator.apply(out, cut(wide_x.as_ref(), layout, cols, width), Par::Seq, MemStack::new(&mut memory));
            let out = cut(place.as_ref(), if layout == 1 { 0 } else { layout }, rows, width);
            for vector in 0..width {
                let x = &x[vector * cols..][..cols];
                let at = |i: usize| if layout == 1 { place[(vector, i)] } else { out[(i, vector)] };
                let actual: Vec<T> = (0..rows).map(at).collect();
                near(&format!("layout {layout}"), &actual, &table.product(x), table.norm() * norm(x));
            }
            let out = cut_mut(place.as_mut(), layout, cols, width);
            operator.transpose_apply(
                out,
                cut(wide_y.as_ref(), layout, rows, width),
                Par::Seq,
                MemStack::new(&mut back),
            );
            let out = cut(place.as_ref(), if layout == 1 { 0 } else { layout }, cols, width);
            for vector in 0..width {
                let y = &y[vector * rows..][..rows];
                let at = |i: usize| if layout == 1 { place[(vector, i)] } else { out[(i, vector)] };
                let actual: Vec<T> = (0..cols).map(at).collect();
                near(&format!("layout {layout}, adjoint"), &actual, &table.t().product(y), table.norm() * norm(y));
            }
        }
    }
}

#[test]
fn columns_of_any_layout_are_met_in_double_precision() {
    layouts::<f64>();
}

#[test]
fn columns_of_any_layout_are_met_in_single_precision() {
    layouts::<f32>();
}

/// The Laplacian of a ring, whose eigenvalues are 2 - 2 cos(2 pi k / n): all but two of them twice.
fn ring<T: Scalar>(size: usize) -> SparseColMat<usize, T> {
    let entries: Vec<_> = (0..size)
        .flat_map(|i| {
            let neighbour = |by: usize| Triplet::new(i, (i + by) % size, -T::one());
            [Triplet::new(i, i, T::of(2.0)), neighbour(1), neighbour(size - 1)]
        })
        .collect();
    SparseColMat::try_new_from_triplets(size, size, &entries).unwrap()
}

/// Our solvers on a sparse matrix from there, for any number of threads the same.
fn solvers_of_ours<T: Scalar>() {
    let size = 60;
    let laplacian = ring::<T>(size);
    let operator = AssumeSymmetric::new(FromFaer::new(&laplacian));
    let exact = |k: usize| 2.0 - 2.0 * (2.0 * std::f64::consts::PI * k as f64 / size as f64).cos();
    let solver = Eigensolver::new(5, Key::new(0)).which(Which::Smallest);
    let bottom = with_threads(1, || solver.run::<T, _>(&operator).unwrap());
    assert_eq!(bottom, with_threads(2, || solver.run::<T, _>(&operator).unwrap()));
    assert!((bottom.values[0] - exact(0)).abs() <= bottom.error_bounds[0], "{:?}", bottom.values);
    let shifted = Shifted::new(&operator, T::one()).unwrap();
    let b: Vec<T> = normal(size, Key::new(1));
    let solution = MinimalResiduals::new().run(&shifted, &b).unwrap();
    solution.report.require().unwrap();
    let expected: Vec<f64> = b.iter().map(|b| b.f64()).collect();
    let off: Vec<f64> = product(&shifted, &solution.x).iter().zip(&expected).map(|(a, e)| a.f64() - e).collect();
    assert!(norm(&off) <= 2.0 * T::EPSILON.f64().sqrt() * norm(&expected));
}

#[test]
fn our_solvers_take_sparse_matrices() {
    solvers_of_ours::<f64>();
    solvers_of_ours::<f32>();
}

/// Their eigensolver and conjugate gradients on curvature of a network.
#[test]
fn their_solvers_take_curvature() {
    // Theirs wants a dimension well above 64.
    let network = Perceptron::new(&[4, 20, 3], Activation::Tanh).unwrap();
    let inputs: Vec<f64> = normal(50 * 4, Key::new(0));
    let labels: Vec<usize> = (0..50).map(|i| i % 3).collect();
    let examples = Examples::labelled(inputs, 4, &labels, 3).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let theta: Vec<f64> = Initialization::lecun().draw(&network, Key::new(1));
    let point = risk.at(&theta).unwrap();
    let hessian = point.hessian();
    let dim = theta.len();
    let exact = symmetric_eigenvalues(to_dense(&hessian).entries(), dim);
    let largest = exact.iter().fold(0.0f64, |largest, x| if x.abs() > largest.abs() { *x } else { largest });

    let operator = ToFaer::new(&hessian);
    let parameters = PartialEigenParams::default();
    let mut memory = MemBuffer::new(partial_self_adjoint_eigen_scratch::<f64>(&operator, 1, Par::Seq, parameters));
    let (mut vectors, mut values) = (Mat::zeros(dim, 1), [0.0]);
    let start = faer::Col::from_fn(dim, |_| 1.0);
    let stack = MemStack::new(&mut memory);
    let info = partial_self_adjoint_eigen(
        vectors.as_mut(),
        &mut values,
        &operator,
        start.as_ref(),
        1e-10,
        Par::Seq,
        stack,
        parameters,
    );
    assert_eq!(info.n_converged_eigen, 1);
    assert!((values[0] - largest).abs() < 1e-9 * largest.abs(), "{values:?} for {largest}");

    let damped = ToFaer::new(Shifted::new(point.gauss_newton(), 0.1).unwrap());
    let (right, mut x) = (Mat::<f64>::from_fn(dim, 2, |i, j| ((3 * i + j) % 7) as f64), Mat::zeros(dim, 2));
    let none = IdentityPrecond { dim };
    let mut memory = MemBuffer::new(cg::conjugate_gradient_scratch::<f64>(none, &damped, 2, Par::Seq));
    let stack = MemStack::new(&mut memory);
    let parameters = cg::CgParams { rel_tolerance: 1e-10, ..Default::default() };
    cg::conjugate_gradient(x.as_mut(), none, &damped, right.as_ref(), parameters, |_| (), Par::Seq, stack).unwrap();
    for vector in 0..2 {
        let column = |of: &Mat<f64>| -> Vec<f64> { (0..dim).map(|i| of[(i, vector)]).collect() };
        let b = column(&right);
        let back = product(&Shifted::new(point.gauss_newton(), 0.1).unwrap(), &column(&x));
        let off: Vec<f64> = back.iter().zip(&b).map(|(a, e)| a - e).collect();
        assert!(norm(&off) <= 1e-8 * norm(&b), "{}", norm(&off));
    }
}

/// What has no adjoint and cannot be printed goes there all the same; the size of a place is checked.
#[test]
fn any_operator_goes_there() {
    let closure = Closure::new(2, 2, |x: &[f64], y: &mut [f64]| y.copy_from_slice(x));
    let operator = ToFaer::new(closure);
    assert!(format!("{operator:?}").starts_with("ToFaer("));
    let mut y = Mat::zeros(2, 1);
    let x = Mat::from_fn(2, 1, |i, _| i as f64);
    operator.apply(y.as_mut(), x.as_ref(), Par::Seq, MemStack::new(&mut []));
    assert_eq!(y, x);
    assert_eq!(operator.into_inner().rows(), 2);
    let _: Mat<f64> = FromFaer::new(x).into_inner();
}

#[test]
#[should_panic(expected = "its place has 2")]
fn a_place_with_other_columns_is_refused() {
    let operator = ToFaer::new(Diagonal::new(vec![1.0; 2]));
    let (mut y, x) = (Mat::<f64>::zeros(2, 2), Mat::<f64>::zeros(2, 1));
    operator.apply(y.as_mut(), x.as_ref(), Par::Seq, MemStack::new(&mut []));
}

/// Dense matrices and ndarray's: views and buffers there, any order of storage back.
#[test]
fn dense_matrices_go_to_ndarray_and_back() {
    for (rows, cols) in [(1, 1), (4, 3), (2, 7), (0, 3), (3, 0)] {
        let ours = Dense::new(normal::<f64>(rows * cols, Key::new(0)), rows, cols).unwrap();
        let view = ArrayView2::from_shape((rows, cols), ours.entries()).unwrap();
        let entry = |row: usize, col: usize| ours.entries()[row * cols + col];
        assert!(view.indexed_iter().all(|((row, col), &x)| x == entry(row, col)));
        assert_eq!(Dense::new(view.as_slice().unwrap().to_vec(), rows, cols).unwrap(), ours);
        let owned = Array2::from_shape_vec((rows, cols), ours.clone().into_entries()).unwrap();
        let back = |view: ArrayView2<'_, f64>| Dense::from_fn(view.nrows(), view.ncols(), |row, col| view[[row, col]]);
        assert_eq!(back(owned.view()), ours);
        // Transposed, by columns, backwards, in steps: the same entries in other places.
        let table = |rows, cols, of: &dyn Fn(usize, usize) -> f64| Table::new(rows, cols, of).entries;
        assert_eq!(back(owned.t()).entries(), table(cols, rows, &|row, col| entry(col, row)));
        let by_columns = Array2::from_shape_fn((rows, cols).f(), |(row, col)| entry(row, col));
        assert_eq!(back(by_columns.view()), ours);
        let backwards = owned.slice(s![..;-1, ..]);
        assert_eq!(back(backwards).entries(), table(rows, cols, &|row, col| entry(rows - 1 - row, col)));
        let steps = owned.slice(s![..;2, 1.min(cols)..]);
        let (fewer, less) = steps.dim();
        assert_eq!(back(steps).entries(), table(fewer, less, &|row, col| entry(2 * row, col + 1)));
        // Such a view has no slice to be taken for rows.
        if rows > 1 && cols > 1 {
            assert!(
                owned.t().as_slice().is_none() && by_columns.as_slice().is_none() && backwards.as_slice().is_none()
            );
        }
    }
    // A buffer that is longer than its array is refused.
    let (buffer, _) = Array2::<f64>::zeros((4, 3)).slice_move(s![1..3, ..]).into_raw_vec_and_offset();
    assert!(Dense::new(buffer, 2, 3).unwrap_err().to_string().contains("12 entries; it must have 6"));
}

/// The same for faer, with eigenvectors as its columns.
#[test]
fn dense_matrices_and_eigenvectors_go_to_faer_and_back() {
    let (rows, cols) = (5, 3);
    let ours = Dense::new(normal::<f32>(rows * cols, Key::new(1)), rows, cols).unwrap();
    let view = MatRef::from_row_major_slice(ours.entries(), rows, cols);
    let back = |view: MatRef<'_, f32>| Dense::from_fn(view.nrows(), view.ncols(), |row, col| view[(row, col)]);
    assert_eq!(back(view), ours);
    let owned: Mat<f32> = view.to_owned();
    assert_eq!(back(owned.as_ref()), ours);
    assert_eq!(back(owned.transpose().transpose()), ours);
    let transposed = back(owned.transpose());
    assert!((0..15).all(|at| transposed.entries()[at] == ours.entries()[at % rows * cols + at / rows]));
    assert_eq!(back(owned.reverse_rows()).entries()[..cols], ours.entries()[(rows - 1) * cols..]);

    let laplacian = ring::<f64>(20);
    let top = Eigensolver::new(3, Key::new(2)).run::<f64, _>(&AssumeSymmetric::new(FromFaer::new(&laplacian))).unwrap();
    let vectors = MatRef::from_column_major_slice(&top.vectors, 20, top.len());
    let gram = vectors.transpose() * vectors;
    assert!((0..9).all(|at| (gram[(at / 3, at % 3)] - f64::from(u8::from(at % 4 == 0))).abs() < 1e-12));
    let rows = ArrayView2::from_shape((top.len(), 20), &top.vectors).unwrap();
    assert!((0..3).all(|pair| rows.row(pair).as_slice().unwrap() == top.vector(pair)));
}
