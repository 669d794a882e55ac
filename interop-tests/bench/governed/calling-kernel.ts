/** A of the governed call: discovers B by its URL, imports it under `most_restrictive`, and lets one of its agents call. */
import { type AssembledKernel, createKernel } from '@hansa/node'
import { answerParent } from '../measure/answer-parent.ts'
import { type Payload, payload } from '../measure/payload.ts'
import { type LoadInit, runLoad } from '../measure/run-load.ts'

const PRINCIPAL = 'agent:bench'
const PEER = 'org-b'

let kernel: AssembledKernel

answerParent({
  async open(directory: string) {
    kernel = await createKernel({
      name: 'bench-a',
      directory,
      allowPrivate: true,
      policy: [{ name: 'bench', text: policy }],
      principal: PRINCIPAL,
    })
    return kernel.did
  },
  async connect(endpoint: string) {
    const { peers, faults } = await kernel.discoverPeers({ peerUrls: [endpoint] })
    const [peer] = peers
    if (peer === undefined) throw new Error(`not discovered: ${faults.map(({ reason }) => reason).join('; ')}`)
    await kernel.importRemote({ manifest: peer.signed, as: PEER, trustPolicy: 'most_restrictive' })
  },
  load: (init: LoadInit) => runLoad(call, init),
})

async function call(number: number): Promise<void> {
  const { value } = await kernel.invoke(`${PEER}/bench.echo`, payload(number))
  if ((value as Payload).call !== number) throw new Error('another call was answered')
}

const policy = `
rules:
  - id: agents-may-call-org-b
    effect: allow
    subject: agent:*
    action: invoke
    resource: org-b/*
    obligations: [log]
`
