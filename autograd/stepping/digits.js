"use strict";

// A number in decimal as a whole coefficient times a power of ten: exact, where a float is not.
function decimal(text) {
  const [, sign, whole, fraction = "", power = "0"] = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text);
  return { coefficient: BigInt(`${sign}${whole}${fraction}`), exponent: Number(power) - fraction.length };
}

// How the digits that were typed agree with x, as `judge` of digits.py has it: "exact", "ROUNDED", "CUT" or "".
function agreement(typed, x) {
  if (!Number.isFinite(x)) return "";
  const guess = Number(typed), larger = Math.max(Math.abs(guess), Math.abs(x));
  if (Number.isFinite(guess) && Math.abs(guess - x) <= 1e-13 * larger) return "exact";
  if (guess === 0) return "";
  const said = decimal(typed), is = decimal(x.toPrecision(15));  // 15 digits: then 0.1 + 0.2 is 0.3
  const lowest = Math.min(said.exponent, is.exponent);
  const scaled = ({ coefficient, exponent }) => coefficient * 10n ** BigInt(exponent - lowest);
  const unit = 10n ** BigInt(said.exponent - lowest), missing = guess > 0 ? scaled(is) - scaled(said) : scaled(said) - scaled(is);
  if (2n * (missing < 0n ? -missing : missing) <= unit) return "ROUNDED";
  return missing >= 0n && missing < unit ? "CUT" : "";
}
