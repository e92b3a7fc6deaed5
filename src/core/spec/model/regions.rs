//! The regions of each provider, from `regions.csv`: what is offered where, where a region is, and what its cloud provider
//! calls it. The table ages, so a region that it does not know is a warning, never an error.
use std::sync::LazyLock;

/// One line for each region, with a header.
pub const REGIONS_CSV: &str = include_str!("regions.csv");

/// Whether something is offered in a region, as far as the table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    Yes,
    No,
    Unknown,
}

/// One region of one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// `AWS`, `AZURE` or `GCP`.
    pub provider: &'static str,
    /// Atlas' name for it.
    pub name: &'static str,
    pub flex: Availability,
    pub serverless: Availability,
    /// The cloud provider's own name for it.
    pub cloud_name: &'static str,
    /// A city or area.
    pub place: &'static str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// By name, then provider.
static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    let mut regions: Vec<Region> = REGIONS_CSV.lines().skip(1).filter_map(parse).collect();
    regions.sort_by_key(|region| (region.name, region.provider));
    regions
});

fn parse(line: &'static str) -> Option<Region> {
    let mut cells = line.split(',');
    let availability = |word| match word {
        "yes" => Availability::Yes,
        "no" => Availability::No,
        _ => Availability::Unknown,
    };
    Some(Region {
        provider: cells.next()?,
        name: cells.next()?,
        flex: availability(cells.next()?),
        serverless: availability(cells.next()?),
        cloud_name: cells.next()?,
        place: cells.next()?,
        latitude: cells.next()?.parse().ok()?,
        longitude: cells.next()?.parse().ok()?,
    })
}

/// Every region, sorted by name and provider.
#[must_use]
pub fn all() -> &'static [Region] {
    &REGIONS
}

/// The regions of that name; several providers can use the same name.
#[must_use]
pub fn named(name: &str) -> &'static [Region] {
    let start = REGIONS.partition_point(|region| region.name < name);
    let tail = REGIONS.get(start..).unwrap_or_default();
    let count = tail.iter().take_while(|region| region.name == name).count();
    tail.get(..count).unwrap_or_default()
}

/// The region of that provider and name.
#[must_use]
pub fn find(provider: &str, name: &str) -> Option<&'static Region> {
    named(name).iter().find(|region| region.provider == provider)
}

/// The region that a name in another spelling means: the cloud provider's own name (`us-east-1`, `eastus2`), or Atlas'
/// name in another case or with other separators (`us_east_1`). With a provider, only its regions.
#[must_use]
pub fn find_by_spelling(provider: Option<&str>, name: &str) -> Option<&'static Region> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    if name.len() > 64 {
        return None;
    }
    let wanted = plain(name);
    let of_provider = |region: &&Region| provider.is_none_or(|provider| provider == region.provider);
    let mut regions = REGIONS.iter().filter(of_provider);
    regions
        .clone()
        .find(|region| plain(region.name) == wanted)
        .or_else(|| regions.find(|region| plain(region.cloud_name) == wanted))
}

/// The region of that provider that a misspelt name certainly means: Atlas' name in another case or with hyphens, or the
/// cloud provider's own name. `None` for Atlas' name itself, and for what is only similar.
#[must_use]
pub fn misspelt(provider: &str, name: &str) -> Option<&'static Region> {
    if name.len() > 64 || find(provider, name).is_some() {
        return None;
    }
    let trimmed = name.trim();
    find(provider, &trimmed.to_ascii_uppercase().replace('-', "_"))
        .or_else(|| REGIONS.iter().find(|r| r.provider == provider && r.cloud_name.eq_ignore_ascii_case(trimmed)))
}

/// The nearest region of the same provider that offers Flex clusters, and the distance in kilometres. It is rounded to
/// tens, since the coordinates are not more exact.
#[must_use]
pub fn nearest_flex(from: &Region) -> Option<(&'static Region, u32)> {
    REGIONS
        .iter()
        .filter(|region| region.provider == from.provider && region.flex == Availability::Yes)
        .map(|region| (region, distance(from, region)))
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(region, km)| (region, (km / 10.0).round() as u32 * 10))
}

