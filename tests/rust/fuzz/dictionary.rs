//! The dictionary of the fuzz targets has the words that the product knows.
use std::collections::BTreeSet;

use atlas_serverless::core::spec::model::Kind;
use atlas_serverless::core::spec::model::cluster::CLUSTER;
use atlas_serverless::core::spec::model::connect::{ACCESS_LIST_ENTRY, DATABASE_USER, PROJECT, RESTORE_JOB};
use atlas_serverless::core::spec::model::fields::{Object, Type};

use crate::targets::mutations::words;

fn known(object: &Object, names: &mut BTreeSet<&'static str>) {
    for field in object.fields {
        // The parts of a cluster are in one table, which is the table of each of them.
        if !names.insert(field.name) {
            continue;
        }
        match field.kind {
            Type::Enum(values) => names.extend(values),
            Type::Object(inner) | Type::List(inner) => known(inner, names),
            _ => {}
        }
    }
}

#[test]
fn every_field_and_every_value_of_a_spec_is_a_word() {
    let mut names = BTreeSet::new();
    for object in [&CLUSTER, &DATABASE_USER, &ACCESS_LIST_ENTRY, &PROJECT, &RESTORE_JOB] {
        known(object, &mut names);
    }
    for kind in Kind::ALL {
        known(kind.fields(), &mut names);
    }
    let words: BTreeSet<&[u8]> = words().iter().map(Vec::as_slice).collect();
    let missing: Vec<&str> = names.into_iter().filter(|name| !words.contains(name.as_bytes())).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_line_of_the_dictionary_is_a_word_or_a_comment() {
    let text = include_str!("../../../fuzz/dictionaries/words.dict");
    let of_words = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
    assert_eq!(words().len(), of_words);
    assert_eq!(words().iter().collect::<BTreeSet<_>>().len(), of_words, "each once");
    assert!(words().contains(&b"\xe2\x80\xae".to_vec()));
    assert!(words().contains(&b"\"".to_vec()));
}
