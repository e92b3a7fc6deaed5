//! Trust and proxies, by argument and environment.
use std::path::Path;

use atlas_serverless::core::error::Error;
use atlas_serverless::core::http::network::route::route;
use atlas_serverless::core::http::network::trust::trusted_certificates;
use atlas_serverless::core::machine::Platform;

use super::fake_machine::FakeMachine;

#[test]
fn certificates_come_from_argument_and_environment() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    for name in ["a.pem", "b.pem"] {
        std::fs::write(path(name), "-----BEGIN CERTIFICATE-----").unwrap();
    }
    std::fs::write(path("readme.txt"), "no certificate").unwrap();
    std::fs::create_dir(path("empty")).unwrap();
    let (a, b, all) = (path("a.pem"), path("b.pem"), folder.path().to_string_lossy().into_owned());
    for (given, variables, platform, files, described) in [
        (None, vec![], Platform::Linux, vec![], "the system's certificates".to_owned()),
        (Some(&a), vec![], Platform::Linux, vec![&a], format!("the system's certificates and {a} (ca_file)")),
        (None, vec![("SSL_CERT_FILE", &a)], Platform::Linux, vec![], format!("{a} (SSL_CERT_FILE)")),
        (
            None,
            vec![("SSL_CERT_FILE", &a)],
            Platform::MacOs,
            vec![&a],
            format!("the system's certificates and {a} (SSL_CERT_FILE)"),
        ),
        (
            Some(&a),
            vec![("REQUESTS_CA_BUNDLE", &all), ("CURL_CA_BUNDLE", &b)],
            Platform::Linux,
            vec![&a, &a, &b],
            format!("the system's certificates and {a} (ca_file) and {all} (REQUESTS_CA_BUNDLE)"),
        ),
        (
            None,
            vec![("CURL_CA_BUNDLE", &b)],
            Platform::Linux,
            vec![&b],
            format!("the system's certificates and {b} (CURL_CA_BUNDLE)"),
        ),
    ] {
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let machine = FakeMachine { platform, ..FakeMachine::new(&variables) };
        let trust = trusted_certificates(given.map(Path::new), &machine).unwrap();
        let found: Vec<String> = trust.files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
        assert_eq!((found.iter().collect::<Vec<_>>(), trust.description), (files, described));
    }
    for (name, why) in [("missing.pem", "it cannot be read"), ("empty", "holds no certificate")] {
        let machine = FakeMachine::new(&[("REQUESTS_CA_BUNDLE", &path(name))]);
        let Err(Error::Configuration(message)) = trusted_certificates(None, &machine) else { panic!() };
        assert!(
            message.starts_with(&format!("REQUESTS_CA_BUNDLE is {}: ", path(name))) && message.contains(why),
            "{message}"
        );
    }
}

#[test]
fn proxies_are_named_without_user_information() {
    const ATLAS: &str = "https://cloud.mongodb.com";
    for (given, url, variables, expected) in [
        (None, ATLAS, &[] as &[_], "no proxy"),
        (Some("http://me:SECRETMARK@p.example:3128"), ATLAS, &[], "proxy http://p.example:3128 (proxy=)"),
        (None, ATLAS, &[("HTTPS_PROXY", "me:SECRETMARK@p.example:3128")], "proxy http://p.example:3128 (HTTPS_PROXY)"),
        (None, ATLAS, &[("HTTP_PROXY", "http://p.example")], "no proxy"),
        (None, ATLAS, &[("all_proxy", "socks5://p.example:1080")], "proxy socks5://p.example:1080 (all_proxy)"),
        (
            None,
            ATLAS,
            &[("https_proxy", "http://p.example"), ("NO_PROXY", "a.example, .mongodb.com")],
            "no proxy, by NO_PROXY",
        ),
        (
            None,
            ATLAS,
            &[("https_proxy", "http://p.example"), ("no_proxy", "godb.com")],
            "proxy http://p.example (https_proxy)",
        ),
        (
            None,
            "https://10.1.2.3",
            &[("HTTPS_PROXY", "http://p.example"), ("NO_PROXY", "10.0.0.0/8")],
            "no proxy, by NO_PROXY",
        ),
        (
            None,
            ATLAS,
            &[("HTTPS_PROXY", "http://me:SECRET MARK@p.example"), ("ALL_PROXY", "http://p.example")],
            "proxy http://p.example (ALL_PROXY)",
        ),
        (None, ATLAS, &[("HTTPS_PROXY", "ftp://p.example"), ("NO_PROXY", "mongodb.com")], "no proxy"),
        (
            None,
            "http://127.0.0.1:8080",
            &[("HTTP_PROXY", "ftp://p.example")],
            "no proxy, since the server is this machine",
        ),
        (None, ATLAS, &[("HTTPS_PROXY", " ")], "no proxy"),
        (
            None,
            ATLAS,
            &[("HTTPS_PROXY", "http://p.example"), ("REQUEST_METHOD", "GET")],
            "no proxy: a CGI script (REQUEST_METHOD) could get one from its caller",
        ),
        (
            Some("http://p.example"),
            "http://127.0.0.1:8080",
            &[("http_proxy", "http://p.example")],
            "no proxy, since the server is this machine",
        ),
    ] {
        assert_eq!(route(given, url, &FakeMachine::new(variables)).unwrap().description, expected);
    }
}

