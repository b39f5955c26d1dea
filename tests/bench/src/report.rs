//! What was measured, as Markdown and as a picture.

use std::path::Path;

use anyhow::{Context, Result};

const BEGIN: &str = "<!-- measured -->";
const END: &str = "<!-- /measured -->";

/// Tables, in the order in which they were made, and the bars of the picture.
#[derive(Default)]
pub struct Report {
    markdown: String,
    bars: Vec<Bar>,
}

/// How many of what somebody does in a second.
pub struct Bar {
    pub what: String,
    pub who: String,
    pub per_second: f64,
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
    }

    pub fn bar(&mut self, bar: Bar) {
        self.bars.push(bar);
    }

    pub fn markdown(&self) -> String {
        self.markdown.trim().to_owned()
    }

    /// Puts it between the two marks of a document; the picture goes beside it, into `pictures`.
    pub fn write(&self, document: &Path) -> Result<()> {
        let text = std::fs::read_to_string(document)?;
        let (before, rest) = text.split_once(BEGIN).context("no mark where the figures begin")?;
        let (_, after) = rest.split_once(END).context("no mark where the figures end")?;
        std::fs::write(document, format!("{before}{BEGIN}\n{}\n{END}{after}", self.markdown()))?;
        let picture = document.with_file_name("pictures").join("performance.svg");
        Ok(std::fs::write(picture, self.svg())?)
    }

    fn svg(&self) -> String {
        const ROW: usize = 26;
        const LEFT: f64 = 370.0;
        const WIDE: f64 = 290.0;
        let most = self.bars.iter().map(|bar| bar.per_second).fold(1.0, f64::max);
        let high = self.bars.len() * ROW + 34;
        let mut svg = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {high}" font-family="system-ui, sans-serif" font-size="13">
<rect width="720" height="{high}" fill="#fff"/>
<text x="10" y="20" font-weight="600">Per second, 32 browsers at once</text>
"##
        );
        for (index, bar) in self.bars.iter().enumerate() {
            let y = 34 + index * ROW;
            let wide = (bar.per_second / most * WIDE).max(1.0);
            let colour = if bar.who.starts_with("weixin-login") { "#07a35a" } else { "#9aa3ad" };
            let label = format!("{}, {}", bar.what, bar.who);
            svg.push_str(&format!(
                "<text x=\"{:.0}\" y=\"{}\" text-anchor=\"end\">{label}</text>\
                 <rect x=\"{LEFT:.0}\" y=\"{}\" width=\"{wide:.0}\" height=\"18\" rx=\"2\" fill=\"{colour}\"/>\
                 <text x=\"{:.0}\" y=\"{}\">{:.0}</text>\n",
                LEFT - 8.0,
                y + 14,
                y,
                LEFT + wide + 6.0,
                y + 14,
                bar.per_second
            ));
        }
        svg.push_str("</svg>\n");
        svg
    }
}
