//! A connection is looked at before every reuse: what it holds already is no answer to the next request.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use atlas_serverless::core::error::Error;
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::spec::model::{Kind, Operation};
use futures_util::future::join_all;

use crate::canned::reply;
use crate::{GROUP, TestClient};

/// What the server does once it has answered.
#[derive(Clone, Copy)]
enum Afterwards {
    Nothing,
    /// Another reply, for the same name or for another.
    Extra(&'static str),
    Garbage,
    Close,
}

/// The number of each connection on which a request arrived, once the server has done what it does afterwards.
fn server(afterwards: Afterwards) -> (String, Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (done, ended) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let done = done.clone();
            std::thread::spawn(move || serve(&stream.unwrap(), number, afterwards, &done));
        }
    });
    (url, ended)
}

fn serve(mut stream: &TcpStream, number: usize, afterwards: Afterwards, done: &Sender<usize>) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let mut start = String::new();
        if reader.read_line(&mut start).unwrap_or(0) == 0 {
            return;
        }
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        let name = start.split(['/', ' ']).rev().nth(2).unwrap().to_owned();
        let named =
            |name: &str, id: &str| reply(200, &format!(r#"{{"id":"{id}","name":"{name}","stateName":"IDLE"}}"#));
        stream.write_all(named(&name, "true").as_bytes()).unwrap();
        // The reply above is read first: an extra one in the same segment is noticed by the HTTP parser itself.
        std::thread::sleep(std::time::Duration::from_millis(10));
        match afterwards {
            Afterwards::Nothing => {}
            Afterwards::Extra(name) => stream.write_all(named(name, "stale").as_bytes()).unwrap(),
            Afterwards::Garbage => stream.write_all(b"\r\n").unwrap(),
            Afterwards::Close => stream.shutdown(std::net::Shutdown::Both).unwrap(),
        }
        // A busy kernel takes its time to deliver it.
        std::thread::sleep(std::time::Duration::from_millis(30));
        done.send(number).unwrap();
    }
}

fn get(name: &str) -> ResourceRequest {
    ResourceRequest::new(Kind::Flex, Operation::Get, GROUP.to_owned(), name.to_owned())
}

#[tokio::test]
async fn what_is_on_an_idle_connection_is_no_answer() {
    for (afterwards, connections) in [
        (Afterwards::Nothing, [0, 0, 0]),
        (Afterwards::Extra("orders"), [0, 1, 2]),
        (Afterwards::Extra("other"), [0, 1, 2]),
        (Afterwards::Garbage, [0, 1, 2]),
        (Afterwards::Close, [0, 1, 2]),
    ] {
        let (url, ended) = server(afterwards);
        let test = TestClient::new(&url);
        let mut used = Vec::new();
        for _ in 0..3 {
            let reply = test.client.resource(get("orders"), &mut test.context(60)).await.unwrap();
            assert_eq!(reply.attempts, 1);
            assert!(reply.body.windows(4).any(|part| part == b"true"), "{:?}", reply.body);
            // The runtime does not run meanwhile: it cannot notice anything.
            used.push(ended.recv().unwrap());
        }
        assert_eq!(used, connections);
    }
}

#[tokio::test]
async fn closing_a_client_closes_the_connections_of_all_its_runtimes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let test = TestClient::new(&url);
    let other = test.client.for_another_runtime().unwrap();
    let closed = std::thread::spawn(move || {
        let streams = [listener.accept().unwrap().0, listener.accept().unwrap().0];
        for mut stream in &streams {
            let mut buffer = [0; 4096];
            assert!(stream.read(&mut buffer).unwrap() > 0);
            stream.write_all(reply(200, r#"{"name":"orders"}"#).as_bytes()).unwrap();
        }
        for mut stream in &streams {
            stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
            assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
        }
    });
    let (mut one, mut two) = (test.context(60), test.context(60));
    let (first, second) =
        tokio::join!(test.client.resource(get("orders"), &mut one), other.resource(get("orders"), &mut two));
    assert!(first.is_ok());
    assert!(second.is_ok());
    test.client.close().await;
    // Without a turn of the runtime.
    closed.join().unwrap();
}

/// Reads the head of a request.
fn read_head(reader: &mut BufReader<&TcpStream>) {
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        line.clear();
    }
}

#[tokio::test]
async fn a_connection_whose_request_is_not_sent_to_its_end_is_not_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (first, _) = listener.accept().unwrap();
        read_head(&mut BufReader::new(&first));
        // The rest of the request is never read.
        (&first).write_all(reply(413, "{}").as_bytes()).unwrap();
        let (second, _) = listener.accept().unwrap();
        read_head(&mut BufReader::new(&second));
        (&second).write_all(reply(200, r#"{"name":"orders"}"#).as_bytes()).unwrap();
    });
    let test = TestClient::new(&url);
    // More than the system keeps for both sides.
    let body = vec![b' '; 64 << 20].into();
    let update = ResourceRequest {
        body: Some(body),
        ..ResourceRequest::new(Kind::Flex, Operation::Update, GROUP.to_owned(), "orders".to_owned())
    };
    let Err(Error::Api(refused)) = test.client.resource(update, &mut test.context(60)).await else { panic!() };
    assert_eq!(refused.status, 413);
    let found = test.client.resource(get("orders"), &mut test.context(60)).await.unwrap();
    assert_eq!(found.attempts, 1);
    server.join().unwrap();
}

#[tokio::test]
async fn connections_that_a_server_closes_are_closed_although_no_call_follows() {
    const CONNECTIONS: usize = 3;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (answered, all_answered) = channel();
    let server = std::thread::spawn(move || {
        let streams: Vec<TcpStream> = (0..CONNECTIONS).map(|_| listener.accept().unwrap().0).collect();
        for mut stream in &streams {
            read_head(&mut BufReader::new(stream));
            stream.write_all(reply(200, r#"{"name":"orders"}"#).as_bytes()).unwrap();
        }
        all_answered.recv().unwrap();
        for stream in &streams {
            stream.shutdown(std::net::Shutdown::Write).unwrap();
        }
        for mut stream in &streams {
            stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
            assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
        }
    });
    let test = TestClient::new(&url);
    let mut contexts = [(); CONNECTIONS].map(|()| test.context(60));
    for found in join_all(contexts.iter_mut().map(|context| test.client.resource(get("orders"), context))).await {
        assert_eq!(found.unwrap().attempts, 1);
    }
    answered.send(()).unwrap();
    tokio::time::pause();
    while !server.is_finished() {
        tokio::time::advance(std::time::Duration::from_secs(15)).await;
        std::thread::sleep(std::time::Duration::from_millis(1)); // for the server, whose clock is the kernel's
    }
    server.join().unwrap();
}
