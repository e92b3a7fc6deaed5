//! Notices about regions. Never errors: the table ages, and the service decides.
use super::describe::quoted;
use crate::core::error::{Notice, NoticeKind};
use crate::core::spec::model::Kind;
use crate::core::spec::model::regions;
use crate::core::spec::model::regions::{Availability, Region};

/// A notice, if the region is not one in which `provider` is known to offer the kind.
pub(super) fn notice(kind: Kind, provider: &str, name: &str) -> Option<Notice> {
    match regions::find(provider, name) {
        Some(region) => notice_of(kind, region),
        None => Some(Notice { kind: NoticeKind::Region, message: unknown(provider, name) }),
    }
}

/// A notice, if a known region is not one that offers the kind.
pub(super) fn notice_of(kind: Kind, region: &Region) -> Option<Notice> {
    not_offered(kind, region).map(|message| Notice { kind: NoticeKind::Region, message })
}

fn not_offered(kind: Kind, region: &Region) -> Option<String> {
    let what = match kind {
        Kind::Flex => "Flex clusters",
        // Since February 2025 a serverless create makes a Flex cluster.
        Kind::Serverless if region.serverless == Availability::No => "serverless instances and Flex clusters",
        Kind::Serverless => return None,
    };
    if region.flex != Availability::No {
        return None;
    }
    let Region { provider, name, place, .. } = region;
    let mut message = format!("{provider} {name} ({place}) does not offer {what}, as far as this version knows");
    if let Some((near, km)) = regions::nearest_flex(region) {
        message = format!(
            "{message}; the nearest {provider} region that does is {} ({}, about {km} km)",
            near.name, near.place
        );
    }
    Some(message)
}

fn unknown(provider: &str, name: &str) -> String {
    let shown = quoted(name);
    if let [region, ..] = regions::named(name) {
        return format!("{provider} has no region {shown} that this version knows, but {} has one", region.provider);
    }
    if let Some(region) = regions::find_by_spelling(Some(provider), name) {
        return format!("Atlas spells the {provider} region {shown} as {}", region.name);
    }
    if let Some(region) = regions::find_by_spelling(None, name) {
        return format!("{shown} is no {provider} region, but {} has it, as {}", region.provider, region.name);
    }
    let start = format!("this version knows no {provider} region {shown}, and sends it as it is");
    match similar_name(provider, name) {
        Some(near) => format!("{start}; did you mean {near}?"),
        None => start,
    }
}

fn similar_name(provider: &str, name: &str) -> Option<&'static str> {
    if name.len() > 64 {
        return None;
    }
    let name = name.to_uppercase();
    let of_provider = regions::all().iter().filter(|region| region.provider == provider);
    of_provider
        .map(|region| (region.name, strsim::osa_distance(&name, region.name)))
        .filter(|(_, distance)| *distance <= 2)
        .min_by_key(|(_, distance)| *distance)
        .map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: Kind, provider: &str, name: &str) -> Option<String> {
        notice(kind, provider, name).map(|notice| notice.message)
    }

    #[test]
    fn a_region_with_an_offer_gets_no_notice() {
        for region in regions::all() {
            let offered = region.flex != Availability::No;
            assert_eq!(message(Kind::Flex, region.provider, region.name).is_none(), offered);
            let offered = offered || region.serverless != Availability::No;
            assert_eq!(message(Kind::Serverless, region.provider, region.name).is_none(), offered);
        }
    }

    #[test]
    fn messages() {
        for (kind, provider, name, expected) in [
            (
                Kind::Flex,
                "AWS",
                "US_EAST_2",
                "AWS US_EAST_2 (Ohio) does not offer Flex clusters, as far as this version knows; the nearest AWS region that does is US_EAST_1 (Northern Virginia, about 490 km)",
            ),
            (
                Kind::Serverless,
                "AWS",
                "EU_WEST_2",
                "AWS EU_WEST_2 (London) does not offer serverless instances and Flex clusters, as far as this version knows; the nearest AWS region that does is EU_WEST_3 (Paris, about 340 km)",
            ),
            (Kind::Serverless, "AWS", "us-east-1", "Atlas spells the AWS region 'us-east-1' as US_EAST_1"),
            (Kind::Serverless, "GCP", "us-central1", "Atlas spells the GCP region 'us-central1' as CENTRAL_US"),
            (
                Kind::Serverless,
                "AWS",
                "CENTRAL_US",
                "AWS has no region 'CENTRAL_US' that this version knows, but GCP has one",
            ),
            (Kind::Serverless, "AWS", "eastus2", "'eastus2' is no AWS region, but AZURE has it, as US_EAST_2"),
            (
                Kind::Serverless,
                "AWS",
                "US_EST_1",
                "this version knows no AWS region 'US_EST_1', and sends it as it is; did you mean US_EAST_1?",
            ),
            (Kind::Serverless, "AWS", "MOON_1", "this version knows no AWS region 'MOON_1', and sends it as it is"),
        ] {
            assert_eq!(message(kind, provider, name).as_deref(), Some(expected));
        }
    }
}
