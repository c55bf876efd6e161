//! A server that gives one prepared answer after another, byte by byte as told: for what no well-behaved server does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A running server. It stops when it is dropped.
pub(crate) struct Canned {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<(String, String)>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Canned {
    /// As an answer: none comes, and the connection stays open for as long as the server runs.
    pub(crate) const SILENCE: &[u8] = b"\0";

    /// Gives these answers, one for each connection, the last one again and again. An empty one is a closed connection.
    pub(crate) fn start(answers: &[&[u8]]) -> Self {
        let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
        Self::by(move |at, _| answers[at.min(answers.len() - 1)].clone())
    }

    /// Gives the answer that is made for each request, by its number from 0 and its head.
    pub(crate) fn by(answer: impl Fn(usize, &str) -> Vec<u8> + Send + 'static) -> Self {
        Self::told(move |at, head, _| answer(at, head))
    }

    /// The same, with its body.
    pub(crate) fn told(answer: impl Fn(usize, &str, &str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (ending, log) = (Arc::clone(&stop), Arc::clone(&seen));
        let thread = std::thread::spawn(move || {
            let mut silent = Vec::new();
            for (at, stream) in listener.incoming().enumerate() {
                if ending.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let request = read(&mut stream);
                let bytes = answer(at, &request.0, &request.1);
                log.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                if bytes == Self::SILENCE {
                    silent.push(stream);
                    continue;
                }
                // A client that has gone away is what some tests want.
                let _ = stream.write_all(&bytes);
            }
        });
        Self { addr, stop, seen, thread: Some(thread) }
    }

    /// An answer with a body.
    pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
            .into_bytes()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(head, _)| head.clone()).collect()
    }

    /// Their bodies.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(_, body)| body.clone()).collect()
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.addr);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads a request with its body, so that closing the connection does not reset it; returns its head and body.
pub(crate) fn read(stream: &mut TcpStream) -> (String, String) {
    let (mut all, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if all.first() == Some(&0x16) {
            return ("TLS".to_owned(), String::new());
        }
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return (head.to_owned(), body.to_owned());
            }
        }
        match stream.read(&mut chunk) {
            Ok(n) if n > 0 => all.extend_from_slice(&chunk[..n]),
            _ => return (text, String::new()),
        }
    }
}
