import { parseArgs } from 'node:util'

export const plans = ['all', 'ledger', 'trust', 'mesh', 'blast', 'protocols'] as const

export type BenchOptions = {
  /** `ledger`: only what is about the shared ledger; `trust`: what decisions about a kernel cost, and what attacks gain; `mesh`: how soon things are known, searches, sessions; `blast`: what bad peers do to others; `protocols`: what kernels add to calls of MCP and A2A. */
  plan: (typeof plans)[number]
  /** One JSON object on stdout, and nothing else there. */
  json: boolean
  /** About 20 seconds instead of four minutes. */
  quick: boolean
  /** Neither a kernel nor an operation of one: only what they are compared with. */
  floors: boolean
  /** Directory for CPU profiles of both sides of the delegated call; nothing else is run then. */
  profile?: string
  help: boolean
}

export const USAGE = `npm run bench -- [ledger | trust | mesh | blast | protocols] [options]

  ledger          only the shared ledger: the countersigned call with and without batch signatures, and the log itself
  trust           only delegation chains and trust scores, and what attacks on a score gain
  mesh            only the mesh: how soon what one kernel says is known by all, searches, and calls over sessions
  blast           only what bad peers do to calls between others, each kernel in its own process
  protocols       only what one kernel, and two, add to a call of MCP and of A2A

  --json          print one JSON object on stdout
  --quick         about 20 s; shows that everything runs, its figures mean little
  --floors        only what the delegated call is compared with
  --profile DIR   instead: CPU profiles of both kernels at 32 calls in flight, and their top functions
`

/** @throws TypeError that names an option or a plan that does not exist. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      floors: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const { profile, ...rest } = values
  const [plan = 'all', ...more] = positionals
  const known = plans.find((one) => one === plan)
  if (known === undefined || more.length > 0)
    throw usage('The plans besides all are ledger, trust, mesh, blast and protocols')
  if (plan !== 'all' && (rest.floors || profile !== undefined))
    throw usage(`The plan ${plan} goes with --json and --quick alone`)
  return { plan: known, ...rest, ...(profile === undefined ? {} : { profile }) }
}

/** As `parseArgs` throws them. */
function usage(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL' })
}
