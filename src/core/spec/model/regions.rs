//! The regions of each provider, as data: `regions.csv` says what is offered where (it ages: what it does not
//! know is a warning, never an error), `places.csv` where a region is and what its cloud provider calls it.
use std::sync::LazyLock;

/// `provider,region_name,flex,serverless`, one line a region, with a head line.
pub const REGIONS_CSV: &str = include_str!("regions.csv");
/// `provider,region_name,cloud_name,place,latitude,longitude`, in the order of [`REGIONS_CSV`].
pub const PLACES_CSV: &str = include_str!("places.csv");

/// Whether something is offered in a region, as far as the table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// Not known.
    Unknown,
}

/// One region of one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// `AWS`, `AZURE` or `GCP`.
    pub provider: &'static str,
    /// Atlas' name for it.
    pub name: &'static str,
    /// Whether Flex clusters are offered.
    pub flex: Offer,
    /// Whether serverless instances were offered.
    pub serverless: Offer,
    /// The cloud provider's own name for it.
    pub cloud_name: &'static str,
    /// A city or area, for people.
    pub place: &'static str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    let mut regions: Vec<Region> =
        REGIONS_CSV.lines().zip(PLACES_CSV.lines()).skip(1).filter_map(|(offer, place)| parse(offer, place)).collect();
    regions.sort_by_key(|region| (region.name, region.provider));
    regions
});

fn parse(offers: &'static str, places: &'static str) -> Option<Region> {
    let (mut offers, mut places) = (offers.split(','), places.split(','));
    let (provider, name) = (offers.next()?, offers.next()?);
    let offer = |word| match word {
        "yes" => Offer::Yes,
        "no" => Offer::No,
        _ => Offer::Unknown,
    };
    let (flex, serverless) = (offer(offers.next()?), offer(offers.next()?));
    if (places.next()?, places.next()?) != (provider, name) {
        return None;
    }
    Some(Region {
        provider,
        name,
        flex,
        serverless,
        cloud_name: places.next()?,
        place: places.next()?,
        latitude: places.next()?.parse().ok()?,
        longitude: places.next()?.parse().ok()?,
    })
}

/// Every region, by name and provider.
#[must_use]
pub fn all() -> &'static [Region] {
    &REGIONS
}

/// The regions of that name (a name can be used by several providers).
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

/// The region that a name in another spelling means: the cloud provider's own (`us-east-1`, `eastus2`), or
/// Atlas' in other letters or separators (`us_east_1`). With a provider, only its regions.
#[must_use]
pub fn respelt(provider: Option<&str>, name: &str) -> Option<&'static Region> {
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

/// The nearest region of the same provider that offers Flex clusters, with the distance in kilometres, rounded to tens:
/// the places are not known better.
#[must_use]
pub fn nearest_flex(from: &Region) -> Option<(&'static Region, u32)> {
    REGIONS
        .iter()
        .filter(|region| region.provider == from.provider && region.flex == Offer::Yes)
        .map(|region| (region, distance(from, region)))
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(region, km)| (region, (km / 10.0).round() as u32 * 10))
}

/// Along the surface, in kilometres.
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
    fn every_line_of_both_tables_is_a_region() {
        assert_eq!(all().len(), REGIONS_CSV.lines().count() - 1);
        assert_eq!(all().len(), PLACES_CSV.lines().count() - 1);
        let of = |provider| all().iter().filter(|r| r.provider == provider).count();
        assert_eq!((of("AWS"), of("AZURE"), of("GCP")), (34, 54, 41));
        assert!(all().iter().all(|r| r.latitude.abs() < 70.0 && r.longitude.abs() < 180.0));
    }

    #[test]
    fn every_region_is_found_by_its_three_names() {
        for region in all() {
            assert_eq!(find(region.provider, region.name), Some(region));
            assert_eq!(respelt(Some(region.provider), &region.name.to_lowercase()), Some(region));
            assert_eq!(respelt(Some(region.provider), region.cloud_name), Some(region));
        }
        assert_eq!(named("US_WEST_2").iter().map(|r| r.provider).collect::<Vec<_>>(), ["AWS", "AZURE", "GCP"]);
        assert!(named("").is_empty() && named("ZZZ").is_empty() && find("GCP", "US_EAST_1").is_none());
        assert_eq!(respelt(None, "us-east-1").map(|r| r.name), Some("US_EAST_1"));
        assert_eq!(respelt(Some("AZURE"), "us-east-1"), None);
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
