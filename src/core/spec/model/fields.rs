//! The fields of both kinds, as data. Source: the bodies of `createServerlessInstance`,
//! `updateServerlessInstance`, `createGroupFlexCluster` and `updateGroupFlexCluster` in MongoDB's published
//! API description, and the fields of recorded replies.

use std::sync::LazyLock;

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

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// A resource's name.
    Name,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A region's name.
    Region,
    /// True or false.
    Flag,
    /// A list of `{key, value}`, or a mapping from keys to values.
    Tags,
    /// An object with fields of its own.
    Object(&'static Object),
    /// Anything: the field is never sent.
    Reply,
}

/// One field.
#[derive(Debug)]
pub struct Field {
    /// The API's name.
    pub name: &'static str,
    /// The same in snake_case.
    pub snake: &'static str,
    /// What it holds.
    pub kind: Type,
    /// In the body of a create.
    pub create: Access,
    /// In the body of an update.
    pub update: Access,
    /// What the service takes if it is left out, where documented.
    pub default: Option<&'static str>,
    /// What a right value is, to stand after "must be".
    pub expects: &'static str,
    /// One sentence for the documentation.
    pub about: &'static str,
}

/// An object: its fields, those that can be sent first.
#[derive(Debug)]
pub struct Object {
    /// What it is called in a sentence, with its article.
    pub noun: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
    /// A name that begins so is read-only although it has no row here.
    pub read_only_prefix: Option<&'static str>,
}

impl Object {
    /// The field of that name in either spelling, with its number in the table.
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

const fn reply(name: &'static str, snake: &'static str, about: &'static str) -> Field {
    Field {
        name,
        snake,
        kind: Type::Reply,
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
    Type::Word(&["AWS", "AZURE", "GCP"]),
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
    kind: Type::Flag,
    create: Access::Optional,
    update: Access::Optional,
    default: Some("false"),
    expects: "True or False",
    about: "While true, the service refuses to delete it.",
};
const STATE_NAME: Field =
    reply("stateName", "state_name", "`CREATING`, `IDLE`, `UPDATING`, `DELETING` or `REPAIRING`.");
const ID: Field = reply("id", "id", "The resource's own id.");
const GROUP_ID: Field = reply("groupId", "group_id", "The project; in a request it stands in the path.");
const CREATE_DATE: Field = reply("createDate", "create_date", "When it was created, ISO 8601 in UTC.");
const LINKS: Field = reply("links", "links", "Related addresses.");
const MONGO_DB_VERSION: Field = reply("mongoDBVersion", "mongo_db_version", "The version of MongoDB.");
const CONNECTION_STRINGS: Field =
    reply("connectionStrings", "connection_strings", "Where to connect; can come only after some seconds.");

/// `providerSettings` of a serverless instance.
pub static SERVERLESS_PROVIDER: Object = Object {
    noun: "providerSettings",
    fields: &[
        BACKING_PROVIDER_NAME,
        REGION_NAME,
        text(
            "providerName",
            "provider_name",
            Type::Word(&["SERVERLESS"]),
            Some("SERVERLESS"),
            "SERVERLESS",
            "Only `SERVERLESS`.",
        ),
        reply("effectiveDiskSizeGBLimit", "effective_disk_size_gb_limit", "Of the Flex cluster behind it."),
        reply("effectiveInstanceSizeName", "effective_instance_size_name", "Of the Flex cluster behind it."),
        reply("effectiveProviderName", "effective_provider_name", "Of the Flex cluster behind it."),
        reply("nextBackupDate", "next_backup_date", "When the next backup is made."),
        reply("tenantBackupEnabled", "tenant_backup_enabled", "Whether backups are made."),
    ],
    read_only_prefix: Some("effective"),
};

/// `serverlessBackupOptions`.
pub static SERVERLESS_BACKUP: Object = Object {
    noun: "serverlessBackupOptions",
    fields: &[Field {
        name: "serverlessContinuousBackupEnabled",
        snake: "serverless_continuous_backup_enabled",
        kind: Type::Flag,
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
        reply("providerName", "provider_name", "Always `FLEX`."),
        reply("diskSizeGB", "disk_size_gb", "Always 5.0."),
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
        reply("backupSettings", "backup_settings", "Backups are fixed: `enabled` is true."),
        reply("clusterType", "cluster_type", "Always `REPLICASET`."),
        reply("versionReleaseSystem", "version_release_system", "Always `LTS`."),
    ],
    read_only_prefix: None,
};

/// Every object that has fields.
static OBJECTS: [&Object; 5] = [&SERVERLESS, &SERVERLESS_PROVIDER, &SERVERLESS_BACKUP, &FLEX, &FLEX_PROVIDER];
/// Places for the names of fields; two that have the same place are fewer than one in ten.
const PLACES: usize = 512;

/// A field's name as it stands in the tables, so that whoever is given it need not keep a copy. `None` for other texts, and
/// for the few names that share a place.
#[must_use]
pub fn known(text: &str) -> Option<&'static str> {
    static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let mut names = vec![""; PLACES];
        let fields = OBJECTS.iter().flat_map(|object| object.fields);
        for name in fields.flat_map(|field| [field.name, field.snake]).chain(["key", "value"]) {
            if let Some(place) = names.get_mut(place(name)) {
                *place = name;
            }
        }
        names
    });
    NAMES.get(place(text)).copied().filter(|name| *name == text)
}

/// By length and outermost letters.
fn place(text: &str) -> usize {
    let letter = |at: usize| text.as_bytes().get(at).map_or(0, |byte| usize::from(*byte));
    (text.len() * 37 + letter(0) * 11 + letter(text.len() / 2) * 5 + letter(text.len().saturating_sub(1))) % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects() -> [&'static Object; 5] {
        OBJECTS
    }

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
        for field in objects().iter().flat_map(|object| object.fields) {
            let expected = if field.name == "mongoDBVersion" { "mongo_db_version".into() } else { snake(field.name) };
            assert_eq!(field.snake, expected);
        }
    }

    #[test]
    fn no_spelling_means_two_fields_and_a_bit_is_enough_for_each() {
        for object in objects() {
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
    fn nearly_all_names_are_known_and_nothing_else_is() {
        let names: Vec<&str> =
            OBJECTS.iter().flat_map(|object| object.fields).flat_map(|field| [field.name, field.snake]).collect();
        for name in &names {
            assert!(known(name).is_none_or(|known| known == *name), "{name}");
        }
        assert!(names.iter().filter(|name| known(name).is_none()).count() * 10 < names.len());
        for other in ["", "nam", "Name", "namf", "value "] {
            assert_eq!(known(other).filter(|known| !known.is_empty()), None, "{other}");
        }
        for used in
            ["name", "tags", "provider_settings", "providerSettings", "region_name", "regionName", "key", "value"]
        {
            assert_eq!(known(used), Some(used));
        }
    }
}
