/** Asks a person at the terminal. */
import { createInterface } from 'node:readline/promises'
import type { Readable } from 'node:stream'
import type { Stream } from './print.ts'

/** Whether somebody is there to answer. */
export function canAsk(stdin: Readable & { isTTY?: boolean }, stderr: Stream): boolean {
  return stdin.isTTY === true && stderr.isTTY === true
}

/** @returns whether the answer was yes; anything else is no. */
export async function confirm(question: string, stdin: Readable, stderr: Stream): Promise<boolean> {
  const line = createInterface({ input: stdin, output: stderr })
  try {
    return /^y(?:es)?$/i.test((await line.question(`${question} [y/N] `)).trim())
  } finally {
    line.close()
  }
}
