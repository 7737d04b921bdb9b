//! What types with laws between their fields have in common when they are read.

/// `Deserialize` for a struct whose fields are read one by one and then checked: a function from a reference to a
/// [`Result`](crate::error::Result). `Serialize` is derived.
macro_rules! checked {
    ($type:ident $(<$t:ident>)? { $($(#[$attribute:meta])* $field:ident: $of:ty),* $(,)? } by $check:expr) => {
        impl<'de $(, $t: $crate::scalar::Scalar + serde::Deserialize<'de>)?> serde::Deserialize<'de> for $type $(<$t>)? {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let value: Self = {
                    // Under the same name, which some formats write.
                    #[derive(serde::Deserialize)]
                    struct $type $(<$t>)? { $($(#[$attribute])* $field: $of,)* }
                    let read = <$type $(<$t>)? as serde::Deserialize>::deserialize(deserializer)?;
                    Self { $($field: read.$field,)* }
                };
                #[allow(unused_imports)]
                use $crate::error::Error;
                let check: fn(&Self) -> $crate::error::Result<()> = $check;
                check(&value).map_err($crate::saved::number::refuse)?;
                Ok(value)
            }
        }
    };
}

/// `Serialize` and `Deserialize` for a type that is saved as what it was made from and made again when it is read.
macro_rules! rebuilt {
    ($type:ident { $($(#[$attribute:meta])* $field:ident: $of:ty = |$from:ident| $get:expr),* $(,)? } by $build:expr) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                #[derive(serde::Serialize)]
                struct $type { $($(#[$attribute])* $field: $of,)* }
                let parts = $type { $($field: { let $from = self; $get },)* };
                serde::Serialize::serialize(&parts, serializer)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let ($($field,)*) = {
                    #[derive(serde::Deserialize)]
                    struct $type { $($(#[$attribute])* $field: $of,)* }
                    let read = <$type as serde::Deserialize>::deserialize(deserializer)?;
                    ($(read.$field,)*)
                };
                let build = || -> $crate::error::Result<Self> { $build };
                build().map_err($crate::saved::number::refuse)
            }
        }
    };
}

/// Names for what can be saved.
macro_rules! kinds {
    ($folder:literal: $($type:ident $(<$($t:ident),+>)?),* $(,)?) => {
        $(impl $(<$($t: $crate::saved::Kind),+>)? $crate::saved::Kind for $type $(<$($t),+>)? {
            fn kind() -> String {
                $crate::saved::name($folder, stringify!($type), &[$($(<$t as $crate::saved::Kind>::kind()),+)?])
            }
        })*
    };
}

pub(crate) use {checked, kinds, rebuilt};
