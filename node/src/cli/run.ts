/** The process around the command line: its streams, its environment and its end. */
import process from 'node:process'
import { readEnvironment } from '../config/env.ts'
import { exitCodes } from './exit-codes.ts'
import { main } from './main.ts'

const { stdin, stdout, stderr } = process

for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read it has seen enough: `hansa audit show | head`.
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

// A command that waits for something that never comes ends without a word; it has not succeeded.
process.exitCode = exitCodes.failed

// Not awaited here: a part of the bundle that is loaded later may import this one, and would wait for its end.
void main(process.argv.slice(2), { environment: readEnvironment(), stdin, stdout, stderr }).then((exit) => {
  process.exitCode = exit
})
