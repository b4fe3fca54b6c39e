//! Sizes and places, in points (1/72 inch) unless said otherwise.

/// Points in a millimetre.
pub(crate) const MILLIMETRE: f64 = 72.0 / 25.4;

/// What rounding may cost.
pub(crate) const TOLERANCE: f64 = 0.05;

/// How wide and high something is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Size {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Size {
    /// Whether it goes into another one.
    pub(crate) fn fits(self, into: Self) -> bool {
        self.width <= into.width + TOLERANCE && self.height <= into.height + TOLERANCE
    }

    /// As large as goes into another one, and no larger than it is.
    pub(crate) fn shrunk(self, into: Self) -> Self {
        let scale = (into.width / self.width).min(into.height / self.height).min(1.0);
        Self { width: self.width * scale, height: self.height * scale }
    }

    /// As large as goes into another one.
    pub(crate) fn stretched(self, into: Self) -> Self {
        let scale = (into.width / self.width).min(into.height / self.height);
        Self { width: self.width * scale, height: self.height * scale }
    }

    /// In the middle of another one.
    pub(crate) fn centred(self, within: Self) -> Rectangle {
        Rectangle {
            left: (within.width - self.width) / 2.0,
            bottom: (within.height - self.height) / 2.0,
            size: self,
        }
    }
}

/// A size in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rectangle {
    pub(crate) left: f64,
    pub(crate) bottom: f64,
    pub(crate) size: Size,
}

impl Rectangle {
    pub(crate) fn right(self) -> f64 {
        self.left + self.size.width
    }

    pub(crate) fn top(self) -> f64 {
        self.bottom + self.size.height
    }
}
