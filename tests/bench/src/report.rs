//! What was measured, as Markdown and as a picture.
//!
//! Each part of a document stands between two marks of its own, so that one can be measured anew and the others stay. The picture is
//! drawn of what the document says.

use std::path::Path;

use anyhow::{Context, Result};

/// One part, in the order in which it was measured.
#[derive(Default)]
pub struct Report {
    markdown: String,
}

impl Report {
    pub fn heading(&mut self, text: &str) {
        crate::say(&format!("== {text}"));
        self.markdown.push_str(&format!("\n### {text}\n\n"));
    }

    pub fn paragraph(&mut self, text: &str) {
        crate::say(text);
        self.markdown.push_str(&format!("{text}\n\n"));
    }

    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let line = |cells: &mut dyn Iterator<Item = String>| {
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let mut table = line(&mut head.iter().map(|cell| (*cell).to_owned()));
        table.push_str(&line(&mut head.iter().enumerate().map(|(column, _)| match column {
            0 | 1 if rows.iter().all(|row| row[column].parse::<f64>().is_err()) => "---".into(),
            _ => "---:".to_owned(),
        })));
        for row in rows {
            table.push_str(&line(&mut row.iter().cloned()));
        }
        crate::say(&table);
        self.markdown.push_str(&table);
        self.markdown.push('\n');
    }

    pub fn markdown(&self) -> String {
        self.markdown.trim().to_owned()
    }

    /// Puts it between the marks that a document has for it; the picture goes beside the document, into `pictures`.
    pub fn write(&self, document: &Path, part: &str) -> Result<()> {
        let text = std::fs::read_to_string(document)?;
        let (begin, end) = (format!("<!-- measured: {part} -->\n"), format!("\n<!-- /measured: {part} -->"));
        let (before, rest) = text.split_once(&begin).with_context(|| format!("no mark {begin}"))?;
        let (_, after) = rest.split_once(&end).with_context(|| format!("no mark {end}"))?;
        let text = format!("{before}{begin}{}{end}{after}", self.markdown());
        std::fs::write(document, &text)?;
        let picture = document.with_file_name("pictures").join("performance.svg");
        Ok(std::fs::write(picture, picture_of(&text))?)
    }
}

/// How many of what somebody does in a second.
struct Bar<'a> {
    what: &'a str,
    who: &'a str,
    per_second: f64,
}

/// A row of a table with the service or a peer in it: `| login | who | **1234** (1200–1250) | …`.
fn bar(row: &str) -> Option<Bar<'_>> {
    let mut cells = row.strip_prefix("| ")?.split(" | ");
    let (what, who) = (cells.next()?, cells.next()?);
    let (per_second, _) = cells.next()?.strip_prefix("**")?.split_once("**")?;
    Some(Bar { what, who, per_second: per_second.parse().ok()? })
}

fn picture_of(document: &str) -> String {
    const ROW: usize = 26;
    const LEFT: f64 = 370.0;
    const WIDE: f64 = 290.0;
    let bars: Vec<Bar<'_>> = document.lines().filter_map(bar).collect();
    let most = bars.iter().map(|bar| bar.per_second).fold(1.0, f64::max);
    let high = bars.len() * ROW + 34;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {high}" font-family="system-ui, sans-serif" font-size="13">
<rect width="720" height="{high}" fill="#fff"/>
<text x="10" y="20" font-weight="600">Per second, 32 browsers at once</text>
"##
    );
    for (index, Bar { what, who, per_second }) in bars.iter().enumerate() {
        let y = 34 + index * ROW;
        let wide = (per_second / most * WIDE).max(1.0);
        let colour = if who.starts_with("weixin-login") { "#07a35a" } else { "#9aa3ad" };
        svg.push_str(&format!(
            "<text x=\"{:.0}\" y=\"{}\" text-anchor=\"end\">{what}, {who}</text>\
             <rect x=\"{LEFT:.0}\" y=\"{}\" width=\"{wide:.0}\" height=\"18\" rx=\"2\" fill=\"{colour}\"/>\
             <text x=\"{:.0}\" y=\"{}\">{per_second:.0}</text>\n",
            LEFT - 8.0,
            y + 14,
            y,
            LEFT + wide + 6.0,
            y + 14,
        ));
    }
    svg.push_str("</svg>\n");
    svg
}
