//! The fields of both kinds, as data. Source: the bodies of `createServerlessInstance`,
//! `updateServerlessInstance`, `createGroupFlexCluster` and `updateGroupFlexCluster` in MongoDB's published
//! API description, and the fields of recorded replies.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::text_form::TextForm;

/// Whether a request may carry a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Must be sent.
    Required,
    /// May be sent.
    Optional,
    /// Set by the service, refused in any request.
    ReadOnly,
    /// Set by create, refused by update.
    Unchangeable,
}

/// The type of a field.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    Name,
    /// One of these words.
    Enum(&'static [&'static str]),
    Region,
    Bool,
    /// A list of `{key, value}`, or a mapping from keys to values.
    Tags,
    Object(&'static Object),
    List(&'static Object),
    Text(TextForm),
    /// Of a field that is only in replies.
    ReadOnly,
}

/// One field.
#[derive(Debug)]
pub struct Field {
    /// The API's name.
    pub name: &'static str,
    /// The same in snake_case.
    pub snake: &'static str,
    pub kind: Type,
    /// In the body of a create.
    pub create: Access,
    /// In the body of an update.
    pub update: Access,
    /// The service's documented default.
    pub default: Option<&'static str>,
    /// What a valid value is, as it follows "must be" in a message.
    pub expects: &'static str,
    /// One sentence for the documentation.
    pub about: &'static str,
}

/// An object and its fields, those that can be sent first.
#[derive(Debug)]
pub struct Object {
    /// The object in a sentence, with an article.
    pub noun: &'static str,
    pub fields: &'static [Field],
    /// Names with this prefix are read-only although they are not in the table.
    pub read_only_prefix: Option<&'static str>,
}

impl Object {
    /// The field of that name in either spelling, and its index.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<(usize, &'static Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == key || field.snake == key)
    }
}

const fn text(
    name: &'static str,
    snake: &'static str,
    kind: Type,
    default: Option<&'static str>,
    expects: &'static str,
    about: &'static str,
) -> Field {
    let create = if default.is_some() { Access::Optional } else { Access::Required };
    Field { name, snake, kind, create, update: Access::Unchangeable, default, expects, about }
}

const fn read_only(name: &'static str, snake: &'static str, about: &'static str) -> Field {
    Field {
        name,
        snake,
        kind: Type::ReadOnly,
        create: Access::ReadOnly,
        update: Access::ReadOnly,
        default: None,
        expects: "left out",
        about,
    }
}

const NAME: Field = text(
    "name",
    "name",
    Type::Name,
    None,
    "text of letters, digits and hyphens, such as 'my-instance'",
    "Starts with a letter or digit; letters, digits and hyphens; at most 64 characters. Shorter than 23 characters \
     it may not end in a hyphen; longer, its 23rd may not be one. `atlas-` followed by six of `[a-z0-9]` is reserved. \
     The first 23 characters are unique in the project.",
);
const BACKING_PROVIDER_NAME: Field = text(
    "backingProviderName",
    "backing_provider_name",
    Type::Enum(&["AWS", "AZURE", "GCP"]),
    None,
    "AWS, AZURE or GCP",
    "The cloud provider: `AWS`, `AZURE` or `GCP`.",
);
const REGION_NAME: Field = text(
    "regionName",
    "region_name",
    Type::Region,
    None,
    "a region's name in Atlas' spelling, such as 'US_EAST_1'",
    "The region, in Atlas' spelling. One that the table of regions does not know is sent, with a warning.",
);
const TAGS: Field = Field {
    name: "tags",
    snake: "tags",
    kind: Type::Tags,
    create: Access::Optional,
    update: Access::Optional,
    default: None,
    expects: "a mapping such as {'env': 'dev'}, or a list of {'key': …, 'value': …}",
    about: "At most 50. Key and value each 1 to 255 letters, digits, spaces and `; @ _ - . +`; keys are unique and \
            case-sensitive. An update replaces all of them.",
};
const TERMINATION_PROTECTION_ENABLED: Field = Field {
    name: "terminationProtectionEnabled",
    snake: "termination_protection_enabled",
    kind: Type::Bool,
    create: Access::Optional,
    update: Access::Optional,
    default: Some("false"),
    expects: "True or False",
    about: "While true, the service refuses to delete it.",
};
const STATE_NAME: Field =
    read_only("stateName", "state_name", "`CREATING`, `IDLE`, `UPDATING`, `DELETING` or `REPAIRING`.");
