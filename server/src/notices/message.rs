//! News as it goes between nodes.

/// So many go in one message.
pub(super) const AT_ONCE: usize = 64;

/// News as it goes to the others: who tells, and names of attempts, a line each.
pub(super) fn message(node: &str, news: &[String]) -> String {
    format!("{node}\n{}", news.join("\n"))
}

/// The names in a message that another node has sent.
pub(super) fn told<'a>(node: &str, message: &'a str) -> impl Iterator<Item = &'a str> {
    let mut lines = message.lines();
    let is_own = lines.next().is_none_or(|from| from == node);
    lines.filter(move |_| !is_own)
}
