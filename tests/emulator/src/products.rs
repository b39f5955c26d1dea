//! What WeChat's products around login remember: tokens of apps, QR codes of service accounts, phone numbers' codes.

use crate::scenario::{PushTarget, Scenario};

pub(crate) struct Products {
    pub pushes: Vec<PushTarget>,
}

impl Products {
    pub fn new(scenario: &Scenario) -> Products {
        Products { pushes: scenario.pushes.clone() }
    }
}
