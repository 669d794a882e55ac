/** `npm run conformance`: what passes of others' test suites, of the fixtures themselves and through a kernel. */
import { parseArgs } from 'node:util'
import { conformanceReport, unexpected } from './conformance-report.ts'
import { runConformance } from './run-conformance.ts'

const usage = `npm run conformance -- [options]

Runs the conformance kit of MCP (every scenario that the revisions 2025-11-25 and 2026-07-28 require of servers and
clients) against the fixtures, and against a node in front of them with a policy that permits everything; and asks the
A2A agent of the fixtures what the compatibility kit of A2A asks. Offline; about two minutes.

  --json    print the figures as one JSON object on stdout; progress goes to stderr
  --help

Exit code 0: everything passes that interop-tests/conformance/exceptions.yaml does not name, and what it names fails.

Examples
  npm run conformance
  npm run -s conformance -- --json
`

const USAGE_ERROR = 3

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const { legs, cards } = await runConformance((line) => {
    const out = values.json ? process.stderr : process.stdout
    out.write(`${line}\n`)
  })
  const faults = unexpected(legs, cards)
  if (values.json) process.stdout.write(`${JSON.stringify(conformanceReport(legs, cards))}\n`)
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  return faults.length === 0 ? 0 : 1
}

// A signal ends the process by way of `exit`, where the children are killed.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  process.exitCode = await main()
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  process.stderr.write(isUsage ? `${error.message}\n\n${usage}` : `${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = isUsage ? USAGE_ERROR : 1
}
