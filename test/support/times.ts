/** How often a fault is injected: few times in every run of the tests, often in `npm run test:faults`. */
export function timesOf(variable: string, few: number): number {
  const given = Number(process.env[variable] ?? few)
  if (!Number.isInteger(given) || given < 1) throw new Error(`${variable} must be a whole number of at least 1.`)
  return given
}
