//! The faults that are ordered and not used up.

use serde_json::Value;

use super::order::{Fault, RequestFacts};

/// The orders that stand, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    standing: Vec<Fault>,
    next: u64,
}

impl Faults {
    /// Orders a fault and returns its number.
    pub(crate) fn order(&mut self, mut fault: Fault) -> u64 {
        self.next += 1;
        fault.id = self.next;
        self.standing.push(fault);
        self.next
    }

    /// The fault that hits this request, if any; it counts as applied.
    pub(crate) fn take(&mut self, facts: &RequestFacts<'_>) -> Option<Fault> {
        self.first(|fault| !fault.kind.on_accept() && fault.matches(facts))
    }

    /// The fault that hits a connection which was just accepted.
    pub(crate) fn take_on_accept(&mut self) -> Option<Fault> {
        self.first(|fault| fault.kind.on_accept())
    }

    fn first(&mut self, hits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut taken = None;
        for fault in &mut self.standing {
            if fault.times == Some(0) || !hits(fault) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.applied += 1;
            fault.times = fault.times.map(|times| times - 1);
            taken = Some(fault.clone());
            break;
        }
        self.standing.retain(|fault| fault.times != Some(0));
        let taken = taken?;
        // What follows is armed when the last of the ordered times has come.
        if taken.times.is_none_or(|times| times == 0) {
            for next in taken.then.clone() {
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
        self.standing.iter().map(Fault::to_json).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::order::FaultKind;
    use super::*;

    fn facts<'a>(method: &'a str, scheme: &'a str) -> RequestFacts<'a> {
        RequestFacts { method, path: "/p", name: Some("one"), endpoint: "flex", operation: "getFlexCluster", scheme }
    }

    #[test]
    fn skip_times_and_then_count_matching_requests_only() {
        let mut faults = Faults::default();
        let order = json!({"method": "post", "skip": 1, "times": 2, "then": [{"kind": "close", "method": "GET"}]});
        faults.order(Fault::from_json(&order).unwrap());
        assert!(faults.take(&facts("GET", "bearer")).is_none());
        assert!(faults.take(&facts("POST", "none")).is_none(), "the first leg of a digest does not count");
        assert!(faults.take(&facts("POST", "digest")).is_none(), "skipped");
        assert!(faults.take(&facts("POST", "bearer")).is_some());
        assert!(faults.take(&facts("GET", "bearer")).is_none(), "not armed yet");
        assert!(faults.take(&facts("POST", "bearer")).is_some());
        assert_eq!(faults.take(&facts("GET", "bearer")).unwrap().kind, FaultKind::Close);
        assert_eq!(faults.to_json(), json!([]));
    }

    #[test]
    fn a_misspelt_order_is_refused() {
        assert!(Fault::from_json(&json!({"knd": "close"})).unwrap_err().contains("knd"));
        assert!(Fault::from_json(&json!({"kind": "explode"})).unwrap_err().contains("half_body"));
        assert!(Fault::from_json(&json!({"kind": "delay"})).is_err());
    }
}
