//! Where a person begins to log in: the service's own page, or a site's. What is made there is an [`attempt`](crate::attempt).

pub mod embedded;
pub mod hosted;
pub mod return_to;
