//! The search for credentials: a method for each source.
use super::base_url;
use super::environment::{EnvCredentials, look_up};
use super::options::{ExplicitOptions, Sources};
use super::parts::{CredentialPart, CredentialValue, build, id_part, parts, secret_part};
use super::profile::{Profile, ProfileLookup, ProfileRequest, load};
use super::profile_credentials;
use super::resolved::{ResolvedCredentials, SourcedCredentials, Step};
use crate::core::auth::credentials::{CredentialKind, Credentials};
use crate::core::auth::jwt;
use crate::core::error::{Notice, NoticeKind};
use crate::core::machine::Machine;
use crate::core::spec::validate;

/// Searches all sources in order. Steps and notices come with an error too.
pub(crate) fn run(
    options: &ExplicitOptions,
    machine: &dyn Machine,
) -> (Vec<Step>, Vec<Notice>, Result<ResolvedCredentials, String>) {
    let mut search = Search { options, machine, steps: Vec::new(), notices: Vec::new(), incomplete: Vec::new() };
    let result = search.run();
    (search.steps, search.notices, result)
}

struct Search<'a> {
    options: &'a ExplicitOptions,
    machine: &'a dyn Machine,
    steps: Vec<Step>,
    notices: Vec<Notice>,
    /// Clauses about sources with incomplete credentials.
    incomplete: Vec<String>,
}

