/** The chance of a standard normal value at least as far from 0, either way. */
export function normalTails(z: number): number {
  return complementaryError(Math.abs(z) / Math.SQRT2);
}

/** The same for Student's t. */
export function studentTails(t: number, freedom: number): number {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** Chebyshev fit with a relative error below 1.2e-7 everywhere (Press et al., Numerical Recipes, erfcc). */
const ERFC = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
  -0.82215223, 0.17087277,
] as const;

/** Of a number that is not negative. */
function complementaryError(value: number): number {
  const t = 1 / (1 + value / 2);
  const exponent = ERFC.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  return t * Math.exp(exponent - value * value);
}

/** Lanczos' approximation, as in Numerical Recipes (gammln). */
const LANCZOS = [
  76.18009172947146, -86.50532032941678, 24.01409824083091, -1.231739572450155, 0.001208650973866179,
  -0.000005395239384953,
] as const;

function logGamma(value: number): number {
  const shifted = value + 5.5;
  const series = LANCZOS.reduce(
    (sum, coefficient, index) => sum + coefficient / (value + 1 + index),
    1.000000000190015,
  );
  return (value + 0.5) * Math.log(shifted) - shifted + Math.log((Math.sqrt(2 * Math.PI) * series) / value);
}

/** Regularised: I_x(a, b), by the continued fraction on the side where it converges fast. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x));
  if (x < (a + 1) / (a + b + 2)) return (front * fraction(x, a, b)) / a;
  return 1 - (front * fraction(1 - x, b, a)) / b;
}

const TINY = 1e-300;
/** Many degrees of freedom take the root of their number. */
const STEPS_MAX = 10_000;

/** Lentz' method, modified (Numerical Recipes, betacf). */
function fraction(x: number, a: number, b: number): number {
  const away = (value: number) => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let step = 1; step <= STEPS_MAX; step++) {
    const twice = 2 * step;
    const even = (step * (b - step) * x) / ((a - 1 + twice) * (a + twice));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const odd = (-(a + step) * (a + b + step) * x) / ((a + twice) * (a + 1 + twice));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) return result;
  }
  return result;
}
