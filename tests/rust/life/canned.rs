//! A server that answers each request with the next of its replies; the last stands for all later ones.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub(crate) struct Canned {
    pub(crate) url: String,
    replies: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// A reply with this status and JSON body.
pub(crate) fn reply(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// An error in the API's shape.
pub(crate) fn refusal(status: u16, code: &str, detail: &str) -> String {
    reply(status, &format!(r#"{{"error":{status},"errorCode":"{code}","detail":"{detail}","reason":"R"}}"#))
}

/// A description in this state.
pub(crate) fn entity(id: &str, state: &str) -> String {
    reply(200, &format!(r#"{{"id":"{id}","name":"orders","stateName":"{state}"}}"#))
}

impl Canned {
    pub(crate) fn start(replies: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Canned { url, replies: Arc::new(Mutex::new(replies)), asked: Arc::default() };
        let own = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(&stream.unwrap()));
            }
        });
        server
    }

    /// Method and path, from the collection on, of each request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        loop {
            let mut start = String::new();
            if reader.read_line(&mut start).unwrap_or(0) == 0 {
                return;
            }
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let mut words = start.split(' ');
            let (method, target) = (words.next().unwrap(), words.next().unwrap());
            let short = target.split("32b6e34b3d91647abb20e7b8/").last().unwrap();
            self.asked.lock().unwrap().push(format!("{method} {short}"));
            let mut replies = self.replies.lock().unwrap();
            let reply = if replies.len() > 1 { replies.remove(0) } else { replies[0].clone() };
            drop(replies);
            let mut stream = stream;
            if stream.write_all(reply.as_bytes()).is_err() {
                return;
            }
        }
    }
}