const ID: Field = read_only("id", "id", "The resource's own id.");
const GROUP_ID: Field = read_only("groupId", "group_id", "The project; in a request it stands in the path.");
const CREATE_DATE: Field = read_only("createDate", "create_date", "When it was created, ISO 8601 in UTC.");
const LINKS: Field = read_only("links", "links", "Related addresses.");
const MONGO_DB_VERSION: Field = read_only("mongoDBVersion", "mongo_db_version", "The version of MongoDB.");
const CONNECTION_STRINGS: Field =
    read_only("connectionStrings", "connection_strings", "Where to connect; can come only after some seconds.");

/// `providerSettings` of a serverless instance.
pub static SERVERLESS_PROVIDER: Object = Object {
    noun: "providerSettings",
    fields: &[
        BACKING_PROVIDER_NAME,
        REGION_NAME,
        text(
            "providerName",
            "provider_name",
            Type::Enum(&["SERVERLESS"]),
            Some("SERVERLESS"),
            "SERVERLESS",
            "Only `SERVERLESS`.",
        ),
        read_only("effectiveDiskSizeGBLimit", "effective_disk_size_gb_limit", "Of the Flex cluster behind it."),
        read_only("effectiveInstanceSizeName", "effective_instance_size_name", "Of the Flex cluster behind it."),
        read_only("effectiveProviderName", "effective_provider_name", "Of the Flex cluster behind it."),
        read_only("nextBackupDate", "next_backup_date", "When the next backup is made."),
        read_only("tenantBackupEnabled", "tenant_backup_enabled", "Whether backups are made."),
    ],
    read_only_prefix: Some("effective"),
};

/// `serverlessBackupOptions`.
pub static SERVERLESS_BACKUP: Object = Object {
    noun: "serverlessBackupOptions",
    fields: &[Field {
        name: "serverlessContinuousBackupEnabled",
        snake: "serverless_continuous_backup_enabled",
        kind: Type::Bool,
        create: Access::Optional,
        update: Access::Optional,
        default: Some("true"),
        expects: "True or False",
        about: "Without effect since February 2025: replies say false.",
    }],
    read_only_prefix: None,
};

/// A serverless instance.
pub static SERVERLESS: Object = Object {
    noun: "a serverless instance",
    fields: &[
        NAME,
        Field {
            name: "providerSettings",
            snake: "provider_settings",
            kind: Type::Object(&SERVERLESS_PROVIDER),
            create: Access::Required,
            update: Access::Unchangeable,
            default: None,
            expects: "a mapping such as {'backingProviderName': 'AWS', 'regionName': 'US_EAST_1'}",
            about: "Provider and region.",
        },
        TAGS,
        TERMINATION_PROTECTION_ENABLED,
        Field {
            name: "serverlessBackupOptions",
            snake: "serverless_backup_options",
            kind: Type::Object(&SERVERLESS_BACKUP),
            create: Access::Optional,
            update: Access::Optional,
            default: None,
            expects: "a mapping such as {'serverlessContinuousBackupEnabled': False}",
            about: "Backups. Flex clusters have no such field.",
        },
        STATE_NAME,
        ID,
        GROUP_ID,
        CREATE_DATE,
        LINKS,
        MONGO_DB_VERSION,
        CONNECTION_STRINGS,
    ],
    read_only_prefix: None,
};

/// `providerSettings` of a Flex cluster.
pub static FLEX_PROVIDER: Object = Object {
    noun: "providerSettings",
    fields: &[
        BACKING_PROVIDER_NAME,
        REGION_NAME,
        // Published as read-only, yet the service takes it, and MongoDB's own CLI always sends it.
        text(
            "providerName",
            "provider_name",
            Type::Enum(&["FLEX"]),
            Some("FLEX"),
            "FLEX, or left out",
            "Only `FLEX`; may be left out.",
        ),
        read_only("diskSizeGB", "disk_size_gb", "Always 5.0."),
    ],
    read_only_prefix: None,
};

