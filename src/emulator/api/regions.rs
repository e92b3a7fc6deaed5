//! The regions and what they offer, from `regions.csv` beside this file, and
//! `/api/atlas/v2/groups/{groupId}/clusters/provider/regions`.

use serde_json::{Value, json};

use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::Call;
use crate::emulator::store::Store;

/// Whether the region is known, and what it offers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Region {
    pub(crate) flex: bool,
    pub(crate) serverless: bool,
}

pub(crate) const PROVIDERS: [&str; 3] = ["AWS", "AZURE", "GCP"];

/// The tiers that are listed unless one is asked for.
const TIERS: [&str; 2] = ["FLEX", "M10"];

/// Those that Atlas proposes first, as recorded; of the other providers none was.
const PROPOSED: [(&str, &str); 2] = [("AWS", "US_EAST_1"), ("AWS", "US_WEST_2")];

pub(crate) fn find(provider: &str, region: &str) -> Option<Region> {
    all().find(|(of, name, _)| (*of, *name) == (provider, region)).map(|(.., found)| found)
}

/// Provider, name and what is offered. “unknown” counts as offered: the list ages, and refusing what exists would be worse.
fn all() -> impl Iterator<Item = (&'static str, &'static str, Region)> {
    include_str!("regions.csv").lines().skip(1).filter_map(|line| {
        let mut cells = line.split(',');
        let (provider, name) = (cells.next()?, cells.next()?);
        Some((provider, name, Region { flex: cells.next()? != "no", serverless: cells.next()? != "no" }))
    })
}

/// The regions of each provider for each tier; `providers` and `tier` narrow them.
pub(crate) fn list(store: &Store, call: &Call<'_>) -> Result<Reply, ApiError> {
    store.project(call.group_id).ok_or_else(|| ApiError::group_not_found(call.group_id))?;
    let asked: Vec<&str> =
        call.query.parameters.iter().filter(|(key, _)| key == "providers").map(|(_, value)| value.as_str()).collect();
    let tier = call.query.get("tier");
    let tiers = if let Some(tier) = tier { vec![tier] } else { TIERS.to_vec() };
    let results = PROVIDERS
        .into_iter()
        .filter(|provider| asked.is_empty() || asked.contains(provider))
        .map(|provider| {
            let sizes: Vec<Value> =
                tiers.iter().map(|tier| json!({"availableRegions": available(provider, tier), "name": tier})).collect();
            json!({"instanceSizes": sizes, "provider": provider})
        })
        .collect();
    lists::page(&call.query, results)
}

fn available(provider: &str, tier: &str) -> Vec<Value> {
    all()
        .filter(|(of, _, region)| *of == provider && (tier != "FLEX" || region.flex))
        .map(|(of, name, _)| json!({"default": PROPOSED.contains(&(of, name)), "name": name}))
        .collect()
}
