//! One number for each login, from its start to its token: in every line of the log, and on the page of a person whose login did not
//! end well, who can read it out. It is made of the attempt's public name, by a way that leads nowhere back.

use actix_web::HttpMessage;
use actix_web::dev::{Extensions, ServiceResponse};
use tokio::task_local;
use tracing::{Instrument, Span, error_span, field};

use std::cell::RefCell;

use crate::secret::SecretHash;

/// In letters that nobody confuses when they are read out: hexadecimal digits.
const LENGTH: usize = 8;

task_local! {
    static NUMBER: RefCell<Option<String>>;
}

/// What stands with an answer whose login is known.
struct Reported(String);

/// Does a request's work. Every line that it logs has the number, as soon as that is known.
pub(crate) async fn with_a_number<B, E>(
    work: impl Future<Output = Result<ServiceResponse<B>, E>>,
) -> Result<ServiceResponse<B>, E> {
    // An error's, so that no filter takes it off the lines that it lets through.
    let span = error_span!("login", id = field::Empty);
    let numbered = async {
        let done = work.await;
        if let (Ok(response), Some(number)) = (&done, number()) {
            response.request().extensions_mut().insert(Reported(number));
        }
        done
    };
    NUMBER.scope(RefCell::new(None), numbered).instrument(span).await
}

/// It is about this attempt; of a phone's leg, about its scene's.
pub(crate) fn is_about(attempt_id: &str) {
    let mut number = SecretHash::of(&format!("report {attempt_id}")).hex();
    number.truncate(LENGTH);
    is(number);
}

/// The first that is said holds: a request is about one login.
fn is(number: String) {
    let _ = NUMBER.try_with(|known| {
        known.borrow_mut().get_or_insert_with(|| {
            Span::current().record("id", number.as_str());
            number
        });
    });
}

/// The number, where it is known.
pub(crate) fn number() -> Option<String> {
    NUMBER.try_with(|known| known.borrow().clone()).ok().flatten()
}

/// The number of the login that an answer is about.
pub(crate) fn of(extensions: &Extensions) -> Option<String> {
    extensions.get::<Reported>().map(|reported| reported.0.clone())
}

/// A code that begins with the number: whoever redeems it goes on with the same login.
pub(crate) fn on(code: String) -> String {
    number().map_or(code.clone(), |number| format!("{number}.{code}"))
}

/// A code was presented that the store has.
pub(crate) fn is_of(code: &str) {
    if let Some((number, _)) = code.split_once('.').filter(|(number, _)| number.len() == LENGTH) {
        is(number.to_owned());
    }
}
