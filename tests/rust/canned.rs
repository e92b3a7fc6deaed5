//! A server on 127.0.0.1 whose replies the test writes itself, for what the emulator never sends.
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

type Answer = Box<dyn FnMut(&str) -> String + Send>;

#[derive(Clone)]
pub(crate) struct Canned {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
    heads: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<Answer>>,
}

/// A reply with this status and JSON body.
pub(crate) fn reply(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

impl Canned {
    /// Answers each request, as `requests` shows it, with what `answer` returns.
    pub(crate) fn start(answer: impl FnMut(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Canned {
            url,
            requests: Arc::default(),
            heads: Arc::default(),
            answer: Arc::new(Mutex::new(Box::new(answer))),
        };
        let own = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(&stream.unwrap()));
            }
        });
        server
    }

    /// `METHOD target body` of each request.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The headers of each request in lower case.
    #[allow(dead_code)] // Not every suite looks at them.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    fn serve(&self, mut stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some((request, head)) = read_request(&mut reader) {
            self.heads.lock().unwrap().push(head);
            self.requests.lock().unwrap().push(request.clone());
            let reply = (self.answer.lock().unwrap())(&request);
            if stream.write_all(reply.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// None at the end of the connection.
fn read_request(reader: &mut impl BufRead) -> Option<(String, String)> {
    let mut start = String::new();
    if reader.read_line(&mut start).unwrap_or(0) == 0 {
        return None;
    }
    let mut length = 0;
    let mut head = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line.to_ascii_lowercase());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (request_line, _version) = start.rsplit_once(' ').unwrap();
    Some((format!("{request_line} {}", String::from_utf8(body).unwrap()), head))
}
