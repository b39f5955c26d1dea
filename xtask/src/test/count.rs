//! How many tests ran, read from the summary line that libtest (and wasm-bindgen's runner, in the same words) prints.

/// Tests by how they ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: usize,
    pub failed: usize,
    pub ignored: usize,
    /// What nobody asked for.
    pub filtered_out: usize,
}

impl Count {
    /// Adds what a line says when it is a summary: `test result: ok. 3 passed; 0 failed; 0 ignored; …`.
    pub fn see(&mut self, line: &str) {
        let Some((_, summary)) = line.trim().split_once("test result: ") else { return };
        let (_, parts) = summary.split_once(". ").unwrap_or_default();
        for part in parts.split(';') {
            let Some((number, what)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<usize>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                "filtered out" => self.filtered_out += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn summaries_are_added_up_and_other_lines_are_not() {
        let mut count = Count::default();
        for line in [
            "running 3 tests",
            "test a_code_used_twice_is_refused ... ok",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 1.20s",
        ] {
            count.see(line);
        }
        assert_eq!(count, Count { passed: 13, failed: 2, ignored: 1, filtered_out: 4 });
    }
}
