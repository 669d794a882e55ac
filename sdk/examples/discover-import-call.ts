/**
 * Finds another kernel by its URL, imports it, asks what a call would do, calls, and takes the import away again.
 *
 *   node sdk/examples/discover-import-call.ts CONTROL_URL PEER_URL CAPABILITY [ARGUMENTS]
 *
 * CONTROL_URL names this organisation's node, PEER_URL the other kernel or its manifest, CAPABILITY what is called there
 * and ARGUMENTS its arguments as JSON. The policy of the node has to allow the call as `example/CAPABILITY`.
 */
import { connect } from '@hansa/sdk'

const [control, peerUrl, capability, args = '{}'] = process.argv.slice(2)
if (peerUrl === undefined || capability === undefined) {
  throw new Error('usage: discover-import-call.ts CONTROL_URL PEER_URL CAPABILITY [ARGUMENTS]')
}

await using kernel = await connect(control)

const { peers, faults } = await kernel.discoverPeers({ peerUrls: [peerUrl], capability })
for (const { source, reason } of faults) console.log(`nothing from ${source}: ${reason}`)
const [peer] = peers
if (peer === undefined) throw new Error(`no kernel at ${peerUrl} offers ${capability}`)
console.log(`found ${peer.did}`)

const imported = await kernel.importRemote({ manifest: peer.signed, as: 'example', trustPolicy: 'most_restrictive' })
try {
  console.log(`imported ${imported.capabilities.join(', ')}`)

  const call = `example/${capability}`
  const explanation = await kernel.explain(call, JSON.parse(args))
  console.log(`a call is decided as ${explanation.decision}: ${explanation.local.reason}`)

  const frame = await kernel.invoke(call, JSON.parse(args))
  console.log(`${frame.kind} from ${frame.remote?.did}, receipt ${frame.remote?.receiptHash}:`)
  console.log(frame.value)
  for (const { path, rule, by } of frame.redactions) console.log(`${path} was redacted by ${by} (${rule})`)
} finally {
  await imported.unimport()
}