/// A Flex cluster.
pub static FLEX: Object = Object {
    noun: "a Flex cluster",
    fields: &[
        NAME,
        Field {
            name: "providerSettings",
            snake: "provider_settings",
            kind: Type::Object(&FLEX_PROVIDER),
            create: Access::Required,
            update: Access::Unchangeable,
            default: None,
            expects: "a mapping such as {'backingProviderName': 'AWS', 'regionName': 'US_EAST_1'}",
            about: "Provider and region.",
        },
        TAGS,
        TERMINATION_PROTECTION_ENABLED,
        STATE_NAME,
        ID,
        GROUP_ID,
        CREATE_DATE,
        LINKS,
        MONGO_DB_VERSION,
        CONNECTION_STRINGS,
        read_only("backupSettings", "backup_settings", "Backups are fixed: `enabled` is true."),
        read_only("clusterType", "cluster_type", "Always `REPLICASET`."),
        read_only("versionReleaseSystem", "version_release_system", "Always `LTS`."),
    ],
    read_only_prefix: None,
};

static OBJECTS: [&Object; 5] = [&SERVERLESS, &SERVERLESS_PROVIDER, &SERVERLESS_BACKUP, &FLEX, &FLEX_PROVIDER];

/// A field's name as a static text, so that the caller need not copy it; `None` if no field has this name.
#[must_use]
pub fn static_name(text: &str) -> Option<&'static str> {
    // By length: a name differs from nearly all others in it, and comparing two texts costs less than hashing one.
    static NAMES: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
        let fields = OBJECTS.iter().flat_map(|object| object.fields);
        let names: BTreeSet<_> = fields.flat_map(|field| [field.name, field.snake]).chain(["key", "value"]).collect();
        let longest = names.iter().map(|name| name.len()).max().unwrap_or_default();
        (0..=longest).map(|length| names.iter().copied().filter(|name| name.len() == length).collect()).collect()
    });
    NAMES.get(text.len())?.iter().copied().find(|name| *name == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// camelCase to snake_case: a run of capitals is one word, except that its last begins the next.
    fn snake(name: &str) -> String {
        let chars: Vec<char> = name.chars().collect();
        let mut out = String::new();
        for (i, c) in chars.iter().enumerate() {
            let before = i.checked_sub(1).map(|b| chars[b]);
            let after = chars.get(i + 1);
            let new_word = c.is_uppercase()
                && (before.is_some_and(char::is_lowercase)
                    || (before.is_some_and(char::is_uppercase) && after.is_some_and(|a| a.is_lowercase())));
            if new_word {
                out.push('_');
            }
            out.extend(c.to_lowercase());
        }
        out
    }

    #[test]
    fn every_alias_is_the_name_in_snake_case() {
        for field in OBJECTS.iter().flat_map(|object| object.fields) {
            let expected = if field.name == "mongoDBVersion" { "mongo_db_version".into() } else { snake(field.name) };
            assert_eq!(field.snake, expected);
        }
    }

    #[test]
    fn no_spelling_means_two_fields_and_32_bits_are_enough() {
        for object in OBJECTS {
            assert!(object.fields.len() <= 32);
            for (i, field) in object.fields.iter().enumerate() {
                assert_eq!(object.find(field.name).map(|(at, _)| at), Some(i));
                assert_eq!(object.find(field.snake).map(|(at, _)| at), Some(i));
            }
        }
    }

    #[test]
    fn only_what_may_change_is_sent_by_an_update() {
        let changeable = |object: &Object| -> Vec<&str> {
            object.fields.iter().filter(|f| f.update == Access::Optional).map(|f| f.name).collect()
        };
        assert_eq!(changeable(&SERVERLESS), ["tags", "terminationProtectionEnabled", "serverlessBackupOptions"]);
        assert_eq!(changeable(&FLEX), ["tags", "terminationProtectionEnabled"]);
    }

    #[test]
    fn static_names_are_those_of_the_fields_and_tags() {
        for field in OBJECTS.iter().flat_map(|object| object.fields) {
            assert_eq!(static_name(field.name), Some(field.name));
            assert_eq!(static_name(field.snake), Some(field.snake));
        }
        assert_eq!(static_name("key"), Some("key"));
        assert_eq!(static_name("value"), Some("value"));
        for other in ["", "nam", "Name", "namf", "value "] {
            assert_eq!(static_name(other), None, "{other}");
        }
    }
}
