//! The two kinds of resource, their fields, aliases and regions: data that validation, tests and
//! documentation walk.
pub mod advice;
pub mod fields;
pub mod node;
pub mod regions;

pub use self::node::{Key, MAX_DEPTH, Node};

/// What is created: a serverless instance, or its successor, a Flex cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `…/groups/{groupId}/serverless`
    Serverless,
    /// `…/groups/{groupId}/flexClusters`
    Flex,
}

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// POST on the collection.
    Create,
    /// GET of one.
    Get,
    /// GET of the collection.
    List,
    /// PATCH of one.
    Update,
    /// DELETE of one.
    Delete,
}

impl Kind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Serverless, Self::Flex];

    /// The last segment of the collection's path.
    #[must_use]
    pub const fn path_segment(self) -> &'static str {
        match self {
            Self::Serverless => "serverless",
            Self::Flex => "flexClusters",
        }
    }

    /// The kind in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Serverless => "serverless",
            Self::Flex => "flex",
        }
    }

    /// What one is called in a sentence, without an article.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Serverless => "serverless instance",
            Self::Flex => "Flex cluster",
        }
    }

    /// The resource version that the service names in Content-Type.
    #[must_use]
    pub const fn resource_version(self) -> &'static str {
        match self {
            Self::Serverless => "2023-01-01",
            Self::Flex => "2024-11-13",
        }
    }

    /// The operation's id in the published API description.
    #[must_use]
    pub const fn operation_id(self, operation: Operation) -> &'static str {
        match (self, operation) {
            (Self::Serverless, Operation::Create) => "createServerlessInstance",
            (Self::Serverless, Operation::Get) => "getServerlessInstance",
            (Self::Serverless, Operation::List) => "listServerlessInstances",
            (Self::Serverless, Operation::Update) => "updateServerlessInstance",
            (Self::Serverless, Operation::Delete) => "deleteServerlessInstance",
            (Self::Flex, Operation::Create) => "createGroupFlexCluster",
            (Self::Flex, Operation::Get) => "getGroupFlexCluster",
            (Self::Flex, Operation::List) => "listGroupFlexClusters",
            (Self::Flex, Operation::Update) => "updateGroupFlexCluster",
            (Self::Flex, Operation::Delete) => "deleteGroupFlexCluster",
        }
    }

    /// The fields of a resource of this kind.
    #[must_use]
    pub const fn fields(self) -> &'static fields::Object {
        match self {
            Self::Serverless => &fields::SERVERLESS,
            Self::Flex => &fields::FLEX,
        }
    }
}
