//! Sending and receiving messages over an axis.
