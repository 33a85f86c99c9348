"use strict";

// A number in decimal as a whole coefficient times a power of ten: exact, where a float is not.
function decimal(text) {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text);
  const [, sign, whole, fraction = "", power = "0"] = parts;
  const coefficient = BigInt(`${sign}${whole}${fraction}`);
  return { coefficient, exponent: Number(power) - fraction.length };
}

// How the digits that were typed agree with x: "exact", "ROUNDED", "CUT" or "", as in digits.py.
function agreement(typed, x) {
  if (!Number.isFinite(x)) return "";
  const guess = Number(typed), larger = Math.max(Math.abs(guess), Math.abs(x));
  if (Number.isFinite(guess) && Math.abs(guess - x) <= 1e-13 * larger) return "exact";
  if (guess === 0) return "";
  const said = decimal(typed), is = decimal(x.toPrecision(15));  // 15 digits: then 0.1 + 0.2 is 0.3
  const lowest = Math.min(said.exponent, is.exponent);
  const scaled = ({ coefficient, exponent }) => coefficient * 10n ** BigInt(exponent - lowest);
  const unit = 10n ** BigInt(said.exponent - lowest);
  const missing = guess > 0 ? scaled(is) - scaled(said) : scaled(said) - scaled(is);
  if (2n * (missing < 0n ? -missing : missing) <= unit) return "ROUNDED";
  return missing >= 0n && missing < unit ? "CUT" : "";
}
