// Sends a word and prints what comes back.  echo_client HOST:PORT WORD
use std::io::{Read, Write};
use std::net::TcpStream;

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let mut stream = TcpStream::connect(&args[1])?;
    stream.write_all(args[2].as_bytes())?;
    let mut buf = [0; 1024];
    let n = stream.read(&mut buf)?;
    println!("got {}", String::from_utf8_lossy(&buf[..n]));
    Ok(())
}
