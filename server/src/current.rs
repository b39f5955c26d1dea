//! What may be exchanged while the service runs: whoever asks gets it as it is now, and goes on with that to the end.

use std::sync::{Arc, PoisonError, RwLock};

/// A value, and the place where its successor is put.
pub struct Current<T>(Arc<RwLock<Arc<T>>>);

impl<T> Current<T> {
    /// With this to begin with.
    pub fn new(first: Arc<T>) -> Self {
        Self(Arc::new(RwLock::new(first)))
    }

    /// As it is now.
    pub fn get(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another in its place. Whoever has asked before keeps what it got.
    pub fn put(&self, next: Arc<T>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

impl<T> Clone for Current<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
