//! Token buckets, one per API key, for the proxy in front of every service.
//!
//! A bucket holds `burst` tokens and gains `per_second` of them; a request takes one or is
//! refused. Time is passed in by the caller, which keeps this crate free of clocks and its tests
//! free of sleeping.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How much a class of caller may ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    pub burst: f64,
    pub per_second: f64,
}

/// Shoppers' browsers: a page makes about twenty calls.
pub const STOREFRONT: Quota = Quota {
    burst: 60.0,
    per_second: 10.0,
};

/// Marketplaces and other partners that poll us for stock levels.
pub const PARTNER: Quota = Quota {
    burst: 200.0,
    per_second: 50.0,
};

/// What the proxy does with a request.
#[derive(Debug, PartialEq)]
pub enum Decision {
    Allow {
        remaining: u32,
    },
    /// Answer 429 with this in `Retry-After`.
    Refuse {
        retry_after: Duration,
    },
}

struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

/// The buckets of all callers with the same quota.
pub struct Limiter {
    quota: Quota,
    buckets: HashMap<String, Bucket>,
}

impl Limiter {
    pub fn new(quota: Quota) -> Self {
        Limiter {
            quota,
            buckets: HashMap::new(),
        }
    }

    /// Take a token for `key` at the moment `now`.
    pub fn check(&mut self, key: &str, now: Instant) -> Decision {
        let quota = self.quota;
        let bucket = self.buckets.entry(key.to_owned()).or_insert(Bucket {
            tokens: quota.burst,
            filled_at: now,
        });
        let elapsed = now
            .saturating_duration_since(bucket.filled_at)
            .as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * quota.per_second).min(quota.burst);
        bucket.filled_at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Decision::Allow {
                remaining: bucket.tokens as u32,
            };
        }
        let missing = 1.0 - bucket.tokens;
        Decision::Refuse {
            retry_after: Duration::from_secs_f64(missing / quota.per_second),
        }
    }

    /// Forget callers whose bucket has been full again for a while: a full bucket and no bucket
    /// behave the same, and a scan with random keys must not fill the memory.
    pub fn evict_idle(&mut self, now: Instant) -> usize {
        let refill = Duration::from_secs_f64(self.quota.burst / self.quota.per_second);
        let before = self.buckets.len();
        self.buckets
            .retain(|_, bucket| now.saturating_duration_since(bucket.filled_at) < refill);
        before - self.buckets.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_refused() {
        let now = Instant::now();
        let mut limiter = Limiter::new(Quota {
            burst: 2.0,
            per_second: 1.0,
        });
        assert_eq!(limiter.check("k", now), Decision::Allow { remaining: 1 });
        assert_eq!(limiter.check("k", now), Decision::Allow { remaining: 0 });
        assert_eq!(
            limiter.check("k", now),
            Decision::Refuse {
                retry_after: Duration::from_secs(1)
            }
        );
    }

    #[test]
    fn callers_do_not_share_tokens() {
        let now = Instant::now();
        let mut limiter = Limiter::new(Quota {
            burst: 1.0,
            per_second: 1.0,
        });
        limiter.check("a", now);
        assert_eq!(limiter.check("b", now), Decision::Allow { remaining: 0 });
    }

    #[test]
    fn idle_callers_are_forgotten() {
        let now = Instant::now();
        let mut limiter = Limiter::new(STOREFRONT);
        limiter.check("k", now);
        assert_eq!(limiter.evict_idle(now + Duration::from_secs(7)), 1);
    }
}
