//! From one list of tests to a test for each store.

/// Rooms with their tests, each of which is given a store.
macro_rules! suite {
    ($($tests:tt)+) => {
        on_a_store! { sqlite: $($tests)+ }
        on_a_store! { postgres: $($tests)+ }
        on_a_store! { sqlite_and_redis: $($tests)+ }
        on_a_store! { postgres_and_redis: $($tests)+ }
        mod each {
            one_after_the_other! { $($tests)+ }
        }
    };
}

/// The same for what only a store that is swept has: Redis clears away by itself, by its own clock.
macro_rules! suite_of_swept_stores {
    ($($tests:tt)+) => {
        mod swept {
            on_a_store! { sqlite: $($tests)+ }
            on_a_store! { postgres: $($tests)+ }
            one_after_the_other! { $($tests)+ }
        }
    };
}

/// All of them in one, for who looks at what the store has done meanwhile.
macro_rules! one_after_the_other {
    ($($room:ident: $($name:ident)+;)+) => {
        pub async fn every_one(given: impl AsyncFn() -> crate::given::Given) {
            $($(Box::pin(crate::$room::$name(&given().await)).await;)+)+
        }
    };
}

macro_rules! on_a_store {
    ($store:ident: $($room:ident: $($name:ident)+;)+) => {
        mod $store {
            $(mod $room {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    let given = crate::given::$store().await;
                    crate::$room::$name(&given).await;
                })+
            })+
        }
    };
}
