/** `npm run bench`: a call between two kernels beside the least work that gives a comparable result, in one run. */
import { readOptions, USAGE } from './bench-options.ts'
import { profileDelegatedCall } from './profile-delegated-call.ts'
import { blastText } from './report/blast-text.ts'
import { ledgerText } from './report/ledger-text.ts'
import { meshText } from './report/mesh-text.ts'
import { protocolsText } from './report/protocols-text.ts'
import { reportText } from './report/report-text.ts'
import { trustText } from './report/trust-text.ts'
import { runBench } from './run-bench.ts'

// A signal ends the process by way of `exit`, where the children are killed.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const USAGE_ERROR = 3

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) console.log(USAGE)
  else if (options.plan === 'ledger') {
    // Not loaded for the floors alone: they run without a line of what they are compared with.
    const { runLedgerBench } = await import('./ledger/run-ledger-bench.ts')
    const report = await runLedgerBench(options)
    console.log(options.json ? JSON.stringify(report) : ledgerText(report, process.stdout.isTTY))
  } else if (options.plan === 'trust') {
    const { runTrustBench } = await import('./trust/run-trust-bench.ts')
    const report = await runTrustBench(options)
    console.log(options.json ? JSON.stringify(report) : trustText(report, process.stdout.isTTY))
  } else if (options.plan === 'mesh') {
    const { runMeshBench } = await import('./mesh/run-mesh-bench.ts')
    const report = await runMeshBench(options)
    console.log(options.json ? JSON.stringify(report) : meshText(report, process.stdout.isTTY))
  } else if (options.plan === 'blast') {
    const { runBlastBench } = await import('./blast/run-blast-bench.ts')
    const report = await runBlastBench(options)
    console.log(options.json ? JSON.stringify(report) : blastText(report, process.stdout.isTTY))
  } else if (options.plan === 'protocols') {
    const { runProtocolsBench } = await import('./protocols/run-protocols-bench.ts')
    const report = await runProtocolsBench(options)
    console.log(options.json ? JSON.stringify(report) : protocolsText(report, process.stdout.isTTY))
  } else if (options.profile !== undefined) console.log(await profileDelegatedCall(options.profile))
  else {
    const report = await runBench(options)
    console.log(options.json ? JSON.stringify(report) : reportText(report, process.stdout.isTTY))
  }
} catch (error) {
  const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  console.error(usage ? `${error.message}\n\n${USAGE}` : error)
  process.exitCode = usage ? USAGE_ERROR : 1
}
