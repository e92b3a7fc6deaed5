//! The regions and what they offer, from `regions.csv` beside this file.

/// Whether the region is known, and what it offers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Region {
    pub(crate) flex: bool,
    pub(crate) serverless: bool,
}

pub(crate) const PROVIDERS: [&str; 3] = ["AWS", "AZURE", "GCP"];

/// “unknown” counts as offered: the list ages, and refusing what exists would be worse.
pub(crate) fn find(provider: &str, region: &str) -> Option<Region> {
    include_str!("regions.csv").lines().skip(1).find_map(|line| {
        let mut cells = line.split(',');
        if cells.next()? != provider || cells.next()? != region {
            return None;
        }
        Some(Region { flex: cells.next()? != "no", serverless: cells.next()? != "no" })
    })
}