/// The great-circle distance in kilometres.
fn distance(a: &Region, b: &Region) -> f64 {
    let (lat_a, lat_b) = (a.latitude.to_radians(), b.latitude.to_radians());
    let (d_lat, d_lon) = (lat_b - lat_a, (b.longitude - a.longitude).to_radians());
    let h = (d_lat / 2.0).sin().powi(2) + lat_a.cos() * lat_b.cos() * (d_lon / 2.0).sin().powi(2);
    2.0 * 6371.0 * h.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_region() {
        assert_eq!(all().len(), REGIONS_CSV.lines().count() - 1);
        let of = |provider| all().iter().filter(|r| r.provider == provider).count();
        assert_eq!((of("AWS"), of("AZURE"), of("GCP")), (34, 54, 41));
        for region in all() {
            assert!(region.latitude.abs() < 70.0, "{region:?}");
            assert!(region.longitude.abs() < 180.0, "{region:?}");
        }
    }

    #[test]
    fn every_region_is_found_by_its_three_names() {
        for region in all() {
            assert_eq!(find(region.provider, region.name), Some(region));
            assert_eq!(find_by_spelling(Some(region.provider), &region.name.to_lowercase()), Some(region));
            assert_eq!(find_by_spelling(Some(region.provider), region.cloud_name), Some(region));
        }
        assert_eq!(named("US_WEST_2").iter().map(|r| r.provider).collect::<Vec<_>>(), ["AWS", "AZURE", "GCP"]);
        assert_eq!(named(""), []);
        assert_eq!(named("ZZZ"), []);
        assert_eq!(find("GCP", "US_EAST_1"), None);
        assert_eq!(find_by_spelling(None, "us-east-1").map(|r| r.name), Some("US_EAST_1"));
        assert_eq!(find_by_spelling(Some("AZURE"), "us-east-1"), None);
    }

    #[test]
    fn misspelt_is_only_what_certainly_means_a_region() {
        let means = |provider, name| misspelt(provider, name).map(|region| region.name);
        for (provider, name, meant) in [
            ("AWS", "us_east_1", Some("US_EAST_1")),
            ("AWS", " US_EAST_1\n", Some("US_EAST_1")),
            ("AWS", "US-EAST-1", Some("US_EAST_1")),
            ("AWS", "us-east-1", Some("US_EAST_1")),
            ("GCP", "us-central1", Some("CENTRAL_US")),
            ("AZURE", "eastus2", Some("US_EAST_2")),
            ("AWS", "US_EAST_1", None),
            ("AWS", "EU_WEST_9", None),
            ("AWS", "useast1", None),
            ("AWS", "us-central1", None),
            ("AZURE", "us-east-1", None),
        ] {
            assert_eq!(means(provider, name), meant, "{provider} {name:?}");
        }
    }

    #[test]
    fn nearest_keeps_the_provider() {
        let nearest = |provider, name| nearest_flex(find(provider, name).unwrap()).map(|(r, km)| (r.name, km));
        assert_eq!(nearest("AWS", "US_EAST_1"), Some(("US_EAST_1", 0)));
        assert_eq!(nearest("AWS", "US_EAST_2").unwrap().0, "US_EAST_1");
        assert_eq!(nearest("AWS", "EU_WEST_2").unwrap().0, "EU_WEST_3");
        assert_eq!(nearest("AZURE", "US_EAST").unwrap().0, "US_EAST_2");
        assert_eq!(nearest("GCP", "US_WEST_2").unwrap().0, "CENTRAL_US");
        assert_eq!(nearest("GCP", "AFRICA_SOUTH_1").unwrap().0, "ASIA_SOUTH_1");
    }
}
