//! The emulator's own time: states, tokens, nonces, buckets and the `Date` header all follow it.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where the emulator's time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub enum ClockMode {
    /// Real time plus an offset that `clock` of the control API moves.
    Real,
    /// It stands still until it is moved. `start` is seconds since the Unix epoch; `None` is the real time at start.
    Manual {
        /// Seconds since the Unix epoch.
        start: Option<f64>,
    },
    /// A manual clock that waits move themselves: a read of an instance that is changing moves it to the end of the change,
    /// a delay or a `Retry-After` by its seconds.
    Auto,
}

impl From<ClockMode> for Value {
    fn from(mode: ClockMode) -> Self {
        match mode {
            ClockMode::Real => json!("real"),
            ClockMode::Auto => json!("auto"),
            ClockMode::Manual { start: None } => json!("manual"),
            ClockMode::Manual { start: Some(seconds) } => json!(seconds),
        }
    }
}

/// Dates from 1970 to 9998, in milliseconds since the Unix epoch: those that `Date` headers, ISO times of four-digit years
/// and Python's `datetime` can all represent, in every time zone.
const TIMES: RangeInclusive<i64> = 0..=253_370_764_799_999;

/// What a time may be, as it is said to someone who wrote something else.
pub(crate) const TAKES: &str = "an ISO time or Unix seconds, from 1970 to 9998";

/// Takes a name, an ISO time or Unix seconds.
impl TryFrom<Value> for ClockMode {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match value.as_str() {
            Some("real") => return Ok(ClockMode::Real),
            Some("auto") => return Ok(ClockMode::Auto),
            Some("manual") => return Ok(ClockMode::Manual { start: None }),
            _ => {}
        }
        let start = time(&value).ok_or("no time")?;
        Ok(ClockMode::Manual { start: Some(start as f64 / 1000.0) })
    }
}

/// Milliseconds since the Unix epoch, from real time plus an offset or from the test alone.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    start: ClockMode,
    mode: Mode,
    auto: bool,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    /// Real time plus this many milliseconds.
    Real(i64),
    Manual(i64),
}

impl Clock {
    pub(crate) fn new(start: ClockMode) -> Self {
        let mode = match start {
            ClockMode::Real => Mode::Real(0),
            ClockMode::Manual { start: Some(seconds) } => Mode::Manual(representable((seconds * 1000.0) as i64)),
            ClockMode::Manual { start: None } | ClockMode::Auto => Mode::Manual(real_now()),
        };
        Self { start, mode, auto: start == ClockMode::Auto }
    }

    pub(crate) fn now(&self) -> i64 {
        match self.mode {
            // A clock that was set to its last second goes on in real time.
            Mode::Real(offset) => representable(real_now().saturating_add(offset)),
            Mode::Manual(now) => now,
        }
    }

    pub(crate) fn is_manual(&self) -> bool {
        matches!(self.mode, Mode::Manual(_))
    }

    /// Whether waits move it.
    pub(crate) fn is_auto(&self) -> bool {
        self.auto
    }

    /// `real`, `manual` or `auto`.
    pub(crate) fn mode(&self) -> &'static str {
        match self.mode {
            Mode::Real(_) => "real",
            Mode::Manual(_) if self.auto => "auto",
            Mode::Manual(_) => "manual",
        }
    }

    /// Moves the time to this moment, unless that has passed.
    pub(crate) fn advance_to(&mut self, to: i64) {
        if to > self.now() {
            self.set(representable(to));
        }
    }

    /// The time after this many milliseconds; `None` beyond the times that it can show.
    pub(crate) fn after(&self, milliseconds: i64) -> Option<i64> {
        self.now().checked_add(milliseconds).filter(|time| TIMES.contains(time))
    }

    pub(crate) fn set(&mut self, to: i64) {
        self.mode = match self.mode {
            Mode::Real(_) => Mode::Real(to.saturating_sub(real_now())),
            Mode::Manual(_) => Mode::Manual(to),
        };
    }

    /// Stops (or restarts) the time without moving it.
    pub(crate) fn set_manual(&mut self, manual: bool) {
        let now = self.now();
        self.mode = if manual { Mode::Manual(now) } else { Mode::Real(now.saturating_sub(real_now())) };
        self.auto = false;
    }

    pub(crate) fn reset(&mut self) {
        *self = Clock::new(self.start);
    }
}

/// This machine's time, in milliseconds since the Unix epoch.
pub(crate) fn real_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The nearest time that every form of a date can represent.
pub(crate) fn representable(ms: i64) -> i64 {
    ms.clamp(*TIMES.start(), *TIMES.end())
}

