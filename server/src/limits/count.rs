//! What is counted, and of whom.

use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;

use crate::config;

/// How many households a site may be, as far as limits go.
pub(super) const HOUSEHOLDS: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// What is counted. Each has a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Starts,
    Answers,
    Tokens,
    ClientStarts,
    ClientTokens,
    Failures,
    Codes,
    CodesToOne,
}

impl Counted {
    pub(super) const ALL: [Self; 8] = [
        Self::Starts,
        Self::Answers,
        Self::Tokens,
        Self::ClientStarts,
        Self::ClientTokens,
        Self::Failures,
        Self::Codes,
        Self::CodesToOne,
    ];

    /// What the limit is for.
    pub(super) fn period(self) -> Duration {
        match self {
            Self::Codes | Self::CodesToOne => Duration::from_secs(3600),
            _ => Duration::from_secs(60),
        }
    }

    pub(super) fn limit(self, limits: &config::Limits) -> NonZeroU32 {
        match self {
            Self::Starts => limits.starts_per_minute,
            Self::Answers => limits.answers_per_minute,
            Self::Tokens => limits.token_requests_per_minute,
            Self::ClientStarts => limits.client_starts_per_minute,
            Self::ClientTokens => limits.client_token_requests_per_minute,
            Self::Failures => limits.failed_authentications_per_minute,
            Self::Codes => limits.codes_per_hour,
            Self::CodesToOne => limits.codes_to_one_per_hour,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Starts => "starts",
            Self::Answers => "answers",
            Self::Tokens => "tokens",
            Self::ClientStarts => "client-starts",
            Self::ClientTokens => "client-tokens",
            Self::Failures => "failures",
            Self::Codes => "codes",
            Self::CodesToOne => "codes-to-one",
        }
    }
}

/// Who is counted: somebody in this network, a client, somebody in this network who says to be this client, or whom a code is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Who {
    pub(super) network: Option<IpNet>,
    /// Of whom a code is for, the hash.
    pub(super) client_id: String,
}

/// One count.
pub(super) struct Count {
    pub(super) what: Counted,
    pub(super) who: Who,
    /// Of a whole site, which may be tenfold.
    pub(super) is_site: bool,
}
