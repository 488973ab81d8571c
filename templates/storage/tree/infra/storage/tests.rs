//! What holds for every backend.
