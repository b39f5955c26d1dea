//! How much time has passed since the widget appeared.

/// Milliseconds since the clock was made.
pub type Millis = u64;

/// Time that only goes forward, told from two clocks that are each wrong in their own way.
///
/// The browser's monotonic clock may stand still while a laptop sleeps; the wall clock may be set, back or forth. The
/// larger step of the two is taken: a clock that is set forward then costs a QR code renewed early, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    monotonic: f64,
    wall: f64,
    passed: f64,
}

impl Clock {
    /// Both readings in milliseconds, from whatever beginning: `performance.now()` and `Date.now()`.
    pub fn new(monotonic: f64, wall: f64) -> Self {
        Self { monotonic, wall, passed: 0.0 }
    }

    /// Takes the next readings and says how much time has passed in all.
    pub fn read(&mut self, monotonic: f64, wall: f64) -> Millis {
        let step = (monotonic - self.monotonic).max(wall - self.wall).max(0.0);
        self.monotonic = monotonic;
        self.wall = wall;
        self.passed += step;
        self.passed as Millis
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn time_goes_on_by_the_larger_step_of_both_clocks() {
        let table = [
            ("both go", 5.0, 5.0, 5),
            ("the computer slept", 5.0, 3_600_000.0, 3_600_000),
            ("the clock was set back by an hour", 5.0, -3_600_000.0, 5),
            ("the clock was set forward by an hour", 5.0, 3_600_000.0, 3_600_000),
            ("both go back", -5.0, -5.0, 0),
        ];
        for (what, monotonic, wall, passed) in table {
            let mut clock = Clock::new(100.0, 1_000_000.0);
            assert_eq!(clock.read(100.0 + monotonic, 1_000_000.0 + wall), passed, "{what}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_counts_on_from_there() {
        let mut clock = Clock::new(0.0, 0.0);
        assert_eq!(clock.read(10.0, -1_000.0), 10);
        assert_eq!(clock.read(20.0, -990.0), 20);
    }
}
