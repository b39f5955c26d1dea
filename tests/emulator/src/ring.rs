//! What an emulator remembers of what it gave out: as much as the busiest suite needs, and no more, since one instance may serve
//! a whole company for months.

use std::collections::{HashMap, VecDeque};

/// A map that forgets its oldest entry when it is full.
pub(crate) struct Ring<V> {
    entries: HashMap<String, V>,
    order: VecDeque<String>,
    kept: usize,
}

impl<V> Ring<V> {
    pub fn new(kept: usize) -> Ring<V> {
        Ring { entries: HashMap::new(), order: VecDeque::new(), kept }
    }

    pub fn insert(&mut self, key: String, value: V) {
        if self.entries.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        while self.order.len() > self.kept {
            if let Some(oldest) = self.order.pop_front() {
                self.entries.remove(&oldest);
            }
        }
    }

    pub fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    pub fn remove(&mut self, key: &str) -> Option<V> {
        let value = self.entries.remove(key)?;
        self.order.retain(|other| other != key);
        Some(value)
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&String, &V)> {
        self.order.iter().filter_map(|key| self.entries.get_key_value(key))
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }
}
