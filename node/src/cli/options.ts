/** Readers of option values; what they throw is shown with the option's name. */
import { InvalidArgumentError } from 'commander'

/** @returns reads a whole number between `min` and `max`. */
export function integer(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`${name} is a whole number from ${min} to ${max}.`)
  }
}

/** Collects the values of an option that may be given several times. */
export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value]
}
