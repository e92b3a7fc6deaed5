//! The search itself: one method for each source.
use super::base_url;
use super::environment::{Holding, holding};
use super::parts::{Field, Kind, Part, build};
use super::profile::{Loaded, Profile, Wanted, load};
use super::profile_credentials;
use super::{ExplicitOptions, ResolvedCredentials, Sources, Step};
use crate::core::auth::credentials::Credentials;
use crate::core::auth::jwt;
use crate::core::error::{Notice, NoticeKind};
use crate::core::machine::Machine;
use crate::core::secret::Secret;

/// Credentials with the place they are from.
pub(crate) struct Picked {
    pub(crate) credentials: Credentials,
    pub(crate) source: String,
    pub(crate) login_of_profile: Option<String>,
}

/// Looks everywhere in order; steps and notices also come with a failure.
pub(crate) fn run(
    given: &ExplicitOptions,
    machine: &dyn Machine,
) -> (Vec<Step>, Vec<Notice>, Result<ResolvedCredentials, String>) {
    let mut search = Search { given, machine, steps: Vec::new(), notices: Vec::new(), passed_over: Vec::new() };
    let outcome = search.run();
    (search.steps, search.notices, outcome)
}

struct Search<'a> {
    given: &'a ExplicitOptions,
    machine: &'a dyn Machine,
    steps: Vec<Step>,
    notices: Vec<Notice>,
    /// Sources that hold something, but not enough.
    passed_over: Vec<String>,
}

