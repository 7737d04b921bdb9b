//! Numbers as texts, for tables and the pictures' panels.

/// A number with so many decimals; a dash where there is none.
pub fn decimal(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "-".to_string();
    }
    let text = format!("{value:.decimals$}");
    // Zero has no sign for people.
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| byte == b'0' || byte == b'.') => digits.to_string(),
        _ => text,
    }
}
