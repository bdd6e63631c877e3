//! May two schemas be live at once?

use crate::{Requires, SchemaVersion};

/// The answer, with the link that is missing a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compatibility {
    /// Users of both may run at once.
    Compatible,
    /// `upper` builds on `lower` without promising to leave its users unharmed.
    Incompatible {
        /// The schema that makes no promise.
        upper: SchemaVersion,
        /// The schema whose users may be harmed.
        lower: SchemaVersion,
    },
}

impl Compatibility {
    /// Whether users of both may run at once.
    pub fn is_compatible(&self) -> bool {
        *self == Self::Compatible
    }
}

/// Two schemas are compatible when they are the same, when neither builds on the other, when one declares the
/// other, or when every link of the `requires` paths between them is so declared.
pub fn compatible(
    a: &SchemaVersion,
    b: &SchemaVersion,
    graph: &impl Requires,
    declares: impl Fn(&SchemaVersion, &SchemaVersion) -> bool,
) -> Compatibility {
    let promised = |x: &SchemaVersion, y: &SchemaVersion| declares(x, y) || declares(y, x);
    if a == b || promised(a, b) {
        return Compatibility::Compatible;
    }
    let mut links = graph.links_between(a, b);
    links.extend(graph.links_between(b, a));
    match links.into_iter().find(|(upper, lower)| !promised(upper, lower)) {
        None => Compatibility::Compatible,
        Some((upper, lower)) => Compatibility::Incompatible { upper, lower },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Graph;

    fn v(name: &str) -> SchemaVersion {
        SchemaVersion::new(name).unwrap()
    }

    fn judge(a: &str, b: &str, declared: &[(&str, &str)]) -> bool {
        // v1 <- v2 <- v3, and other stands alone.
        let (v1, v2, v3, other) = (v("v1"), v("v2"), v("v3"), v("other"));
        let on_v1 = [v1.clone()];
        let on_v2 = [v2.clone()];
        let graph = Graph::new([(&v1, &[][..]), (&v2, &on_v1[..]), (&v3, &on_v2[..]), (&other, &[][..])]).unwrap();
        let declares =
            |x: &SchemaVersion, y: &SchemaVersion| declared.iter().any(|(u, l)| x.as_str() == *u && y.as_str() == *l);
        let answer = compatible(&v(a), &v(b), &graph, declares);
        assert_eq!(answer, compatible(&v(b), &v(a), &graph, declares), "symmetric");
        answer.is_compatible()
    }

    #[test]
    fn the_same_schema_and_unrelated_schemas_are_compatible() {
        assert!(judge("v1", "v1", &[]));
        assert!(judge("v3", "other", &[]));
    }

    #[test]
    fn building_on_a_schema_is_no_promise_but_declaring_it_is() {
        assert!(!judge("v2", "v1", &[]));
        assert!(judge("v2", "v1", &[("v2", "v1")]));
        assert!(judge("v2", "v1", &[("v1", "v2")]));
    }

    #[test]
    fn a_promise_for_every_link_carries_down_the_path() {
        assert!(judge("v3", "v1", &[("v3", "v2"), ("v2", "v1")]));
        assert!(!judge("v3", "v1", &[("v3", "v2")]));
        assert!(judge("v3", "v1", &[("v3", "v1")]));
    }
}
