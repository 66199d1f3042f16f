//! How much memory a JSON text takes once it is read, before it is.
//!
//! Three bytes, `{},`, become a container with all its fields empty, of some hundred bytes; an answer of a few million bytes could take
//! all memory that there is.

/// Bytes that an object takes at most: no model of the API's that comes in lists is larger.
pub(super) const OBJECT: usize = 768;
/// Bytes that any other value takes at most, with its place in a list or map, but for its own text.
const VALUE: usize = 64;

/// Bytes that `json` takes once it is read, at most. What is not JSON weighs something too.
pub(super) fn of(json: &[u8]) -> usize {
    let (mut objects, mut values) = (0_usize, 0_usize);
    let mut rest = json;
    while let Some(at) = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'{' | b'[' | b',' | b':'))
    {
        match rest[at] {
            b'"' => {
                rest = after_string(&rest[at + 1..]);
                continue;
            }
            b'{' => objects += 1,
            _ => values += 1,
        }
        rest = &rest[at + 1..];
    }
    json.len() + objects * OBJECT + values * VALUE
}

/// What comes after the string that `text` is in the middle of.
fn after_string(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        if rest[at] == b'"' {
            return &rest[at + 1..];
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    &[]
}

#[cfg(test)]
mod tests {
    use bollard::models;

    use super::*;

    #[test]
    fn what_is_in_strings_weighs_what_it_is_long() {
        assert_eq!(of(br#""{{{[[[,,,:::\"{{{""#), 19);
        assert_eq!(of(br#"{"a":[1,"{"]}"#), 13 + OBJECT + 3 * VALUE);
        assert_eq!(of(b"{},{}"), 5 + 2 * OBJECT + VALUE);
        assert_eq!(of(br#""never closed \"#), 15);
    }

    #[test]
    fn no_object_of_a_list_is_larger_than_what_it_is_counted_as() {
        for (name, size) in [
            ("container", size_of::<models::ContainerSummary>()),
            ("image", size_of::<models::ImageSummary>()),
            ("network", size_of::<models::Network>()),
            ("volume", size_of::<models::Volume>()),
            ("port", size_of::<models::PortSummary>()),
            ("mount", size_of::<models::MountPoint>()),
            ("endpoint", size_of::<(String, models::EndpointSettings)>()),
            ("health", size_of::<models::HealthcheckResult>()),
            ("component", size_of::<models::SystemVersionComponents>()),
            ("runtime", size_of::<(String, models::Runtime)>()),
            ("disk", size_of::<models::ContainerBlkioStatEntry>()),
            ("generic resource", size_of::<models::GenericResourcesInner>()),
        ] {
            assert!(size <= OBJECT, "{name}: {size}");
        }
    }
}