/// `2025-09-09T18:15:11Z`: whole seconds, as the API writes dates.
pub(crate) fn iso(ms: i64) -> String {
    Timestamp::from_second(representable(ms).div_euclid(1000)).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// The same with milliseconds, for the request log.
pub(crate) fn iso_ms(ms: i64) -> String {
    let stamp = Timestamp::from_millisecond(representable(ms)).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{stamp:.3}")
}

/// `2025-09-09`.
pub(crate) fn date(ms: i64) -> String {
    iso(ms).split('T').next().unwrap_or_default().to_owned()
}

/// `Tue, 09 Sep 2025 18:15:11 GMT`, for HTTP headers.
pub(crate) fn http_date(ms: i64) -> String {
    let seconds = u64::try_from(representable(ms).div_euclid(1000)).unwrap_or(0);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Milliseconds as an ISO time in whole seconds: `#[serde(with = "iso_seconds")]`.
pub(crate) mod iso_seconds {
    use serde::Serializer;

    pub(crate) use super::iso_millis::deserialize;

    pub(crate) fn serialize<S: Serializer>(ms: &i64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::iso(*ms))
    }
}

/// Milliseconds as an ISO time with milliseconds: `#[serde(with = "iso_millis")]`.
pub(crate) mod iso_millis {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(ms: &i64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::iso_ms(*ms))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        let text = String::deserialize(from)?;
        super::parse(&text)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is not a time in ISO 8601, from 1970 to 9998")))
    }
}

/// An ISO time or Unix seconds, as the control API takes them. `None` is also a time that a date cannot represent.
pub(crate) fn time(value: &Value) -> Option<i64> {
    let seconds = || value.as_f64().map(|seconds| (seconds * 1000.0) as i64);
    value.as_str().and_then(parse).or_else(seconds).filter(|time| TIMES.contains(time))
}

/// Reads an ISO time in UTC.
pub(crate) fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|t| t.as_millisecond()).filter(|time| TIMES.contains(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates_as_the_api_does() {
        let ms = parse("2025-09-09T18:15:11Z").unwrap() + 999;
        assert_eq!(iso(ms), "2025-09-09T18:15:11Z");
        assert_eq!(iso_ms(ms), "2025-09-09T18:15:11.999Z");
        assert_eq!(http_date(ms), "Tue, 09 Sep 2025 18:15:11 GMT");
        assert_eq!(date(ms), "2025-09-09");
    }

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved() {
        let mut clock = Clock::new(ClockMode::Manual { start: Some(10.0) });
        assert_eq!(clock.now(), 10_000);
        assert_eq!(clock.after(2_500), Some(12_500));
        clock.set(12_500);
        assert_eq!(clock.now(), 12_500);
        clock.reset();
        assert_eq!(clock.now(), 10_000);
    }

    #[test]
    fn an_automatic_clock_goes_forward_only_and_becomes_another_when_it_is_told() {
        let mut clock = Clock::new(ClockMode::Auto);
        let start = clock.now();
        clock.advance_to(start + 5_000);
        clock.advance_to(start + 1_000);
        assert_eq!((clock.now(), clock.mode()), (start + 5_000, "auto"));
        clock.set_manual(true);
        assert_eq!((clock.now(), clock.mode()), (start + 5_000, "manual"));
        clock.set_manual(false);
        assert_eq!(clock.mode(), "real");
        clock.reset();
        assert_eq!(clock.mode(), "auto");
        assert_eq!(ClockMode::try_from(Value::from(ClockMode::Auto)), Ok(ClockMode::Auto));
    }

    #[test]
    fn a_time_that_no_date_represents_is_none() {
        let last = "9998-12-31T23:59:59.999Z";
        let end = *TIMES.end();
        assert_eq!((parse("1970-01-01T00:00:00Z"), parse(last)), (Some(0), Some(end)));
        assert_eq!((iso_ms(end).as_str(), http_date(end).as_str()), (last, "Thu, 31 Dec 9998 23:59:59 GMT"));
        for value in [
            json!("1969-12-31T23:59:59Z"),
            json!("9999-01-01T00:00:00Z"),
            json!("+010000-01-01T00:00:00Z"),
            json!(-0.001),
            json!(253_370_764_800_i64),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MIN),
        ] {
            assert_eq!(time(&value), None, "{value}");
            assert!(serde_json::from_value::<ClockMode>(value.clone()).is_err(), "{value}");
        }
        let clock = Clock::new(ClockMode::Manual { start: Some(253_370_764_799.0) });
        assert_eq!((clock.after(999), clock.after(1_000), clock.after(i64::MAX)), (Some(end), None, None));
        for ms in [i64::MIN, i64::MAX] {
            assert!(parse(&iso(ms)).is_some(), "{ms}");
            assert_eq!(http_date(ms).len(), 29);
        }
        let mut clock = Clock::new(ClockMode::Real);
        clock.set(end);
        assert_eq!(clock.now(), end);
    }
}