impl Search<'_> {
    fn run(&mut self) -> Result<ResolvedCredentials, String> {
        if self.options.profile.as_deref().is_some_and(|name| name.trim().is_empty()) {
            return Err("profile is empty: leave it out, or name a profile of the Atlas CLI".to_owned());
        }
        if let Some(sourced) = self.arguments()? {
            self.step("environment and profiles", "not looked at");
            return self.resolve(sourced, None);
        }
        if self.options.profile.is_some() && self.options.sources == Sources::Environment {
            return Err("a profile is given (profile=) and the environment asked for: give one only".to_owned());
        }
        if self.options.profile.is_some() || self.options.sources == Sources::Profile {
            self.step("environment", "not looked at, since a profile was asked for");
            let (sourced, profile) = self.profile()?;
            return self.resolve(sourced, Some(&profile));
        }
        let sourced = self.environment()?;
        match (sourced, self.options.sources) {
            (Some(sourced), Sources::Environment) => self.resolve(sourced, None),
            (None, Sources::Environment) => Err(self.nothing_found()),
            (Some(sourced), _) => {
                let profile = self.profile_for_settings();
                self.resolve(sourced, profile.as_deref())
            }
            (None, _) => {
                let (sourced, profile) = self.profile()?;
                for clause in std::mem::take(&mut self.incomplete) {
                    self.warn(format!("{clause}, so the environment was passed over and {} used", sourced.source));
                }
                self.resolve(sourced, Some(&profile))
            }
        }
    }

    fn step(&mut self, looked_at: impl Into<String>, found: impl Into<String>) {
        self.steps.push(Step { looked_at: looked_at.into(), found: found.into() });
    }

    fn warn(&mut self, message: String) {
        self.notices.push(Notice { kind: NoticeKind::Credential, message });
    }

    fn arguments(&mut self) -> Result<Option<SourcedCredentials>, String> {
        let options = self.options;
        let field = |part: CredentialPart| Some(CredentialValue::new(part.argument(), options.part(part)?));
        let mut pairs: Vec<(CredentialKind, Option<CredentialValue>, Option<CredentialValue>)> = CredentialKind::ALL
            .into_iter()
            .map(|kind| (kind, id_part(kind).and_then(field), field(secret_part(kind))))
            .collect();
        pairs.retain(|(_, id, secret)| id.is_some() || secret.is_some());
        let names: Vec<String> =
            pairs.iter().flat_map(|(_, id, secret)| id.iter().chain(secret)).map(|field| field.name.clone()).collect();
        if pairs.len() > 1 {
            return Err(format!(
                "the arguments {} are for different kinds of credentials: give one kind only",
                names.join(", ")
            ));
        }
        let Some((kind, id, secret)) = pairs.pop() else {
            self.step("arguments", "no credentials");
            return Ok(None);
        };
        if options.profile.is_some() || options.sources != Sources::All {
            let other = if options.sources == Sources::Environment { "the environment" } else { "a profile" };
            return Err(format!(
                "credentials are given as arguments ({}) and asked of {other}: give one only",
                names.join(", ")
            ));
        }
        let missing = parts(kind).find(|part| !names.iter().any(|name| name == part.argument()));
        if let Some(missing) = missing {
            return Err(self.incomplete_arguments(&names.join(", "), missing));
        }
        // No part is missing, so there is a secret.
        let Some(secret) = secret else { return Ok(None) };
        let credentials = build(kind, id, secret, &mut self.notices)?;
        self.step("arguments", format!("{}, used", credentials.describe()));
        Ok(Some(SourcedCredentials {
            credentials,
            source: format!("arguments ({})", names.join(", ")),
            login_of_profile: None,
        }))
    }

    fn incomplete_arguments(&self, given: &str, missing: CredentialPart) -> String {
        let variable = missing.variables().iter().find(|name| self.machine.var(name).is_some());
        let note = variable
            .map(|name| format!(" ({name} is set, but arguments and environment are never mixed)"))
            .unwrap_or_default();
        format!("the argument {given} is given without {}: give both{note}", missing.argument())
    }

    fn environment(&mut self) -> Result<Option<SourcedCredentials>, String> {
        let mut sourced: Option<SourcedCredentials> = None;
        let mut also = Vec::new();
        for kind in CredentialKind::ALL {
            let names: Vec<&str> = parts(kind).flat_map(|part| part.variables()).copied().collect();
            let looked_at = format!("environment, {}: {}", kind.name(), names.join(", "));
            match look_up(kind, self.machine) {
                EnvCredentials::Absent => self.step(looked_at, "not set"),
                EnvCredentials::Empty(clause) => {
                    self.step(looked_at, clause);
                }
                EnvCredentials::Incomplete(clause) => {
                    self.step(looked_at, format!("incomplete: {clause}"));
                    self.incomplete.push(clause);
                }
                EnvCredentials::Complete(pair) if sourced.is_some() => {
                    self.step(looked_at, format!("complete ({}), not used", pair.names()));
                    also.push(format!("{} ({})", kind.with_article(), pair.names()));
                }
                EnvCredentials::Complete(pair) => {
                    let source = format!("environment ({})", pair.names());
                    self.notices.extend(pair.notices);
                    let credentials = build(kind, pair.id, pair.secret, &mut self.notices)?;
                    self.step(looked_at, format!("{}, used", credentials.describe()));
                    sourced = Some(SourcedCredentials { credentials, source, login_of_profile: None });
                }
            }
        }
        if let Some(sourced) = &sourced {
            let used = format!("{} from {}", sourced.credentials.kind().name(), sourced.source);
            if !also.is_empty() {
                self.warn(format!("the environment also holds {}; the {used} was used", also.join(" and ")));
            }
            for clause in std::mem::take(&mut self.incomplete) {
                self.warn(format!("{clause}; the {used} was used"));
            }
        }
        Ok(sourced)
    }

    /// Credentials from the profile.
    fn profile(&mut self) -> Result<(SourcedCredentials, Box<Profile>), String> {
        let request = ProfileRequest::new(self.options.profile.as_deref(), self.machine);
        let looked_at = match &request.name {
            Some(name) => format!("Atlas CLI profile {name} (named by {})", request.requested_by),
            None => "Atlas CLI profile default".to_owned(),
        };
        let named = request.name.is_some();
        let profile = match load(&request, self.machine) {
            Ok(ProfileLookup::Loaded(profile)) => profile,
            Ok(ProfileLookup::Absent(clause)) if named => {
                return Err(self.profile_error(
                    looked_at,
                    format!("{clause}; it was asked for by {}", request.requested_by),
                    true,
                ));
            }
            Ok(ProfileLookup::Absent(clause)) => {
                self.step(looked_at, clause);
                return Err(self.nothing_found());
            }
            Err(message) => return Err(self.profile_error(looked_at, message, named)),
        };
        match profile_credentials::find(&profile, self.machine, &mut self.notices) {
            Ok(Some(sourced)) => {
                self.step(looked_at, format!("{} in {}, used", sourced.credentials.describe(), sourced.source));
                Ok((sourced, profile))
            }
            Ok(None) => {
                let message = format!("{profile} has no credentials, neither in the file nor in the keyring");
                Err(self.profile_error(looked_at, message, named))
            }
            Err(message) => Err(self.profile_error(looked_at, message, named)),
        }
    }

    /// The message for a profile that cannot be used. If it was not requested by name, the message names the other sources
    /// too.
    fn profile_error(&mut self, looked_at: String, message: String, named: bool) -> String {
        if named {
            self.step(looked_at, message.clone());
            return std::iter::once(message).chain(std::mem::take(&mut self.incomplete)).collect::<Vec<_>>().join("; ");
        }
        let others = self.nothing_found();
        self.step(looked_at, message.clone());
        format!("{message}. Besides, {others}")
    }

    /// The profile for base URL and project only: if it cannot be used, that is a warning.
    fn profile_for_settings(&mut self) -> Option<Box<Profile>> {
        let request = ProfileRequest::new(None, self.machine);
        match load(&request, self.machine) {
            Ok(ProfileLookup::Loaded(profile)) => {
                self.step(profile.to_string(), "read for base URL, project and organization only");
                Some(profile)
            }
            Ok(ProfileLookup::Absent(clause)) => {
                if request.name.is_some() {
                    self.warn(format!("{clause}; the profile was asked for by {}", request.requested_by));
                }
                self.step("Atlas CLI profile, for base URL, project and organization only", clause);
                None
            }
            Err(message) => {
                self.warn(message.clone());
                self.step("Atlas CLI profile, for base URL, project and organization only", message);
                None
            }
        }
    }

    fn resolve(
        &mut self,
        sourced: SourcedCredentials,
        profile: Option<&Profile>,
    ) -> Result<ResolvedCredentials, String> {
        let (base_url, base_url_source) = base_url::choose(self.options, self.machine, profile, &mut self.notices)?;
        let set =
            |name: &str| self.machine.var(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let either = |names: [&str; 2], of_profile: Option<&String>| {
            names.into_iter().find_map(set).or_else(|| of_profile.cloned())
        };
        let group_id = match &self.options.group_id {
            Some(group_id) => Some(checked_project(group_id)?),
            None => {
                either(["MONGODB_ATLAS_PROJECT_ID", "MCLI_PROJECT_ID"], profile.and_then(|p| p.project_id.as_ref()))
            }
        };
        let org_id = either(["MONGODB_ATLAS_ORG_ID", "MCLI_ORG_ID"], profile.and_then(|p| p.org_id.as_ref()));
        let expires_at = match &sourced.credentials {
            Credentials::AccessToken { token } => jwt::expiry(token.expose()),
            _ => None,
        };
        if let Some(end) = expires_at.filter(|end| *end <= self.machine.now()) {
            // A warning only: this machine's clock may be wrong.
            self.warn(format!(
                "the access token from {} ended at {}, by this machine's clock",
                sourced.source,
                jwt::utc(end)
            ));
        }
        let SourcedCredentials { credentials, source, login_of_profile } = sourced;
        let (steps, notices) = (Vec::new(), Vec::new());
        Ok(ResolvedCredentials {
            credentials,
            source,
            base_url,
            base_url_source,
            group_id,
            org_id,
            expires_at,
            login_of_profile,
            steps,
            notices,
        })
    }

    /// The message if no source has complete credentials.
    fn nothing_found(&self) -> String {
        let searched: Vec<String> =
            self.steps.iter().map(|step| format!("{} ({})", step.looked_at, step.found)).collect();
        format!(
            "no complete credentials were found. Give client_id and client_secret (a service account, recommended), \
             public_key and private_key (an API key), or access_token; or set MONGODB_ATLAS_CLIENT_ID and \
             MONGODB_ATLAS_CLIENT_SECRET; or run “atlas auth login”. Looked at: {}",
            searched.join("; ")
        )
    }
}

/// The argument `group_id`, which is checked where it is given.
fn checked_project(group_id: &str) -> Result<String, String> {
    match validate::group_id(group_id) {
        None => Ok(group_id.to_owned()),
        Some(violation) => Err(format!("group_id {}", violation.message)),
    }
}
