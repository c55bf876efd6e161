//! A service's health endpoint on loopback: it answers as the version does that its environment pins.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A running endpoint. It stops when it is dropped.
pub(crate) struct HealthEndpoint {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl HealthEndpoint {
    /// Answers 200 while this says so, else 503; asked anew for each request.
    pub(crate) fn start(is_well: impl Fn() -> bool + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let ending = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ending.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    answer(&stream, is_well());
                }
            }
        });
        Self { address, stop, thread: Some(thread) }
    }

    /// Its address without a path.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A client that goes away meanwhile is no fault of the endpoint.
fn answer(mut stream: &TcpStream, is_well: bool) {
    let head = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).count();
    if head > 0 {
        let (status, body) = if is_well { ("200 OK", "ok\n") } else { ("503 Service Unavailable", "no database\n") };
        let length = body.len();
        let _ = write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    }
}

impl Drop for HealthEndpoint {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
