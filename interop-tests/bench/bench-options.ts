import { parseArgs } from 'node:util'

export type BenchOptions = {
  /** One JSON object on stdout, and nothing else there. */
  json: boolean
  /** About 20 seconds instead of three minutes. */
  quick: boolean
  /** Neither a kernel nor an operation of one: only what they are compared with. */
  floors: boolean
  /** Directory for CPU profiles of both sides of the delegated call; nothing else is run then. */
  profile?: string
  help: boolean
}

export const USAGE = `npm run bench -- [options]

  --json          print one JSON object on stdout
  --quick         about 20 s; shows that everything runs, its figures mean little
  --floors        only what the delegated call is compared with
  --profile DIR   instead: CPU profiles of both kernels at 32 calls in flight, and their top functions
`

/** @throws TypeError that names an option that does not exist. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      floors: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const { profile, ...rest } = values
  return { ...rest, ...(profile === undefined ? {} : { profile }) }
}
