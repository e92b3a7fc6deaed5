//! Repeats a piece of work for callgrind: `bench-counted create 2000`. `scripts/count_instructions.py` runs it with two numbers
//! and divides the difference.
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use atlas_serverless::core::context::Context;
use atlas_serverless::core::spec::compare::differences;
use atlas_serverless::core::spec::model::{Kind, Node};
use atlas_serverless::core::spec::validate;
use bench_pieces as samples;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let times: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    match what.as_str() {
        "validation" => {
            let spec = samples::spec();
            let node = Node::from(&spec);
            for _ in 0..times {
                black_box(validate::create(Kind::Serverless, samples::GROUP, black_box(&node), None)).unwrap();
            }
        }
        "comparison" => {
            let body = samples::create().body;
            for _ in 0..times {
                black_box(differences(black_box(&body), black_box(samples::REPLY.as_bytes())));
            }
        }
        "create" => creates(times),
        "serve" => serve(),
        other => panic!("validation, comparison or create, not {other:?}"),
    }
}

/// Creates one after another against a server in another process, which is not counted. It ends with this one, however
/// that may end: its standard input is closed then.
fn creates(times: usize) {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = [0; 6];
    let length = server.stdout.as_mut().unwrap().read(&mut port).unwrap();
    let port = std::str::from_utf8(&port[..length]).unwrap().trim();
    let client = samples::client(format!("http://127.0.0.1:{port}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let create = samples::create();
    runtime.block_on(async {
        for _ in 0..times {
            let mut context = Context::new(client.env(), None, None);
            black_box(client.create(create.clone(), &mut context).await.unwrap());
        }
    });
    drop(server.stdin.take());
    server.wait().unwrap();
}

/// Answers every request with the same reply, until standard input ends.
fn serve() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    let body = samples::REPLY;
    let reply = format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/vnd.atlas.2025-03-12+json;charset=utf-8\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for connection in listener.incoming() {
        let (connection, reply) = (connection.unwrap(), reply.clone());
        std::thread::spawn(move || answer(connection, reply.as_bytes()));
    }
}

fn answer(mut connection: TcpStream, reply: &[u8]) {
    let mut buffer = vec![0; 16384];
    let mut length = 0;
    while let Ok(read) = connection.read(&mut buffer[length..]) {
        if read == 0 {
            break;
        }
        length += read;
        // The body of the only request there is ends like this.
        if buffer[..length].ends_with(b"\"terminationProtectionEnabled\":false}") {
            length = 0;
            connection.write_all(reply).unwrap();
        }
    }
}
