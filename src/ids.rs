//! What things are called, each kind of name a type of its own: none can be taken for another.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that names one kind of thing. It is made where the name is read, and a text again where it is written.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What a file, the engine or the command line calls it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// As it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        /// What is known by name is found by what somebody typed.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// The id that the engine gave a container: 64 hexadecimal digits.
    ContainerId
}

name! {
    /// A service's name: its key in the Compose file, and in the labels of its containers.
    ServiceName
}

name! {
    /// A network's name on the engine, which may differ from its key in the Compose file.
    NetworkName
}

name! {
    /// A volume's name on the engine, which may differ from its key in the Compose file.
    VolumeName
}
