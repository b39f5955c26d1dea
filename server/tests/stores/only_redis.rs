//! What Redis does by itself: it clears away, by its own clock, an hour after a row has died by the service's; and it forgets.

use weixin_login::clock::Clock;
use weixin_login::store::attempts::AttemptKind;
use weixin_login::store::{Fleeting, RedisStore, TOMBSTONE_LIFETIME};
use weixin_login_servers as servers;

use crate::given::redis;
use crate::rows::{attempt, attempt_of, code, hash, scene};

/// What redis-cli says, a line each.
fn cli(words: &[&str]) -> Vec<String> {
    let port = servers::Redis::shared().port().to_string();
    let done = std::process::Command::new("redis-cli").args(["-p", &port]).args(words).output();
    let said = String::from_utf8(done.expect("redis-cli runs").stdout).expect("words");
    said.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn every_key_is_cleared_away_an_hour_after_its_row_has_died() {
    let (redis, prefix) = redis();
    // Far ahead of the clock of Redis, which decides nothing.
    let clock = Clock::system();
    clock.advance(400 * 24 * 3600);
    let store = RedisStore::new(redis, clock.clone());
    let dies = clock.now() + 600;
    let mut row = attempt_of("attempt", AttemptKind::Leg { scene_id: "scene".into() });
    row.expires_at = dies;
    store.insert_attempt(&row, None).await.expect("kept");
    let mut row = code("code", "account", None);
    row.expires_at = dies;
    store.insert_code(&row).await.expect("kept");
    assert!(
        store.take_code(&hash("code"), clock.now()).await.expect("an answer"),
        "alive by the service's clock"
    );
    let keys = cli(&["KEYS", &format!("{prefix}*")]);
    assert_eq!(keys.len(), 3, "the attempt, its state and the code: {keys:?}");
    for key in keys {
        let left: i64 = cli(&["TTL", &key])[0].parse().expect("a number");
        let most = 600 + TOMBSTONE_LIFETIME;
        assert!((most - 60..=most).contains(&left), "{key}: {left}");
    }
}

#[tokio::test]
async fn keys_of_one_verb_are_on_one_node_of_a_cluster() {
    let (redis, prefix) = redis();
    let store = RedisStore::new(redis, Clock::system());
    store.insert_attempt(&attempt("scene"), Some(&scene("scene"))).await.expect("kept");
    // A cluster looks at what stands in braces, and at nothing else.
    let mut keys = cli(&["KEYS", &format!("{prefix}{{scene}}*")]);
    keys.sort();
    assert_eq!(keys, ["attempt", "scene"].map(|what| format!("{prefix}{{scene}}:{what}")));
}
