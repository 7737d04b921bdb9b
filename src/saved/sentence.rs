//! An error is saved as its sentence.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Error {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|sentence| Error::Saved { sentence })
    }
}

super::kinds!("error": Error);
