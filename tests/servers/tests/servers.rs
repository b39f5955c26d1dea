//! The servers answer, keep what they are to keep when they are killed, and leave nothing behind.

use std::io::{Read, Write};
use std::net::TcpStream;

use weixin_login_servers::{Postgres, PostgresOptions, Redis, RedisOptions};

#[test]
fn a_killed_postgresql_has_what_it_acknowledged() {
    let mut server = Postgres::start(PostgresOptions::default()).unwrap();
    let database = server.database();
    server.run(&database.name, "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('one')");
    server.kill().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
    server.start_again().unwrap();
    assert_eq!(server.run(&database.name, "SELECT word FROM kept"), "one");
}

#[test]
fn databases_of_one_postgresql_are_apart() {
    let server = Postgres::shared();
    let (one, other) = (server.database(), server.database());
    server.run(&one.name, "CREATE TABLE here ()");
    assert_eq!(server.run(&one.name, "SELECT count(*) FROM pg_tables WHERE tablename = 'here'"), "1");
    assert_eq!(server.run(&other.name, "SELECT count(*) FROM pg_tables WHERE tablename = 'here'"), "0");
}

#[test]
fn a_killed_redis_has_what_it_keeps_on_the_disk() {
    for (append_only, expected) in [(true, "$3\r\none"), (false, "$-1\r\n")] {
        let mut server = Redis::start(RedisOptions {
            password: Some("onlyForTheseTests".to_owned()),
            append_only,
            ..RedisOptions::default()
        })
        .unwrap();
        say(server.port(), "SET word one", "+OK\r\n");
        server.kill().unwrap();
        server.start_again().unwrap();
        say(server.port(), "GET word", expected);
    }
}

fn say(port: u16, command: &str, expected: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.write_all(format!("AUTH onlyForTheseTests\r\n{command}\r\n").as_bytes()).expect("it reads");
    let mut answer = vec![0; "+OK\r\n".len() + expected.len()];
    stream.read_exact(&mut answer).expect("it answers");
    assert_eq!(String::from_utf8(answer).expect("text"), format!("+OK\r\n{expected}"));
}
