//! The faults that are ordered and not used up, and which requests they hit.

use serde::Serialize;
use serde_json::{Value, json};
use wildmatch::WildMatch;

use super::order::Order;
use crate::emulator::http::operations::{API, Operation};

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fault {
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) order: Order,
    /// How often it has hit.
    applied: u32,
}

/// What of a request a fault can match.
#[derive(Debug)]
pub(crate) struct RequestFacts<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) operation: Option<&'static Operation>,
    /// The scheme of its credentials.
    pub(crate) scheme: &'a str,
}

/// Oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    standing: Vec<Fault>,
    next: u64,
}

impl Faults {
    /// Orders a fault and returns its number.
    pub(crate) fn order(&mut self, order: Order) -> u64 {
        self.next += 1;
        self.standing.push(Fault { id: self.next, order, applied: 0 });
        self.next
    }

    /// The fault that hits this request, if any; it counts as applied.
    pub(crate) fn take(&mut self, facts: &RequestFacts<'_>) -> Option<Fault> {
        self.first(|fault| !fault.order.kind.on_accept() && fault.matches(facts))
    }

    /// The fault that hits a connection which was just accepted.
    pub(crate) fn take_on_accept(&mut self) -> Option<Fault> {
        self.first(|fault| fault.order.kind.on_accept())
    }

    fn first(&mut self, hits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut taken = None;
        for fault in &mut self.standing {
            if fault.order.times == Some(0) || !hits(fault) {
                continue;
            }
            if fault.order.skip > 0 {
                fault.order.skip -= 1;
                continue;
            }
            fault.applied += 1;
            fault.order.times = fault.order.times.map(|times| times - 1);
            taken = Some(fault.clone());
            break;
        }
        self.standing.retain(|fault| fault.order.times != Some(0));
        let taken = taken?;
        // What follows is ordered when the last of the ordered times has come.
        if taken.order.times.is_none_or(|times| times == 0) {
            for next in taken.order.then.clone() {
                self.order(next);
            }
        }
        Some(taken)
    }

    pub(crate) fn cancel(&mut self, id: u64) -> bool {
        let before = self.standing.len();
        self.standing.retain(|fault| fault.id != id);
        self.standing.len() != before
    }

    pub(crate) fn clear(&mut self) {
        self.standing.clear();
    }

    pub(crate) fn to_json(&self) -> Value {
        json!(self.standing)
    }
}

impl Fault {
    fn matches(&self, facts: &RequestFacts<'_>) -> bool {
        let order = &self.order;
        let token_endpoint = facts.operation.is_some_and(Operation::is_token_endpoint);
        let is_operation = |wanted: &str| facts.operation.is_some_and(|operation| operation.ids.contains(&wanted));
        order.method.as_deref().is_none_or(|method| method == facts.method)
            && order.path.as_deref().is_none_or(|pattern| WildMatch::new(pattern).matches(facts.path))
            && order
                .name
                .as_deref()
                .is_none_or(|pattern| facts.name.is_some_and(|name| WildMatch::new(pattern).matches(name)))
            && order.operation.as_deref().is_none_or(is_operation)
            && order.endpoint.as_deref().is_none_or(|wanted| {
                (wanted == API && !token_endpoint)
                    || facts.operation.is_some_and(|operation| operation.endpoint.name() == wanted)
                    || is_operation(wanted)
            })
            && match order.authorization.as_deref() {
                // The token endpoint is met only if it is named: nobody means it who orders a fault for “the next POST”.
                None if token_endpoint => order.path.is_some() || order.endpoint.is_some() || order.operation.is_some(),
                // The first round trip of a digest exchange carries no credentials: a fault waits for the second.
                None => facts.scheme != "none",
                Some("any") => true,
                Some(wanted) => wanted == facts.scheme,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind::FaultKind;
    use super::*;
    use crate::emulator::http::operations::OPERATIONS;

    fn facts<'a>(method: &'a str, scheme: &'a str) -> RequestFacts<'a> {
        let operation = OPERATIONS.iter().find(|operation| operation.id() == "getGroupFlexCluster");
        RequestFacts { method, path: "/p", name: Some("one"), operation, scheme }
    }

    fn take(faults: &mut Faults, method: &str, scheme: &str) -> Option<FaultKind> {
        faults.take(&facts(method, scheme)).map(|fault| fault.order.kind)
    }

    #[test]
    fn skip_times_and_then_count_matching_requests_only() {
        let mut faults = Faults::default();
        let order = json!({"method": "post", "skip": 1, "times": 2, "then": [{"kind": "close", "method": "GET"}]});
        faults.order(Order::from_json(&order).unwrap());
        assert_eq!(take(&mut faults, "GET", "bearer"), None);
        assert_eq!(take(&mut faults, "POST", "none"), None, "the first round trip of a digest exchange does not count");
        assert_eq!(take(&mut faults, "POST", "digest"), None, "skipped");
        assert_eq!(take(&mut faults, "POST", "bearer"), Some(FaultKind::Status));
        let left = json!([{
            "id": 1, "kind": "status", "method": "POST", "times": 1, "skip": 0, "after_store": false, "applied": 1,
            "then": [{"kind": "close", "method": "GET", "times": 1, "skip": 0, "after_store": false}],
        }]);
        assert_eq!(faults.to_json(), left);
        assert_eq!(take(&mut faults, "GET", "bearer"), None, "not ordered yet");
        assert_eq!(take(&mut faults, "POST", "bearer"), Some(FaultKind::Status));
        assert_eq!(take(&mut faults, "GET", "bearer"), Some(FaultKind::Close));
        assert_eq!(faults.to_json(), json!([]));
    }

    #[test]
    fn every_operation_is_hit_by_each_of_its_ids_and_by_its_endpoint() {
        for operation in &OPERATIONS {
            let api = if operation.is_token_endpoint() { None } else { Some(API) };
            let names = operation.ids.iter().copied().map(|id| ("operation", id));
            let endpoints = operation.ids.iter().copied().chain([operation.endpoint.name()]).chain(api);
            for (key, name) in names.chain(endpoints.map(|name| ("endpoint", name))) {
                let mut faults = Faults::default();
                faults.order(Order::from_json(&json!({ key: name, "times": null })).unwrap());
                let hit: Vec<&str> = OPERATIONS
                    .iter()
                    .filter(|other| {
                        faults.take(&RequestFacts { operation: Some(other), ..facts("GET", "bearer") }).is_some()
                    })
                    .map(Operation::id)
                    .collect();
                let expected: Vec<&str> = OPERATIONS
                    .iter()
                    .filter(|other| match name {
                        API => !other.is_token_endpoint(),
                        _ => other.ids.contains(&name) || (key == "endpoint" && other.endpoint.name() == name),
                    })
                    .map(Operation::id)
                    .collect();
                assert!(expected.contains(&operation.id()), "{key} {name}");
                assert_eq!(hit, expected, "{key} {name}");
            }
        }
    }

    #[test]
    fn paths_and_names_are_matched_with_wildcards() {
        for (key, pattern, hit) in [
            ("name", "*", true),
            ("name", "o?e", true),
            ("name", "on", false),
            ("name", "o*e", true),
            ("name", "one?", false),
            ("path", "/p", true),
            ("path", "/*", true),
            ("path", "/p*", true),
            ("path", "p", false),
        ] {
            let mut faults = Faults::default();
            faults.order(Order::from_json(&json!({ key: pattern })).unwrap());
            assert_eq!(take(&mut faults, "GET", "bearer").is_some(), hit, "{key} {pattern}");
        }
    }
}
