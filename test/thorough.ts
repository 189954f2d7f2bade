/**
 * Whether the tests take the long way. `THOROUGH=1 npm test` repeats what is drawn at random as often, and sends bodies
 * as long, as one likes to see before a release; what every change pays shows the same with fewer.
 */
export const isThorough = process.env.THOROUGH === "1";
