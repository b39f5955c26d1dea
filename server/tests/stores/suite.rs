//! From one list of tests to a test for each store.

/// Rooms with their tests, each of which is given a store.
macro_rules! suite {
    ($($tests:tt)+) => {
        on_a_store! { sqlite: $($tests)+ }
        on_a_store! { postgres: $($tests)+ }
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