impl Search<'_> {
    fn run(&mut self) -> Result<ResolvedCredentials, String> {
        if let Some(picked) = self.arguments()? {
            self.step("environment and profiles", "not looked at");
            return self.found(picked, None);
        }
        if self.given.profile.is_some() && self.given.sources == Sources::Environment {
            return Err("a profile is given (profile=) and the environment asked for: give one only".to_owned());
        }
        if self.given.profile.is_some() || self.given.sources == Sources::Profile {
            self.step("environment", "not looked at, since a profile was asked for");
            let (picked, profile) = self.profile()?;
            return self.found(picked, Some(&profile));
        }
        let picked = self.environment()?;
        match (picked, self.given.sources) {
            (Some(picked), Sources::Environment) => self.found(picked, None),
            (None, Sources::Environment) => Err(self.nothing()),
            (Some(picked), _) => {
                let profile = self.profile_for_settings();
                self.found(picked, profile.as_deref())
            }
            (None, _) => {
                let (picked, profile) = self.profile()?;
                for clause in std::mem::take(&mut self.passed_over) {
                    self.warn(format!("{clause}, so the environment was passed over and {} used", picked.source));
                }
                self.found(picked, Some(&profile))
            }
        }
    }

    fn step(&mut self, looked_at: impl Into<String>, found: impl Into<String>) {
        self.steps.push(Step { looked_at: looked_at.into(), found: found.into() });
    }

    fn warn(&mut self, message: String) {
        self.notices.push(Notice { kind: NoticeKind::Credential, message });
    }

    fn arguments(&mut self) -> Result<Option<Picked>, String> {
        let given = self.given;
        let text = |part: Part, value: &Option<String>| Some(Field::new(part.argument(), value.clone()?));
        let secret =
            |part: Part, value: &Option<Secret>| Some(Field::new(part.argument(), value.as_ref()?.expose().to_owned()));
        let mut pairs = vec![
            (Kind::AccessToken, None, secret(Part::AccessToken, &given.access_token)),
            (
                Kind::ServiceAccount,
                text(Part::ClientId, &given.client_id),
                secret(Part::ClientSecret, &given.client_secret),
            ),
            (Kind::ApiKey, text(Part::PublicKey, &given.public_key), secret(Part::PrivateKey, &given.private_key)),
        ];
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
        if given.profile.is_some() || given.sources != Sources::All {
            let other = if given.sources == Sources::Environment { "the environment" } else { "a profile" };
            return Err(format!(
                "credentials are given as arguments ({}) and asked of {other}: give one only",
                names.join(", ")
            ));
        }
        let missing = kind.parts().find(|part| !names.iter().any(|name| name == part.argument()));
        if let Some(missing) = missing {
            return Err(self.half_of_arguments(&names.join(", "), missing));
        }
        // `missing` was none, so the secret is there.
        let Some(secret) = secret else { return Ok(None) };
        let credentials = build(kind, id, secret, &mut self.notices)?;
        self.step("arguments", format!("{}, used", credentials.describe()));
        Ok(Some(Picked { credentials, source: format!("arguments ({})", names.join(", ")), login_of_profile: None }))
    }

    fn half_of_arguments(&self, given: &str, missing: Part) -> String {
        let variable = missing.variables().iter().find(|name| self.machine.var(name).is_some());
        let aside = variable
            .map(|name| format!(" ({name} is set, but arguments and environment are never mixed)"))
            .unwrap_or_default();
        format!("the argument {given} is given without {}: give both{aside}", missing.argument())
    }

    fn environment(&mut self) -> Result<Option<Picked>, String> {
        let mut picked: Option<Picked> = None;
        let mut also = Vec::new();
        for kind in Kind::ALL {
            let names: Vec<&str> = kind.parts().flat_map(|part| part.variables()).copied().collect();
            let looked_at = format!("environment, {}: {}", kind.name(), names.join(", "));
            match holding(kind, self.machine) {
                Holding::Nothing => self.step(looked_at, "not set"),
                Holding::Empty(clause) => {
                    self.step(looked_at, clause);
                }
                Holding::Half(clause) => {
                    self.step(looked_at, format!("incomplete: {clause}"));
                    self.passed_over.push(clause);
                }
                Holding::Complete(pair) if picked.is_some() => {
                    self.step(looked_at, format!("complete ({}), not used", pair.names()));
                    also.push(format!("{} ({})", kind.a_name(), pair.names()));
                }
                Holding::Complete(pair) => {
                    let source = format!("environment ({})", pair.names());
                    self.notices.extend(pair.notices);
                    let credentials = build(kind, pair.id, pair.secret, &mut self.notices)?;
                    self.step(looked_at, format!("{}, used", credentials.describe()));
                    picked = Some(Picked { credentials, source, login_of_profile: None });
                }
            }
        }
        if let Some(picked) = &picked {
            let used = format!("{} from {}", picked.credentials.kind(), picked.source);
            if !also.is_empty() {
                self.warn(format!("the environment also holds {}; the {used} was used", also.join(" and ")));
            }
            for clause in std::mem::take(&mut self.passed_over) {
                self.warn(format!("{clause}; the {used} was used"));
            }
        }
        Ok(picked)
    }

    /// The profile as the source of credentials.
    fn profile(&mut self) -> Result<(Picked, Box<Profile>), String> {
        let wanted = Wanted::new(self.given.profile.as_deref(), self.machine);
        let looked_at = match &wanted.name {
            Some(name) => format!("Atlas CLI profile {name} (named by {})", wanted.asked_by),
            None => "Atlas CLI profile default".to_owned(),
        };
        let named = wanted.name.is_some();
        let profile = match load(&wanted, self.machine) {
            Ok(Loaded::Ready(profile)) => profile,
            Ok(Loaded::Absent(clause)) if named => {
                return Err(self.failed(looked_at, format!("{clause}; it was asked for by {}", wanted.asked_by), true));
            }
            Ok(Loaded::Absent(clause)) => {
                self.step(looked_at, clause);
                return Err(self.nothing());
            }
            Err(message) => return Err(self.failed(looked_at, message, named)),
        };
        match profile_credentials::pick(&profile, self.machine, &mut self.notices) {
            Ok(Some(picked)) => {
                self.step(looked_at, format!("{} in {}, used", picked.credentials.describe(), picked.source));
                Ok((picked, profile))
            }
            Ok(None) => {
                let message = format!("{profile} has no credentials, neither in the file nor in the keyring");
                Err(self.failed(looked_at, message, named))
            }
            Err(message) => Err(self.failed(looked_at, message, named)),
        }
    }

    /// The message for a profile that can't be used. Where nobody asked for it by name, all other ways are told too.
    fn failed(&mut self, looked_at: String, message: String, named: bool) -> String {
        if named {
            self.step(looked_at, message.clone());
            return std::iter::once(message)
                .chain(std::mem::take(&mut self.passed_over))
                .collect::<Vec<_>>()
                .join("; ");
        }
        let others = self.nothing();
        self.step(looked_at, message.clone());
        format!("{message}. Besides, {others}")
    }

    /// The profile as the source of base URL and project only: what is wrong with it is a warning.
    fn profile_for_settings(&mut self) -> Option<Box<Profile>> {
        let wanted = Wanted::new(None, self.machine);
        match load(&wanted, self.machine) {
            Ok(Loaded::Ready(profile)) => {
                self.step(profile.to_string(), "read for base URL, project and organization only");
                Some(profile)
            }
            Ok(Loaded::Absent(clause)) => {
                if wanted.name.is_some() {
                    self.warn(format!("{clause}; the profile was asked for by {}", wanted.asked_by));
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

    fn found(&mut self, picked: Picked, profile: Option<&Profile>) -> Result<ResolvedCredentials, String> {
        let (base_url, base_url_source) = base_url::choose(self.given, self.machine, profile, &mut self.notices)?;
        let set =
            |name: &str| self.machine.var(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let either = |names: [&str; 2], of_profile: Option<&String>| {
            names.into_iter().find_map(set).or_else(|| of_profile.cloned())
        };
        let group_id =
            either(["MONGODB_ATLAS_PROJECT_ID", "MCLI_PROJECT_ID"], profile.and_then(|p| p.project_id.as_ref()));
        let org_id = either(["MONGODB_ATLAS_ORG_ID", "MCLI_ORG_ID"], profile.and_then(|p| p.org_id.as_ref()));
        let expires_at = match &picked.credentials {
            Credentials::AccessToken { token } => jwt::expiry(token.expose()),
            _ => None,
        };
        if let Some(end) = expires_at.filter(|end| *end <= self.machine.now()) {
            // This machine's clock may be wrong: the server decides.
            self.warn(format!(
                "the access token from {} ended at {}, by this machine's clock",
                picked.source,
                jwt::utc(end)
            ));
        }
        let Picked { credentials, source, login_of_profile } = picked;
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

    /// The message when there is nothing anywhere.
    fn nothing(&self) -> String {
        let looked: Vec<String> =
            self.steps.iter().map(|step| format!("{} ({})", step.looked_at, step.found)).collect();
        format!(
            "no complete credentials were found. Give client_id and client_secret (a service account, recommended), \
             public_key and private_key (an API key), or access_token; or set MONGODB_ATLAS_CLIENT_ID and \
             MONGODB_ATLAS_CLIENT_SECRET; or run “atlas auth login”. Looked at: {}",
            looked.join("; ")
        )
    }
}