#[test]
fn the_next_hop_is_the_proxy() {
    for (given, host, port) in [
        ("http://me:pw@p.example:3128", "p.example", 3128),
        ("p.example", "p.example", 80),
        ("socks5h://[::1]", "::1", 1080),
        ("https://p.example/", "p.example", 443),
    ] {
        let hop = route(Some(given), "https://cloud.mongodb.com", &FakeMachine::new(&[]))
            .unwrap()
            .proxy
            .url()
            .cloned()
            .unwrap();
        assert_eq!((hop.host.as_str(), hop.port), (host, port));
    }
    for given in ["SECRETMARK@@:", "ftp://SECRETMARK", "", "http://me:SECRETMARK@"] {
        let refused = route(Some(given), "https://cloud.mongodb.com", &FakeMachine::new(&[]));
        let Err(Error::Configuration(message)) = refused else { panic!("{given}") };
        assert!(message.starts_with("proxy is not a proxy's URL"), "{message}");
        assert!(!message.contains("SECRETMARK"), "{message}");
    }
}

#[test]
fn a_malformed_proxy_of_the_environment_is_an_error() {
    for proxy in ["ftp://me:SECRETMARK@p.example", "http://p.example:99999", "http://", "://p.example", "p.example:x"] {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let refused = route(None, "https://cloud.mongodb.com", &FakeMachine::new(&[(name, proxy)]));
            let Err(Error::Configuration(message)) = refused else { panic!("{proxy}: {refused:?}") };
            assert!(message.starts_with(&format!("{name} is not a proxy's URL")), "{message}");
            assert!(!message.contains("SECRETMARK"), "{message}");
        }
    }
}

#[test]
fn no_proxy_has_the_forms_of_other_tools() {
    for (no_proxy, url, direct) in [
        ("*", "https://cloud.mongodb.com", true),
        ("*", "https://10.1.2.3", true),
        ("*", "https://[2001:db8::1]", true),
        (" a.example , * ", "https://10.1.2.3", true),
        ("cloud.mongodb.com:443", "https://cloud.mongodb.com", true),
        ("cloud.mongodb.com:8443", "https://cloud.mongodb.com", false),
        ("cloud.mongodb.com:8443", "https://cloud.mongodb.com:8443", true),
        ("mongodb.com:443", "https://cloud.mongodb.com", true),
        ("10.1.2.3:443", "https://10.1.2.3", true),
        ("10.1.2.3:80", "https://10.1.2.3", false),
        ("[2001:db8::1]:443", "https://[2001:db8::1]", true),
        ("[2001:db8::1]", "https://[2001:db8::1]", true),
        ("2001:db8::1", "https://[2001:db8::1]", true),
        ("*.mongodb.com", "https://cloud.mongodb.com", true),
        ("*.mongodb.com", "https://mongodb.com", false),
        ("*.mongodb.com:443", "https://cloud.mongodb.com", true),
        ("*.mongodb.com:80", "https://cloud.mongodb.com", false),
        ("*.godb.com", "https://cloud.mongodb.com", false),
        ("*.MongoDB.com", "https://cloud.mongodb.com", true),
        ("10.0.0.0/8", "https://10.1.2.3", true),
        ("cloud.mongodb.com:x", "https://cloud.mongodb.com", false),
        ("", "https://cloud.mongodb.com", false),
        (",:443, :", "https://cloud.mongodb.com", false),
    ] {
        for (proxy, name) in [("HTTPS_PROXY", "NO_PROXY"), ("https_proxy", "no_proxy"), ("ALL_PROXY", "NO_PROXY")] {
            let machine = FakeMachine::new(&[(proxy, "http://p.example"), (name, no_proxy)]);
            let route = route(None, url, &machine).unwrap();
            assert_eq!(!route.proxy.is_used(), direct, "{no_proxy} {url}");
            let through = format!("proxy http://p.example ({proxy})");
            assert_eq!(route.description, if direct { format!("no proxy, by {name}") } else { through });
        }
    }
}

#[test]
fn a_proxys_password_with_raw_characters_is_refused_by_the_name_of_its_source() {
    for proxy in [
        "http://me:SECRET#MARK@p.example:3128",
        "http://me:SECRET@MARK@p.example:3128",
        "http://me:#SECRETMARK@p.example:3128",
        "me:SECRET#MARK@p.example:3128",
        "http://me:SECRET?MARK@p.example:3128",
        "http://me:SECRET/MARK@p.example:3128",
        "socks5://me:SECRET@MARK@p.example",
    ] {
        const ATLAS: &str = "https://cloud.mongodb.com";
        let given = route(Some(proxy), ATLAS, &FakeMachine::new(&[]));
        let set = route(None, ATLAS, &FakeMachine::new(&[("HTTPS_PROXY", proxy)]));
        for (result, name) in [(given, "proxy"), (set, "HTTPS_PROXY")] {
            let Err(Error::Configuration(message)) = result else { panic!("{proxy}: {result:?}") };
            assert!(message.starts_with(&format!("{name} is not a proxy's URL")), "{message}");
            assert!(message.contains("percent-encoded"), "{message}");
            assert!(!message.contains("MARK") && !message.contains("SECRET"), "{message}");
        }
        let spared = FakeMachine::new(&[("HTTPS_PROXY", proxy), ("NO_PROXY", "*")]);
        assert!(!route(None, ATLAS, &spared).unwrap().proxy.is_used());
    }
}

/// Opening a pipe would wait for its writer, and a device may have no end.
#[cfg(unix)]
#[test]
fn a_device_is_no_file_of_certificates() {
    let machine = FakeMachine::new(&[]);
    let refused = trusted_certificates(Some(Path::new("/dev/zero")), &machine).map_err(|error| error.to_string());
    assert_eq!(refused, Err("ca_file is /dev/zero: it is not a regular file".to_owned()));
    let machine = FakeMachine::new(&[("SSL_CERT_FILE", "/dev/zero")]);
    let refused = trusted_certificates(None, &machine).unwrap().check().map_err(|error| error.to_string());
    assert!(refused.unwrap_err().starts_with("SSL_CERT_FILE is /dev/zero: it is not a regular file"));
}
